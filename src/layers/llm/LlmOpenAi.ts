import { Duration, Effect, Layer, Option, Redacted, Ref, Result, Schedule } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { BotConfig } from "../../services/BotConfig.ts"
import { type Completion, LlmClient, type LlmError, type LlmRequest, LlmTimeout } from "../../services/LlmClient.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { tracedChat } from "../../services/telemetry/TracedChat.ts"
import { endpointsOf, makeEndpoints, trimmedUrl } from "./LlmEndpoints.ts"
import { type Endpoint, exchange } from "./LlmExchange.ts"

/** Retries wait at most this long. */
const longestDelay = "10 seconds"
/** How often a server that failed is looked at, and how long it may take to answer. */
const probeEvery = "15 seconds"
const probeTimeout = "5 seconds"

const statusOf = (error: LlmError): "timeout" | "rate_limited" | "error" =>
  error._tag === "LlmTimeout" ? "timeout" : error._tag === "LlmRateLimited" ? "rate_limited" : "error"

/** Failures that mean more than one reply: the server itself is in trouble. */
const suspects = (error: LlmError): boolean =>
  error.retryable || error._tag === "LlmEndpointClosed" ||
  (error._tag === "LlmRejected" && (error.status === 401 || error.status === 403))

/** Waits longer each time, but not for a retry that would come too late. */
const retryPolicy = ({ api }: LlmRequest, deadline: number) =>
  Schedule.min([Schedule.exponential(`${api.retry_delay_seconds} seconds`, 2), Schedule.spaced(longestDelay)]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times: api.retry_attempts }),
    Schedule.setInputType<LlmError>(),
    Schedule.while(({ duration, input }) =>
      Effect.map(monotonicMillis, (now) => input.retryable && now + Duration.toMillis(duration) < deadline)
    )
  )

/** Asks any OpenAI-compatible server (F5). */
export const layerNoDeps: Layer.Layer<LlmClient, never, HttpClient.HttpClient | BotConfig> = Layer.effect(
  LlmClient,
  Effect.gen(function*() {
    const http = yield* HttpClient.HttpClient
    const config = yield* BotConfig
    const available = yield* Ref.make(true)
    const endpoints = makeEndpoints()
    const withoutStreaming = new Set<string>()

    /** One request; a server that refuses to stream is asked once more without, and that is remembered. */
    const askOnce = Effect.fnUntraced(
      function*(endpoint: Endpoint, request: LlmRequest, onFirstText: Effect.Effect<void>) {
        const once = (streaming: boolean) => exchange(http, endpoint, request, streaming, onFirstText)
        const plainly = Effect.catchTag(once(false), "LlmStreamRefused", Effect.die)
        if (!request.api.stream || withoutStreaming.has(endpoint.url)) return yield* plainly
        return yield* Effect.catchTag(
          once(true),
          "LlmStreamRefused",
          () => Effect.tap(plainly, () => Effect.sync(() => void withoutStreaming.add(endpoint.url)))
        )
      }
    )

    const attempt = Effect.fn("LlmClient.attempt")(
      function*(endpoint: Endpoint, request: LlmRequest, number: number, leftMs: number) {
        const began = yield* monotonicMillis
        const limitMs = Math.min(endpoint.timeoutMs, leftMs)
        let firstTextMs: number | undefined
        const onFirstText = Effect.map(monotonicMillis, (now) => {
          firstTextMs = now - began
        })
        const report = (status: "success" | "timeout" | "rate_limited" | "error", detail: string) =>
          Effect.flatMap(monotonicMillis, (now) =>
            request.onAttempt({
              model: endpoint.model,
              attempt: number,
              status,
              durationMs: now - began,
              ...(firstTextMs === undefined ? {} : { firstTextMs }),
              detail
            }))
        const ask = Effect.timeoutOrElse(askOnce(endpoint, request, onFirstText), {
          duration: limitMs,
          orElse: () => new LlmTimeout({ afterMs: limitMs })
        })
        return yield* tracedChat({ ...endpoint, api: request.api }, () => firstTextMs, ask).pipe(
          Effect.tap(() => report("success", "")),
          Effect.tapError((error) => report(statusOf(error), error.message))
        )
      }
    )

    /** Asks one endpoint, again after failures that may pass; one that is closed is skipped without a request. */
    const askEndpoint = Effect.fnUntraced(function*(endpoint: Endpoint, request: LlmRequest, deadline: number) {
      let number = 0
      const next = Effect.flatMap(monotonicMillis, (now) =>
        deadline > now
          ? endpoints.guard(endpoint, Effect.suspend(() => attempt(endpoint, request, ++number, deadline - now)))
          : new LlmTimeout({ afterMs: Option.getOrElse(request.budgetMs, () => 0) }))
      return yield* Effect.retry(next, retryPolicy(request, deadline))
    })

    const complete = Effect.fn("LlmClient.complete")(
      function*(request: LlmRequest): Effect.fn.Return<Completion, LlmError> {
        const budgetMs = Option.getOrElse(request.budgetMs, () => Number.POSITIVE_INFINITY)
        const deadline = (yield* monotonicMillis) + budgetMs
        const [first, ...others] = endpointsOf(request)
        if (first === undefined) return yield* Effect.die("no endpoint")
        // An answer without text is an answer: another endpoint is asked only where there was none.
        return yield* others.reduce(
          (asking, endpoint) =>
            Effect.catchIf(asking, ({ _tag }) => _tag !== "LlmEmpty", () => askEndpoint(endpoint, request, deadline)),
          askEndpoint(first, request, deadline)
        )
      }
    )

    const probe = Effect.gen(function*() {
      const { settings } = yield* config.current
      const { api_key, base_url } = settings.llm_api
      const response = yield* HttpClientRequest.get(`${trimmedUrl(base_url)}/models`).pipe(
        HttpClientRequest.bearerToken(Redacted.value(api_key)),
        HttpClient.withScope(http).execute,
        Effect.scoped,
        Effect.timeoutOption(probeTimeout),
        Effect.result
      )
      const status = Option.getOrUndefined(Option.flatten(Result.getSuccess(response)))?.status
      const answers = status !== undefined && status !== 401 && status !== 403 && status < 500
      const before = yield* Ref.getAndSet(available, answers)
      if (before && !answers) {
        yield* Effect.logWarning("LLM endpoint unavailable", status ?? "no answer")
      }
      if (!before && answers) yield* Effect.logInfo("LLM endpoint available again")
    }).pipe(Effect.annotateLogs({ logger: "LlmClient" }))
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
