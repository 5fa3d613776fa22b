import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { CorrelationId } from "../../../src/domain/Ids.ts"
import {
  LlmBadAnswer,
  LlmBroken,
  LlmEmpty,
  LlmEndpointClosed,
  type LlmError,
  LlmKeyUnusable,
  LlmRateLimited,
  LlmRedirected,
  LlmRejected,
  LlmServerFailed,
  LlmTimeout,
  LlmUnreachable
} from "../../../src/services/LlmClient.ts"
import { NatsNotSent, type NatsSendError, NatsUnconfirmed } from "../../../src/services/Nats.ts"
import { type RecordingEntry, RecordingLine } from "../../../src/services/replay/Recording.ts"

const encode = Schema.encodeSync(RecordingLine)
const decode = Schema.decodeSync(RecordingLine)

const failures: ReadonlyArray<LlmError> = [
  new LlmTimeout({ afterMs: 30_000.5, budgetSpent: false }),
  new LlmTimeout({ afterMs: 60_000, budgetSpent: true }),
  new LlmUnreachable({ detail: "ECONNREFUSED" }),
  new LlmServerFailed({ status: 503 }),
  new LlmRateLimited({ retryAfterMs: 1_000 }),
  new LlmRateLimited({ retryAfterMs: undefined }),
  new LlmEndpointClosed({ model: "m", forMs: 1, why: "failures" }),
  new LlmEndpointClosed({ model: "m", forMs: 1, why: "account_empty" }),
  new LlmKeyUnusable({ detail: "its character 3 is a line break" }),
  new LlmRedirected({ to: "https://elsewhere.test" }),
  new LlmEmpty({ finishReason: "stop", usage: { model: "m", inputTokens: 3, outputTokens: 1 } }),
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

  const unsent: ReadonlyArray<readonly [earlier: string, error: NatsSendError]> = [
    ["publish", new NatsNotSent({ detail: "not connected" })],
    ["flush", new NatsUnconfirmed({ detail: "no word from the server within 5 seconds" })]
  ]
  const sent = (failure: unknown): string => JSON.stringify({ kind: "sent", ts: 1, mono: 1, id: "a", failure })
  const endedWith = (error: string, message: string): string | undefined => {
    const outcome = { _tag: "Failed", error, message }
    const arrivedAt = 1_795_339_200_000
    const record = { correlationId: "a", channel: "lobby", eventType: "chatMsg", arrivedAt, steps: [], outcome }
    const entry = decode(JSON.stringify({ kind: "decision", ts: 1, mono: 1, record }))
    return entry.kind === "decision" && entry.record.outcome?._tag === "Failed" ? entry.record.outcome.error : undefined
  }

  for (const [operation, error] of unsent) {
    it(`keeps why a line did not leave: ${error._tag}`, () => {
      const entry: RecordingEntry = { kind: "sent", ts: 1, mono: 1, id: CorrelationId.make("a"), failure: error }
      assert.deepStrictEqual(decode(encode(entry)), entry)
    })

    it(`of version 0.1 says so too: ${operation}`, () => {
      const { detail } = error
      const entry = decode(sent({ _tag: "NatsError", operation, detail, retryable: true }))
      assert.deepStrictEqual(entry.kind === "sent" ? entry.failure : undefined, error)
      assert.strictEqual(endedWith("NatsError", `NATS ${operation} failed: ${detail}`), error._tag)
      assert.strictEqual(endedWith("LlmTimeout", error.message), "LlmTimeout")
    })
  }
})
