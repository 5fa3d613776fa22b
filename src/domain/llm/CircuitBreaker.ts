/** Failures in a row after which an endpoint is left alone, and for how long (F5, circuit breaker). */
const failuresAllowed = 5
const openMs = 30_000
/** A 429 without `Retry-After` closes the endpoint for 1, 2, 4 … at most so long. */
const longestClosureMs = 60_000

/** What is known of an endpoint from its last answers. Times are monotonic ms. */
export interface CircuitBreaker {
  /** Failures in a row. */
  readonly failures: number
  /** 429s in a row; those that come while the server waits anyway count as one. */
  readonly refusals: number
  /** The server wants no request before. */
  readonly refusedUntil: number
  /** It failed too often to be asked before. */
  readonly brokenUntil: number
  /** One request is looking whether the endpoint has recovered; the others wait for what it finds. */
  readonly probing: boolean
}

/** An endpoint nothing is known of. */
export const closedBreaker: CircuitBreaker = {
  failures: 0,
  refusals: 0,
  refusedUntil: Number.NEGATIVE_INFINITY,
  brokenUntil: Number.NEGATIVE_INFINITY,
  probing: false
}

/** That an endpoint is left alone, for how long and why. */
export interface Closure {
  readonly forMs: number
  readonly why: "rate_limit" | "failures"
}

/** Whether and why the endpoint is not to be asked now. */
export const closureOf = (health: CircuitBreaker, now: number): Closure | undefined => {
  const refusedMs = health.refusedUntil - now
  const brokenMs = health.probing ? openMs : health.brokenUntil - now
  if (refusedMs <= 0 && brokenMs <= 0) return undefined
  return refusedMs > brokenMs ? { forMs: refusedMs, why: "rate_limit" } : { forMs: brokenMs, why: "failures" }
}

/** A request begins: after too many failures it is the one probe. */
export const asked = (health: CircuitBreaker): CircuitBreaker =>
  health.failures >= failuresAllowed ? { ...health, probing: true } : health

/**
 * The endpoint answered, whatever it said. If it asked others to wait in the meantime, that still holds: the answer may
 * belong to a request from before.
 */
export const answered = ({ refusals, refusedUntil }: CircuitBreaker, now: number): CircuitBreaker =>
  refusedUntil > now ? { ...closedBreaker, refusals, refusedUntil } : closedBreaker

/** It failed: no answer, a broken one, a 5xx. */
export const failed = (health: CircuitBreaker, now: number): CircuitBreaker => {
  const failures = health.failures + 1
  return failures < failuresAllowed
    ? { ...health, failures }
    : { ...health, failures, probing: false, brokenUntil: now + openMs }
}

/**
 * 429: honour Retry-After, else back off; concurrent 429s count once.
 */
export const refused = (health: CircuitBreaker, askedMs: number | undefined, now: number): CircuitBreaker => {
  const again = health.refusedUntil > now
  const grownMs = again ? 0 : Math.min(longestClosureMs, 1000 * 2 ** health.refusals)
  return {
    ...closedBreaker,
    refusals: again ? health.refusals : health.refusals + 1,
    refusedUntil: Math.max(health.refusedUntil, now + (askedMs ?? grownMs))
  }
}

/** The probe ended without telling anything: the endpoint can be probed again. */
export const released = (health: CircuitBreaker): CircuitBreaker => ({ ...health, probing: false })
