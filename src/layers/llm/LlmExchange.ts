import { Clock, Deferred, Effect, Option, Redacted, Schema, Stream } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { completionReader } from "../../domain/llm/CompletionReader.ts"
import { completionBody, estimateTokens, retryAfterMs } from "../../domain/llm/ChatCompletion.ts"
import {
  type Completion,
  LlmBadAnswer,
  LlmBroken,
  LlmEmpty,
  LlmRateLimited,
  LlmRejected,
  type LlmRequest,
  LlmServerFailed,
  LlmUnreachable
} from "../../services/LlmClient.ts"

/** A server that can be asked, and the model to ask it for. */
export interface Endpoint {
  /** Up to and with `/v1`, no slash at the end. */
  readonly url: string
  readonly apiKey: Redacted.Redacted<string>
  readonly model: string
  readonly timeoutMs: number
}

/** The server may not know streaming: it is asked again without (F5). */
class LlmStreamRefused extends Schema.TaggedError<LlmStreamRefused>()("LlmStreamRefused", {
  status: Schema.Int
}) {}

const mayNotKnowStreaming: ReadonlySet<number> = new Set([400, 404, 422])

/** What a status means, be it that of the response or one named in a stream that began well. */
const failureOf = (status: number, retryAfterMs?: number): LlmRateLimited | LlmRejected | LlmServerFailed => {
  if (status === 429) return new LlmRateLimited({ retryAfterMs })
  return status >= 400 && status < 500 ? new LlmRejected({ status }) : new LlmServerFailed({ status })
}

const failUnlessOk = Effect.fnUntraced(
  function*({ headers, status }: HttpClientResponse.HttpClientResponse, streaming: boolean) {
    if (status < 400) return
    if (streaming && mayNotKnowStreaming.has(status)) return yield* new LlmStreamRefused({ status })
    const wait = retryAfterMs(headers["retry-after"], yield* Clock.currentTimeMillis)
    return yield* failureOf(status, Option.getOrUndefined(wait))
  }
)

const tokensOf = (text: string, { messages }: LlmRequest) => ({
  inputTokens: estimateTokens(messages.reduce((sum, { content }) => sum + content.length, 0)),
  outputTokens: estimateTokens(text.length)
})

/** How long a server may take to tell the usage of an answer that is whole, or to hang up. */
const usageWait = "2 seconds"

/** Reads until the answer is complete or long enough; leaving the stream early aborts the request. */
const read = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse,
  request: LlmRequest,
  { model }: Endpoint,
  onFirstText: Effect.Effect<void>
) {
  const reader = completionReader(request.enough())
  const whole = yield* Deferred.make<void>()
  let told = ""
  yield* response.stream.pipe(
    Stream.decodeText,
    Stream.mapEffect(Effect.fnUntraced(function*(part) {
      const done = reader.feed(part)
      if (reader.isWhole()) yield* Deferred.succeed(whole, undefined)
      const text = reader.soFar()
      if (text === told) return done
      if (told === "") yield* onFirstText
      told = text
      if (request.onText !== undefined) yield* request.onText(text)
      return done
    })),
    Stream.takeUntil((done) => done),
    Stream.runDrain,
    // A connection that breaks, or stays open, behind a whole answer takes nothing from it.
    Effect.raceFirst(Effect.andThen(Deferred.await(whole), Effect.sleep(usageWait))),
    Effect.catch((error) => reader.isWhole() ? Effect.void : Effect.fail(error))
  )
  const decoded = reader.end()
  switch (decoded._tag) {
    case "Broken":
      return yield* new LlmBroken()
    case "Malformed":
      return yield* new LlmBadAnswer({ detail: decoded.detail })
    case "Failed":
      return yield* failureOf(decoded.code ?? response.status)
    case "Empty":
      return yield* new LlmEmpty({
        finishReason: decoded.finishReason,
        ...(decoded.thinking ? { thinking: true } : {})
      })
    case "Text": {
      const { finishReason, text, usage } = decoded
      const tokens = Option.getOrElse(usage, () => tokensOf(text, request))
      return {
        text,
        model,
        finishReason,
        ...tokens,
        estimated: Option.isNone(usage),
        served: reader.served()
      } satisfies Completion
    }
  }
})

/**
 * One HTTP request for one completion, as a stream or not. However it ends, what the server still has to say is not
 * waited for: the socket is closed unless the response has been read to its end.
 */
export const exchange = Effect.fnUntraced(
  function*(
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
      HttpClient.withScope(http).execute
    )
    yield* failUnlessOk(response, streaming)
    return yield* read(response, request, endpoint, onFirstText)
  },
  Effect.scoped,
  Effect.catchTag("HttpClientError", ({ reason }) =>
    // The reason's own message may quote headers, and with them the key: its name has to do.
    Effect.fail(
      reason._tag === "EmptyBodyError"
        ? new LlmBadAnswer({ detail: "nothing" })
        : new LlmUnreachable({ detail: reason._tag })
    ))
)
