import { Effect, Option, Random } from "effect"
import type { Closure } from "../../domain/endpoints/CircuitBreaker.ts"
import { type NextAttempt, nextAttempt, retryDelay } from "../../domain/endpoints/ReplyTime.ts"
import { LlmEndpointClosed, type LlmError, type LlmRequest, LlmTimeout } from "../../services/LlmClient.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { endpointsOf } from "./LlmEndpoints.ts"
import type { Endpoint } from "./LlmExchange.ts"

/** The state of an endpoint within one reply. Times are monotonic ms. */
export interface Asking {
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

/** The endpoints of a request, none asked yet. */
export const askings = (request: LlmRequest): ReadonlyArray<Asking> =>
  endpointsOf(request).map((endpoint) => ({
    endpoint,
    tries: 0,
    requests: 0,
    retryAt: Number.NEGATIVE_INFINITY,
    failedFast: false,
    hopeless: false
  }))

/** An endpoint's closure at a time, if any. */
type ClosureAt = (endpoint: Endpoint, now: number) => Closure | undefined

/** Whom to ask next, when, and for how long; none when nobody can be asked in time. */
export const planNext = (
  asked: ReadonlyArray<Asking>,
  { api }: LlmRequest,
  closure: ClosureAt,
  now: number,
  deadline: number
): (NextAttempt & { readonly asking: Asking }) | undefined => {
  const next = nextAttempt(
    asked.map(({ endpoint, failedFast, hopeless, retryAt, tries }) => ({
      timeoutMs: endpoint.timeoutMs,
      triesLeft: hopeless ? 0 : api.retry_attempts + 1 - tries,
      fresh: tries === 0,
      waitMs: Math.max(0, retryAt - now, closure(endpoint, now)?.forMs ?? 0),
      failedFast
    })),
    deadline - now
  )
  const asking = next && asked[next.index]
  return asking && { ...next, asking }
}

/** Records a failure: whether and when the endpoint may be retried. */
export const noteFailure = Effect.fnUntraced(function*(asking: Asking, error: LlmError, { api }: LlmRequest) {
  // It was closed just before: nothing was sent.
  if (error._tag === "LlmEndpointClosed") return
  asking.tries++
  asking.hopeless = !error.retryable && error._tag !== "LlmRateLimited"
  asking.failedFast = error.retryable && error._tag !== "LlmTimeout"
  asking.retryAt = (yield* monotonicMillis) + retryDelay(api.retry_delay_seconds, asking.tries, yield* Random.next)
})

/** Why no endpoint was asked at all. */
export const nobodyAsked = (
  [first]: ReadonlyArray<Asking>,
  { budgetMs }: LlmRequest,
  closure: ClosureAt,
  now: number
): LlmError => {
  const closed = first && closure(first.endpoint, now)
  return first === undefined || closed === undefined
    ? new LlmTimeout({ afterMs: Option.getOrElse(budgetMs, () => 0), budgetSpent: true })
    : new LlmEndpointClosed({ model: first.endpoint.model, ...closed })
}
