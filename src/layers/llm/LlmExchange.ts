import { Clock, Deferred, Effect, Option, type Redacted, Schema, Stream } from "effect"
import { type HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { completionReader } from "../../domain/llm/CompletionReader.ts"
import { completionBody, estimateTokens, retryAfterMs } from "../../domain/llm/ChatCompletion.ts"
import { promptLength } from "../../domain/llm/Prompt.ts"
import { endpointUrl } from "../../domain/endpoints/EndpointUrl.ts"
import {
  type Completion,
  LlmBadAnswer,
  LlmBroken,
  LlmEmpty,
  LlmRateLimited,
  LlmRejected,
  type LlmRequest,
  LlmServerFailed,
  LlmTimeout,
  LlmUnreachable
} from "../../services/LlmClient.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { failureCode, send } from "./LlmHttp.ts"

/** A server and the model to request from it. */
export interface Endpoint {
  /** Up to and with `/v1`. */
  readonly url: string
  readonly apiKey: Redacted.Redacted<string>
  readonly model: string
  readonly timeoutMs: number
}

/**
 * The form of a request: a stream that ends with its usage, a stream, or one body. Servers that do not
 * support one are asked for the next (F5).
 */
export type Dialect = "usage" | "stream" | "body"

/** The server may not support this dialect: another one is tried (F5). */
export class LlmDialectRefused extends Schema.TaggedError<LlmDialectRefused>()("LlmDialectRefused", {
  status: Schema.Int
}) {}

const mayNotKnowStreaming: ReadonlySet<number> = new Set([400, 404, 422])

/** The error of a status, of the response or reported in a stream that began well. */
const failureOf = (status: number, retryAfterMs?: number): LlmRateLimited | LlmRejected | LlmServerFailed => {
  if (status === 429) return new LlmRateLimited({ retryAfterMs })
  return status >= 400 && status < 500 ? new LlmRejected({ status }) : new LlmServerFailed({ status })
}

const failUnlessOk = Effect.fnUntraced(
  function*({ headers, status }: HttpClientResponse.HttpClientResponse, dialect: Dialect) {
    if (status < 400) return
    if (dialect !== "body" && mayNotKnowStreaming.has(status)) return yield* new LlmDialectRefused({ status })
    const wait = retryAfterMs(headers["retry-after"], yield* Clock.currentTimeMillis)
    return yield* failureOf(status, Option.getOrUndefined(wait))
  }
)

const tokensOf = (text: string, { messages }: LlmRequest) => ({
  inputTokens: estimateTokens(promptLength(messages)),
  outputTokens: estimateTokens(text.length)
})

/** How long a server may take to send the usage after a complete answer, or to close. */
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
  let soFar = ""
  yield* response.stream.pipe(
    Stream.decodeText,
    Stream.mapEffect(Effect.fnUntraced(function*(part) {
      const done = reader.feed(part)
      if (reader.isWhole()) yield* Deferred.succeed(whole, undefined)
      const text = reader.soFar()
      if (text === soFar) return done
      if (soFar === "") yield* onFirstText
      soFar = text
      if (request.onText !== undefined) yield* request.onText(text)
      return done
    })),
    Stream.takeUntil((done) => done),
    Stream.runDrain,
    // A connection that breaks or stays open after a complete answer does not spoil it.
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
        ...(decoded.thinking ? { thinking: true } : {}),
        ...Option.match(decoded.usage, { onNone: () => ({}), onSome: (usage) => ({ usage: { model, ...usage } }) })
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

const bodyOf = (endpoint: Endpoint, { api, messages }: LlmRequest, dialect: Dialect): Record<string, unknown> => {
  const body = completionBody(api, endpoint.model, messages)
  switch (dialect) {
    case "usage":
      // The operator's `extra_body` wins.
      return { stream_options: { include_usage: true }, ...body, stream: true }
    case "stream":
      return { ...body, stream: true }
    case "body":
      return body
  }
}

/**
 * One HTTP request for one completion. At its end the rest of the response is not awaited: the socket
 * is closed unless the response has been read to its end.
 */
export const exchange = Effect.fnUntraced(function*(
  http: HttpClient.HttpClient,
  endpoint: Endpoint,
  request: LlmRequest,
  dialect: Dialect,
  onFirstText: Effect.Effect<void>
) {
  const beganAt = yield* monotonicMillis
  const accept = dialect === "body" ? "application/json" : "text/event-stream, application/json"
  const post = HttpClientRequest.post(endpointUrl(endpoint.url, "/chat/completions")).pipe(
    HttpClientRequest.setHeader("accept", accept),
    HttpClientRequest.bodyJsonUnsafe(bodyOf(endpoint, request, dialect))
  )
  return yield* Effect.gen(function*() {
    const response = yield* send(http, post, endpoint.apiKey)
    yield* failUnlessOk(response, dialect)
    return yield* read(response, request, endpoint, onFirstText)
  }).pipe(
    Effect.scoped,
    Effect.catchTag("HttpClientError", (error): Effect.Effect<never, LlmBadAnswer | LlmTimeout | LlmUnreachable> => {
      if (error.reason._tag === "EmptyBodyError") return new LlmBadAnswer({ detail: "nothing" })
      const detail = failureCode(error)
      return detail === "ETIMEDOUT"
        ? Effect.flatMap(monotonicMillis, (now) => new LlmTimeout({ afterMs: now - beganAt, budgetSpent: false }))
        : new LlmUnreachable({ detail })
    })
  )
})
