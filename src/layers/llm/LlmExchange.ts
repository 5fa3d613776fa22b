import { Clock, Effect, Option, type Redacted, Schema } from "effect"
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
import type { HttpResponse, LlmHttp } from "./LlmHttp.ts"
import { send } from "./LlmSend.ts"

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
  function*({ headers, status }: HttpResponse, dialect: Dialect) {
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

/** Reads until the answer is complete or long enough. */
const read = Effect.fnUntraced(function*(
  response: HttpResponse,
  request: LlmRequest,
  { model }: Endpoint,
  onFirstText: () => void
) {
  const reader = completionReader(request.enough())
  let soFar = ""
  let done = false
  const take = (part: string): boolean => {
    done = reader.feed(part)
    const text = reader.soFar()
    if (text !== soFar) {
      if (soFar === "") onFirstText()
      soFar = text
      request.onText?.(text)
    }
    return done
  }
  yield* response.read((part) => take(part) || reader.isWhole()).pipe(
    Effect.catch((error) => reader.isWhole() ? Effect.void : Effect.fail(error))
  )
  // A connection that breaks or stays open after a complete answer does not spoil it.
  if (reader.isWhole() && !done) yield* Effect.ignore(Effect.timeoutOption(response.read(take), usageWait))
  if (reader.isOver()) response.finish()
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
 * One HTTP request for one completion. What is left of a response that is long enough is not awaited: its connection is
 * closed, so that the server stops.
 */
export const exchange = Effect.fnUntraced(function*(
  http: LlmHttp["Service"],
  endpoint: Endpoint,
  request: LlmRequest,
  dialect: Dialect,
  onFirstText: () => void
) {
  const beganAt = yield* monotonicMillis
  const post = {
    url: endpointUrl(endpoint.url, "/chat/completions"),
    headers: { accept: dialect === "body" ? "application/json" : "text/event-stream, application/json" },
    body: JSON.stringify(bodyOf(endpoint, request, dialect))
  }
  return yield* send(
    http,
    post,
    endpoint.apiKey,
    (response) => Effect.andThen(failUnlessOk(response, dialect), read(response, request, endpoint, onFirstText))
  ).pipe(
    Effect.catchTag("HttpFailed", ({ code }): Effect.Effect<never, LlmTimeout | LlmUnreachable> =>
      code === "ETIMEDOUT"
        ? Effect.flatMap(monotonicMillis, (now) => new LlmTimeout({ afterMs: now - beganAt, budgetSpent: false }))
        : new LlmUnreachable({ detail: code }))
  )
})
