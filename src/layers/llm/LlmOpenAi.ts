import { Effect, Layer, Option, Random } from "effect"
import { HttpClient } from "effect/http"
import type { LlmAttempt } from "../../domain/decision/Decision.ts"
import { type NextAttempt, nextAttempt, retryDelay } from "../../domain/endpoints/ReplyTime.ts"
import type { BotConfig } from "../../services/BotConfig.ts"
import {
  attemptStatus,
  type Completion,
  LlmClient,
  LlmEndpointClosed,
  type LlmError,
  type LlmRequest,
  LlmTimeout
} from "../../services/LlmClient.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { tracedChat } from "../../services/telemetry/TracedChat.ts"
import { makeAvailability } from "./LlmAvailability.ts"
import { makeDialects } from "./LlmDialects.ts"
import { endpointsOf, makeEndpoints } from "./LlmEndpoints.ts"
import type { Endpoint } from "./LlmExchange.ts"
import * as LlmHttp from "./LlmHttp.ts"

/** The state of an endpoint within one reply. Times are monotonic ms. */
interface Asking {
  readonly endpoint: Endpoint
  /** Requests of this reply, and failed trials of others that it waited for. */
  tries: number
  /** Requests of this reply. */
  requests: number
  retryAt: number
  failedFast: boolean
  /** A retry cannot help. */
  hopeless: boolean
}

/** Records a failure: whether and when the endpoint may be retried. */
const note = Effect.fnUntraced(function*(asking: Asking, error: LlmError, { api }: LlmRequest) {
  // It was closed just before: nothing was sent.
  if (error._tag === "LlmEndpointClosed") return
  asking.tries++
  asking.hopeless = !error.retryable && error._tag !== "LlmRateLimited"
  asking.failedFast = error.retryable && error._tag !== "LlmTimeout"
  asking.retryAt = (yield* monotonicMillis) + retryDelay(api.retry_delay_seconds, asking.tries, yield* Random.next)
})

/** Asks any OpenAI-compatible server (F5). */
export const layerNoDeps: Layer.Layer<LlmClient, never, HttpClient.HttpClient | BotConfig> = Layer.effect(
  LlmClient,
  Effect.gen(function*() {
    const http = yield* HttpClient.HttpClient
    const availability = yield* makeAvailability(http)
    const endpoints = makeEndpoints()
    const dialects = makeDialects(http)

    const attempt = Effect.fn("LlmClient.attempt")(
      function*(endpoint: Endpoint, request: LlmRequest, number: number, { isLast, limitMs }: NextAttempt) {
        const began = yield* monotonicMillis
        let firstTextMs: number | undefined
        const onFirstText = Effect.map(monotonicMillis, (now) => {
          firstTextMs = now - began
        })
        const report = (status: LlmAttempt["status"], detail: string) =>
          Effect.flatMap(monotonicMillis, (now) =>
            request.onAttempt({
              model: endpoint.model,
              attempt: number,
              status,
              durationMs: now - began,
              ...(firstTextMs === undefined ? {} : { firstTextMs }),
              detail
            }))
        const ask = Effect.timeoutOrElse(dialects.ask(endpoint, request, onFirstText), {
          duration: limitMs,
          // Which of two limits that end together is told does not depend on the timer.
          orElse: () => new LlmTimeout({ afterMs: limitMs, budgetSpent: isLast })
        })
        return yield* tracedChat({ ...endpoint, api: request.api }, () => firstTextMs, ask).pipe(
          Effect.tap(() => report("success", "")),
          Effect.tapError((error) => report(attemptStatus(error), error.message))
        )
      }
    )

    const planNext = (asked: ReadonlyArray<Asking>, { api }: LlmRequest, now: number, deadline: number) =>
      nextAttempt(
        asked.map(({ endpoint, failedFast, hopeless, retryAt, tries }) => ({
          timeoutMs: endpoint.timeoutMs,
          triesLeft: hopeless ? 0 : api.retry_attempts + 1 - tries,
          fresh: tries === 0,
          waitMs: Math.max(0, retryAt - now, endpoints.closure(endpoint, now)?.forMs ?? 0),
          failedFast
        })),
        deadline - now
      )

    /** Why no endpoint was asked at all. */
    const reasonForNone = ([first]: ReadonlyArray<Asking>, now: number, { budgetMs }: LlmRequest): LlmError => {
      const closure = first && endpoints.closure(first.endpoint, now)
      return first === undefined || closure === undefined
        ? new LlmTimeout({ afterMs: Option.getOrElse(budgetMs, () => 0), budgetSpent: true })
        : new LlmEndpointClosed({ model: first.endpoint.model, ...closure })
    }

    const complete = Effect.fn("LlmClient.complete")(
      function*(request: LlmRequest): Effect.fn.Return<Completion, LlmError> {
        const deadline = (yield* monotonicMillis) + Option.getOrElse(request.budgetMs, () => Number.POSITIVE_INFINITY)
        const asked = endpointsOf(request).map((endpoint): Asking => ({
          endpoint,
          tries: 0,
          requests: 0,
          retryAt: Number.NEGATIVE_INFINITY,
          failedFast: false,
          hopeless: false
        }))
        let failure: LlmError | undefined
        for (;;) {
          const now = yield* monotonicMillis
          const next = planNext(asked, request, now, deadline)
          const asking = asked[next?.index ?? -1]
          if (next === undefined || asking === undefined) return yield* failure ?? reasonForNone(asked, now, request)
          const { endpoint } = asking
          if (next.waitMs > 0) {
            if (yield* endpoints.wait(endpoint, next.waitMs)) asking.tries++
            continue
          }
          for (const other of asked) other.failedFast = false
          const request_ = Effect.suspend(() => attempt(endpoint, request, ++asking.requests, next))
          const result = yield* Effect.result(endpoints.guard(endpoint, request_))
          if (result._tag === "Success") return result.success
          // An answer without text is an answer: no other endpoint is asked.
          if (result.failure._tag === "LlmEmpty") return yield* result.failure
          if (result.failure._tag !== "LlmEndpointClosed") failure = result.failure
          yield* note(asking, result.failure, request)
        }
      }
    )

    return LlmClient.of({
      complete: (request) =>
        complete(request).pipe(
          Effect.tap(() => availability.answered),
          Effect.tapError(availability.failed),
          Effect.annotateLogs({ logger: "LlmClient" })
        ),
      available: availability.available,
      closed: endpoints.closed,
      reopen: endpoints.forget
    })
  })
)

/** With the platform's HTTP client. */
export const layer: Layer.Layer<LlmClient, never, BotConfig> = Layer.provide(layerNoDeps, LlmHttp.layer())
