import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { CorrelationId } from "../../../src/domain/Ids.ts"
import {
  LlmBadAnswer,
  LlmBroken,
  LlmEmpty,
  LlmEndpointClosed,
  type LlmError,
  LlmRateLimited,
  LlmRejected,
  LlmServerFailed,
  LlmTimeout,
  LlmUnreachable
} from "../../../src/services/LlmClient.ts"
import { type RecordingEntry, RecordingLine } from "../../../src/services/replay/Recording.ts"

const encode = Schema.encodeSync(RecordingLine)
const decode = Schema.decodeSync(RecordingLine)

const failures: ReadonlyArray<LlmError> = [
  new LlmTimeout({ afterMs: 30_000.5 }),
  new LlmUnreachable({ detail: "ECONNREFUSED" }),
  new LlmServerFailed({ status: 503 }),
  new LlmRateLimited({ retryAfterMs: 1_000 }),
  new LlmRateLimited({ retryAfterMs: undefined }),
  new LlmEndpointClosed({ model: "m", forMs: 1, why: "failures" }),
  new LlmRejected({ status: 401 }),
  new LlmBadAnswer({ detail: "no JSON" }),
  new LlmEmpty({ finishReason: "length" }),
  new LlmEmpty({ finishReason: "length", thinking: true }),
  new LlmBroken()
]

describe("a line of a recording", () => {
  for (const error of failures) {
    it(`keeps how the model failed: ${JSON.stringify(error)}`, () => {
      const id = CorrelationId.make("a")
      const entry: RecordingEntry = {
        kind: "completion",
        ts: 1,
        mono: 1,
        id,
        took: 1,
        attempts: [],
        end: { _tag: "Failed", error }
      }
      assert.deepStrictEqual(decode(encode(entry)), entry)
    })
  }
})
