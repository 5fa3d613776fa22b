import { Deferred, Effect, Exit, Redacted } from "effect"
import {
  type CircuitBreaker,
  type Closure,
  closureOf,
  freshBreaker,
  isTrial,
  onAnswer,
  onEmptyAccount,
  onFailure,
  onRefusal,
  onRelease,
  onRequest
} from "../../domain/endpoints/CircuitBreaker.ts"
import {
  closedBecause,
  type ClosedEndpoint,
  LlmEndpointClosed,
  type LlmError,
  type LlmRequest
} from "../../services/LlmClient.ts"
import { monotonicMillis } from "../../services/Time.ts"
import type { Endpoint } from "./LlmExchange.ts"

/** Bounds the remembered endpoints: more than any configuration has; the oldest are evicted. */
const mostRemembered = 100

/** The endpoints of a request, in order (F5, fallbacks). */
export const endpointsOf = ({ api, model }: LlmRequest): ReadonlyArray<Endpoint> =>
  [{ ...api, model }, ...api.fallbacks].map(({ api_key, base_url, model, timeout_seconds }) => ({
    url: base_url,
    apiKey: api_key,
    model,
    timeoutMs: timeout_seconds * 1000
  }))

// A server limits and fails by key and by model: another of its models may answer where one does not.
const keyOf = ({ apiKey, model, url }: Endpoint): string => JSON.stringify([url, model, Redacted.value(apiKey)])

const afterError = (error: LlmError, beganAt: number) => (breaker: CircuitBreaker, now: number): CircuitBreaker => {
  switch (error._tag) {
    case "LlmRateLimited":
      return onRefusal(breaker, error.retryAfterMs, now)
    case "LlmRejected":
      return error.status === 402 ? onEmptyAccount(breaker, now) : onAnswer(breaker, now)
    case "LlmEmpty":
      return onAnswer(breaker, now)
    // Nothing was sent, or something else answered: no evidence about the endpoint.
    case "LlmEndpointClosed":
    case "LlmKeyUnusable":
    case "LlmRedirected":
      return onRelease(breaker, now)
    default:
      return onFailure(breaker, beganAt, now)
  }
}

interface Remembered {
  readonly model: string
  readonly breaker: CircuitBreaker
}

const closed = ({ breaker, model }: Remembered, now: number): ReadonlyArray<ClosedEndpoint> => {
  const closure = closureOf(breaker, now)
  return closure === undefined ? [] : [{ model, ...closure }]
}

/** The circuit breakers of the endpoints. */
export const makeEndpoints = () => {
  const endpoints = new Map<string, Remembered>()
  // Waiters check again whenever any endpoint's state changes.
  let change = Deferred.makeUnsafe<void>()

  const breakerOf = (endpoint: Endpoint): CircuitBreaker => endpoints.get(keyOf(endpoint))?.breaker ?? freshBreaker

  const remember = (endpoint: Endpoint, breaker: CircuitBreaker): void => {
    endpoints.set(keyOf(endpoint), { model: endpoint.model, breaker })
    const [oldest] = endpoints.keys()
    if (endpoints.size > mostRemembered && oldest !== undefined) endpoints.delete(oldest)
  }

  const announce = Effect.sync(() => {
    const before = change
    change = Deferred.makeUnsafe<void>()
    Deferred.doneUnsafe(before, Exit.void)
  })

  const learn = Effect.fnUntraced(
    function*(endpoint: Endpoint, learned: (breaker: CircuitBreaker, now: number) => CircuitBreaker) {
      const now = yield* monotonicMillis
      const before = breakerOf(endpoint)
      const after = learned(before, now)
      if (after === before) return
      remember(endpoint, after)
      const closure = closureOf(after, now)
      if (closure !== undefined && !(isTrial(before) || closureOf(before, now))) yield* tellClosed(endpoint, closure)
      if (closure === undefined && isTrial(before)) yield* tellOpen(endpoint)
      yield* announce
    }
  )

  return {
    /** The endpoint's closure at a time, if any. */
    closure: (endpoint: Endpoint, now: number): Closure | undefined => closureOf(breakerOf(endpoint), now),

    /** Waits so long, or until a state changes; true if a trial of the endpoint failed meanwhile. */
    wait: Effect.fnUntraced(function*(endpoint: Endpoint, waitMs: number) {
      const before = breakerOf(endpoint)
      yield* Effect.raceFirst(Effect.sleep(Math.ceil(waitMs)), Deferred.await(change))
      return isTrial(before) && breakerOf(endpoint).failures > before.failures
    }),

    /** Makes a request and records its result. Fails without sending while the endpoint is closed. */
    guard: <A>(endpoint: Endpoint, request: Effect.Effect<A, LlmError>): Effect.Effect<A, LlmError> =>
      Effect.acquireUseRelease(
        Effect.flatMap(monotonicMillis, (now) => {
          const before = breakerOf(endpoint)
          const closure = closureOf(before, now)
          if (closure !== undefined) return new LlmEndpointClosed({ model: endpoint.model, ...closure })
          remember(endpoint, onRequest(before, now))
          return Effect.succeed({ beganAt: now, trial: isTrial(before) })
        }),
        ({ beganAt }) =>
          request.pipe(
            Effect.tap(() => learn(endpoint, onAnswer)),
            Effect.tapError((error) => learn(endpoint, afterError(error, beganAt)))
          ),
        ({ trial }, exit) => trial && Exit.hasInterrupts(exit) ? learn(endpoint, onRelease) : Effect.void
      ),

    /** The endpoints closed now. */
    closed: Effect.map(monotonicMillis, (now) => [...endpoints.values()].flatMap((endpoint) => closed(endpoint, now))),

    /** Forgets everything, so that the next request is sent. */
    forget: Effect.andThen(Effect.sync(() => endpoints.clear()), announce)
  }
}

const tellClosed = ({ model }: Endpoint, { forMs, why }: Closure): Effect.Effect<void> =>
  Effect.logWarning(`LLM endpoint paused for ${Math.ceil(forMs / 1000)} s: ${closedBecause[why]}`).pipe(
    Effect.annotateLogs({ model, reason: why })
  )

const tellOpen = ({ model }: Endpoint): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logInfo("LLM endpoint resumed"), { model })
