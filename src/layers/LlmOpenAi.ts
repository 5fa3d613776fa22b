import { Clock, Effect, Layer, Option, Redacted, Ref, Schedule, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { completionBody, decodeCompletion, estimateTokens, retryAfterMs } from "../domain/ChatCompletion.ts"
import { BotConfig } from "../services/BotConfig.ts"
import {
  type Completion,
  LlmBadAnswer,
  LlmClient,
  LlmEmpty,
  type LlmError,
  LlmRateLimited,
  LlmRejected,
  type LlmRequest,
  LlmServerFailed,
  LlmTimeout,
  LlmUnreachable
} from "../services/LlmClient.ts"
import { monotonicMillis } from "../services/Moment.ts"

/** A completion is small; a server that sends more than this is not answering the question. */
const maxBodyLength = 1_000_000
/** A 429 without `Retry-After` closes the endpoint for 1, 2, 4 … at most this long (F5). */
const longestClosureMs = 60_000
/** Retries wait at most this long. */
const longestDelay = "10 seconds"

/** How often a server that failed is looked at, and how long it may take to answer. */
const probeEvery = "15 seconds"
const probeTimeout = "5 seconds"

/** When an endpoint that wanted us to wait opens again. */
interface Closure {
  readonly until: number
  /** 429s in a row. */
  readonly count: number
}

const statusOf = (error: LlmError): "timeout" | "rate_limited" | "error" =>
  error._tag === "LlmTimeout" ? "timeout" : error._tag === "LlmRateLimited" ? "rate_limited" : "error"

/** Failures that mean more than one reply: the server itself is in trouble. */
const suspects = (error: LlmError): boolean =>
  error._tag === "LlmUnreachable" || error._tag === "LlmServerFailed" ||
  (error._tag === "LlmRejected" && (error.status === 401 || error.status === 403))

const endpointOf = (api: LlmRequest["api"]): string => api.base_url.replace(/\/+$/, "")

const retryPolicy = (request: LlmRequest) =>
  Schedule.min([
    Schedule.exponential(`${request.api.retry_delay_seconds} seconds`, 2),
    Schedule.spaced(longestDelay)
  ]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times: request.api.retry_attempts }),
    Schedule.setInputType<LlmError>(),
    Schedule.while(({ input }) => input.retryable)
  )

const readBody = (response: HttpClientResponse.HttpClientResponse) =>
  response.stream.pipe(
    Stream.decodeText,
    Stream.scan(() => "", (text: string, part: string) => text + part),
    Stream.takeUntil((text) => text.length > maxBodyLength),
    Stream.runLast,
    Effect.map(Option.getOrElse(() => ""))
  )

/** Asks any OpenAI-compatible server (F5). */
export const layerNoDeps: Layer.Layer<LlmClient, never, HttpClient.HttpClient | BotConfig> = Layer.effect(
  LlmClient,
  Effect.gen(function*() {
    const http = yield* HttpClient.HttpClient
    const config = yield* BotConfig
    const available = yield* Ref.make(true)
    // One entry an endpoint of the configuration.
    const closed = new Map<string, Closure>()

    const closeEndpoint = Effect.fnUntraced(function*(url: string, asked: Option.Option<number>) {
      const count = (closed.get(url)?.count ?? 0) + 1
      const waitMs = Option.getOrElse(asked, () => Math.min(longestClosureMs, 1000 * 2 ** (count - 1)))
      closed.set(url, { until: (yield* monotonicMillis) + waitMs, count })
      return new LlmRateLimited({ retryAfterMs: waitMs })
    })

    const failUnlessOk = Effect.fnUntraced(function*(url: string, response: HttpClientResponse.HttpClientResponse) {
      const { status } = response
      if (status < 400) {
        closed.delete(url)
        return
      }
      if (status >= 500) return yield* new LlmServerFailed({ status })
      if (status !== 429) return yield* new LlmRejected({ status })
      const now = yield* Clock.currentTimeMillis
      return yield* yield* closeEndpoint(url, retryAfterMs(response.headers["retry-after"], now))
    })

    /** An endpoint that wanted us to wait is skipped without a request. */
    const failWhileClosed = Effect.fnUntraced(function*(url: string) {
      const leftMs = (closed.get(url)?.until ?? 0) - (yield* monotonicMillis)
      if (leftMs > 0) return yield* new LlmRateLimited({ retryAfterMs: leftMs })
    })

    const exchange = Effect.fnUntraced(function*({ api, messages, model }: LlmRequest) {
      const url = endpointOf(api)
      const response = yield* HttpClientRequest.post(`${url}/chat/completions`).pipe(
        HttpClientRequest.bearerToken(Redacted.value(api.api_key)),
        HttpClientRequest.acceptJson,
        HttpClientRequest.bodyJsonUnsafe(completionBody(api, model, messages)),
        http.execute
      )
      yield* failUnlessOk(url, response)
      const decoded = decodeCompletion(yield* readBody(response))
      switch (decoded._tag) {
        case "Malformed":
          return yield* new LlmBadAnswer({ detail: decoded.detail })
        case "Empty":
          return yield* new LlmEmpty({ finishReason: decoded.finishReason })
        case "Text": {
          const asked = messages.reduce((sum, { content }) => sum + content.length, 0)
          const usage = Option.getOrElse(decoded.usage, () => ({
            inputTokens: estimateTokens(asked),
            outputTokens: estimateTokens(decoded.text.length)
          }))
          const { finishReason, text } = decoded
          return { text, model, finishReason, ...usage, estimated: Option.isNone(decoded.usage) } satisfies Completion
        }
      }
    }, Effect.catchTag("HttpClientError", ({ reason }) => new LlmUnreachable({ detail: reason._tag })))

    const attempt = Effect.fn("LlmClient.attempt")(
      function*(request: LlmRequest, number: number, deadline: Option.Option<number>) {
        const began = yield* monotonicMillis
        const left = Option.getOrElse(deadline, () => Number.POSITIVE_INFINITY) - began
        const limitMs = Math.max(0, Math.min(request.api.timeout_seconds * 1000, left))
        const report = (status: "success" | "timeout" | "rate_limited" | "error", detail: string) =>
          Effect.flatMap(monotonicMillis, (now) =>
            request.onAttempt({ model: request.model, attempt: number, status, durationMs: now - began, detail }))
        return yield* exchange(request).pipe(
          Effect.timeoutOrElse({ duration: limitMs, orElse: () => new LlmTimeout({ afterMs: limitMs }) }),
          Effect.tap(() => report("success", "")),
          Effect.tapError((error) => report(statusOf(error), error.message))
        )
      }
    )

    const complete = Effect.fn("LlmClient.complete")(function*(request: LlmRequest) {
      const began = yield* monotonicMillis
      const deadline = Option.map(request.budgetMs, (budget) => began + budget)
      let number = 0
      const all = Effect.andThen(failWhileClosed(endpointOf(request.api)), Effect.suspend(() => attempt(request, ++number, deadline))).pipe(Effect.retry(retryPolicy(request)))
      return yield* Option.match(request.budgetMs, {
        onNone: () => all,
        onSome: (budget) =>
          all.pipe(Effect.timeoutOrElse({ duration: budget, orElse: () => new LlmTimeout({ afterMs: budget }) }))
      })
    })

    const probe = Effect.gen(function*() {
      const { settings } = yield* config.current
      const response = yield* HttpClientRequest.get(`${endpointOf(settings.llm_api)}/models`).pipe(
        HttpClientRequest.bearerToken(Redacted.value(settings.llm_api.api_key)),
        http.execute,
        Effect.timeoutOption(probeTimeout),
        Effect.orElseSucceed(() => Option.none())
      )
      const answers = Option.exists(response, ({ status }) => status !== 401 && status !== 403 && status < 500)
      const before = yield* Ref.getAndSet(available, answers)
      if (before && !answers) yield* Effect.logWarning("The model's server does not answer as it should")
      if (!before && answers) yield* Effect.logInfo("The model's server answers again")
    })
    yield* probe
    yield* Ref.get(available).pipe(
      Effect.flatMap((answers) => answers ? Effect.void : probe),
      Effect.repeat(Schedule.spaced(probeEvery)),
      Effect.forkScoped
    )

    return LlmClient.of({
      complete: (request) =>
        complete(request).pipe(
          Effect.tap(() => Ref.set(available, true)),
          // A failed reply makes the next look at the server due.
          Effect.tapError((error) => suspects(error) ? Ref.set(available, false) : Effect.void)
        ),
      available: Ref.get(available)
    })
  })
)

/** With the platform's HTTP client. Trace context stays at home: the server belongs to somebody else. */
export const layer: Layer.Layer<LlmClient, never, BotConfig> = layerNoDeps.pipe(
  Layer.provide(FetchHttpClient.layer),
  Layer.provide(Layer.succeed(HttpClient.TracerPropagationEnabled, false))
)
