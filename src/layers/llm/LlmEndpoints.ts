import { Effect, Redacted } from "effect"
import {
  answered,
  asked,
  type CircuitBreaker,
  closedBreaker,
  closureOf,
  failed,
  refused,
  released
} from "../../domain/llm/CircuitBreaker.ts"
import { LlmEndpointClosed, type LlmError, type LlmRequest } from "../../services/LlmClient.ts"
import { monotonicMillis } from "../../services/Time.ts"
import type { Endpoint } from "./LlmExchange.ts"

/** Where a server's interface begins, without a slash at the end. */
export const trimmedUrl = (url: string): string => url.replace(/\/+$/, "")

/** The endpoints to be asked for a request, in order (F5, fallbacks). */
export const endpointsOf = ({ api, model }: LlmRequest): ReadonlyArray<Endpoint> =>
  [{ ...api, model }, ...api.fallbacks].map(({ api_key, base_url, model, timeout_seconds }) => ({
    url: trimmedUrl(base_url),
    apiKey: api_key,
    model,
    timeoutMs: timeout_seconds * 1000
  }))

// A server limits and fails by key and by model: another of its models may answer where one does not.
const keyOf = ({ apiKey, model, url }: Endpoint): string => JSON.stringify([url, model, Redacted.value(apiKey)])

const afterError = (error: LlmError) => (health: CircuitBreaker, now: number): CircuitBreaker => {
  switch (error._tag) {
    case "LlmRateLimited":
      return refused(health, error.retryAfterMs, now)
    case "LlmTimeout":
    case "LlmUnreachable":
    case "LlmBroken":
    case "LlmServerFailed":
    case "LlmBadAnswer":
      return failed(health, now)
    case "LlmRejected":
    case "LlmEmpty":
      return answered(health, now)
    case "LlmEndpointClosed":
      return health
  }
}

/** What is remembered of every endpoint that was ever asked: its health. */
export const makeEndpoints = () => {
  const healths = new Map<string, CircuitBreaker>()
  const healthOf = (endpoint: Endpoint): CircuitBreaker => healths.get(keyOf(endpoint)) ?? closedBreaker
  const learn = (endpoint: Endpoint, change: (health: CircuitBreaker, now: number) => CircuitBreaker) =>
    Effect.map(monotonicMillis, (now) => void healths.set(keyOf(endpoint), change(healthOf(endpoint), now)))

  /** Begins a request, unless the endpoint is left alone; says whether it is the one that probes. */
  const enter = (endpoint: Endpoint): Effect.Effect<boolean, LlmEndpointClosed> =>
    Effect.flatMap(monotonicMillis, (now) => {
      const closure = closureOf(healthOf(endpoint), now)
      if (closure !== undefined) return new LlmEndpointClosed({ model: endpoint.model, ...closure })
      const health = asked(healthOf(endpoint))
      healths.set(keyOf(endpoint), health)
      return Effect.succeed(health.probing)
    })

  return {
    /** Makes a request and learns from how it ends. Nothing is sent where the endpoint is left alone. */
    guard: <A>(endpoint: Endpoint, request: Effect.Effect<A, LlmError>): Effect.Effect<A, LlmError> =>
      Effect.acquireUseRelease(
        enter(endpoint),
        () =>
          request.pipe(
            Effect.tap(() => learn(endpoint, answered)),
            Effect.tapError((error) => learn(endpoint, afterError(error)))
          ),
        (probing) => probing ? learn(endpoint, released) : Effect.void
      )
  }
}
