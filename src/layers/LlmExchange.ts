import { Clock, Effect, Option, Redacted, Schema, Stream } from "effect"
import { type HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { answerReader } from "../domain/AnswerReader.ts"
import { completionBody, estimateTokens, retryAfterMs } from "../domain/ChatCompletion.ts"
import {
  type Completion,
  LlmBadAnswer,
  LlmEmpty,
  LlmRateLimited,
  LlmRejected,
  type LlmRequest,
  LlmServerFailed,
  LlmUnreachable
} from "../services/LlmClient.ts"

/** A server that can be asked, and the model to ask it for. */
export interface Endpoint {
  /** Up to and with `/v1`, no slash at the end. */
  readonly url: string
  readonly apiKey: Redacted.Redacted<string>
  readonly model: string
  readonly timeoutMs: number
}

/** The server may not know streaming: it is asked again without (F5). */
export class LlmStreamRefused extends Schema.TaggedError<LlmStreamRefused>()("LlmStreamRefused", {
  status: Schema.Int
}) {}

const mayNotKnowStreaming: ReadonlySet<number> = new Set([400, 404, 422])

const failUnlessOk = Effect.fnUntraced(
  function*({ headers, status }: HttpClientResponse.HttpClientResponse, streaming: boolean) {
    if (status < 400) return
    if (status >= 500) return yield* new LlmServerFailed({ status })
    if (status === 429) {
      const asked = retryAfterMs(headers["retry-after"], yield* Clock.currentTimeMillis)
      return yield* new LlmRateLimited({ retryAfterMs: Option.getOrUndefined(asked) })
    }
    if (streaming && mayNotKnowStreaming.has(status)) return yield* new LlmStreamRefused({ status })
    return yield* new LlmRejected({ status })
  }
)

const tokensOf = (text: string, { messages }: LlmRequest) => ({
  inputTokens: estimateTokens(messages.reduce((sum, { content }) => sum + content.length, 0)),
  outputTokens: estimateTokens(text.length)
})

/** Reads until the answer is complete or long enough; leaving the stream early aborts the request. */
const read = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse,
  request: LlmRequest,
  { model }: Endpoint,
  onFirstText: Effect.Effect<void>
) {
  const reader = answerReader(request.enough())
  let begun = false
  yield* response.stream.pipe(
    Stream.decodeText,
    Stream.mapEffect((part) => {
      const done = reader.feed(part)
      if (begun || !reader.begun()) return Effect.succeed(done)
      begun = true
      return Effect.as(onFirstText, done)
    }),
    Stream.takeUntil((done) => done),
    Stream.runDrain
  )
  const decoded = reader.end()
  switch (decoded._tag) {
    case "Malformed":
      return yield* new LlmBadAnswer({ detail: decoded.detail })
    case "Failed":
      return yield* new LlmServerFailed({ status: response.status })
    case "Empty":
      return yield* new LlmEmpty({ finishReason: decoded.finishReason })
    case "Text": {
      const { finishReason, text, usage } = decoded
      const tokens = Option.getOrElse(usage, () => tokensOf(text, request))
      return { text, model, finishReason, ...tokens, estimated: Option.isNone(usage) } satisfies Completion
    }
  }
})

/** One HTTP request for one completion, as a stream or not. Interruption aborts the socket. */
export const exchange = Effect.fnUntraced(function*(
  http: HttpClient.HttpClient,
  endpoint: Endpoint,
  request: LlmRequest,
  streaming: boolean,
  onFirstText: Effect.Effect<void>
) {
  const body = completionBody(request.api, endpoint.model, request.messages)
  const response = yield* HttpClientRequest.post(`${endpoint.url}/chat/completions`).pipe(
    HttpClientRequest.bearerToken(Redacted.value(endpoint.apiKey)),
    HttpClientRequest.setHeader("accept", streaming ? "text/event-stream, application/json" : "application/json"),
    HttpClientRequest.bodyJsonUnsafe(streaming ? { ...body, stream: true } : body),
    http.execute
  )
  yield* failUnlessOk(response, streaming)
  return yield* read(response, request, endpoint, onFirstText)
}, Effect.catchTag("HttpClientError", ({ reason }) => new LlmUnreachable({ detail: reason._tag })))
