/** Failures in a row after which an endpoint is left alone (F5, circuit breaker). */
const failuresAllowed = 5
/** How long at first; it doubles with each trial that fails. */
const firstOpenMs = 1_000
/** The way back is tried at least this often: an outage is not made longer than it is. */
const longestOpenMs = 8_000
/** Requests that were under way together and fail within this time of each other fail for one reason. */
const momentMs = 1_000
/** A 429 without `Retry-After` closes the endpoint for 1, 2, 4 … at most so long. */
const longestBackoffMs = 60_000
/** However long a server wants us to wait: then one request asks again. */
const longestRefusalMs = 300_000
/** How long an account without credit is left alone. */
const emptyAccountMs = 300_000

/** Why an endpoint is left alone. */
export type ClosureReason = "rate_limit" | "failures" | "account_empty"

/** What is known of an endpoint from its last answers. Times are monotonic ms. */
export interface CircuitBreaker {
  /** Moments of failure in a row. */
  readonly failures: number
  /** The last moment of failure. */
  readonly failedAt: number
  /** The last answer. */
  readonly answeredAt: number
  /** It failed too often to be asked before; then one request tries. */
  readonly brokenUntil: number
  /** 429s in a row; those that come while the server waits anyway count as one. */
  readonly refusals: number
  /** The server wants no request before. */
  readonly refusedUntil: number
  readonly refusedFor: "rate_limit" | "account_empty"
}

/** An endpoint nothing is known of. */
export const closedBreaker: CircuitBreaker = {
  failures: 0,
  failedAt: Number.NEGATIVE_INFINITY,
  answeredAt: Number.NEGATIVE_INFINITY,
  brokenUntil: Number.NEGATIVE_INFINITY,
  refusals: 0,
  refusedUntil: Number.NEGATIVE_INFINITY,
  refusedFor: "rate_limit"
}

/** That an endpoint is left alone, for how long and why. */
export interface Closure {
  readonly forMs: number
  readonly why: ClosureReason
}

/** Whether and why the endpoint is not to be asked now. */
export const closureOf = (breaker: CircuitBreaker, now: number): Closure | undefined => {
  const refusedMs = breaker.refusedUntil - now
  const brokenMs = breaker.brokenUntil - now
  if (refusedMs <= 0 && brokenMs <= 0) return undefined
  return refusedMs > brokenMs ? { forMs: refusedMs, why: breaker.refusedFor } : { forMs: brokenMs, why: "failures" }
}

/** Whether a request now would be the one that tries whether the endpoint has recovered. */
export const isTrial = ({ failures }: CircuitBreaker): boolean => failures >= failuresAllowed

const openMs = (failures: number): number => Math.min(longestOpenMs, firstOpenMs * 2 ** (failures - failuresAllowed))

/**
 * A request begins. After too many failures it is a trial, and the next may go after the same pause: a trial that hangs
 * does not hold up the others.
 */
export const asked = (breaker: CircuitBreaker, now: number): CircuitBreaker =>
  isTrial(breaker) ? { ...breaker, brokenUntil: now + openMs(breaker.failures) } : breaker

/**
 * The endpoint answered, whatever it said. If it asked others to wait in the meantime, that still holds: the answer may
 * belong to a request from before.
 */
export const answered = (breaker: CircuitBreaker, now: number): CircuitBreaker => {
  const { refusals, refusedFor, refusedUntil } = breaker
  const open = { ...closedBreaker, answeredAt: now }
  return refusedUntil > now ? { ...open, refusals, refusedFor, refusedUntil } : open
}

/**
 * A request that began at `beganAt` failed: no answer, a broken one, a 5xx. What was answered since says more, what
 * failed in the same moment says the same, and once the endpoint is left alone only trials tell something new.
 */
export const failed = (breaker: CircuitBreaker, beganAt: number, now: number): CircuitBreaker => {
  const stale = breaker.answeredAt > beganAt
  const overlaps = beganAt < breaker.failedAt
  if (stale || (overlaps && (isTrial(breaker) || now - breaker.failedAt < momentMs))) return breaker
  const failures = breaker.failures + 1
  return {
    ...breaker,
    failures,
    failedAt: now,
    brokenUntil: failures < failuresAllowed ? breaker.brokenUntil : now + openMs(failures)
  }
}

/** 429: honour Retry-After up to some minutes, else back off; concurrent 429s count once. */
export const refused = (breaker: CircuitBreaker, askedMs: number | undefined, now: number): CircuitBreaker => {
  const again = breaker.refusedUntil > now
  const backoffMs = again ? 0 : Math.min(longestBackoffMs, 1000 * 2 ** breaker.refusals)
  return {
    ...closedBreaker,
    answeredAt: now,
    refusals: again ? breaker.refusals : breaker.refusals + 1,
    refusedUntil: Math.max(breaker.refusedUntil, now + Math.min(askedMs ?? backoffMs, longestRefusalMs))
  }
}

/** Its account has no credit (402): only money helps, so it is left alone for minutes. */
export const accountEmpty = (breaker: CircuitBreaker, now: number): CircuitBreaker => ({
  ...closedBreaker,
  answeredAt: now,
  refusals: breaker.refusals,
  refusedUntil: Math.max(breaker.refusedUntil, now + emptyAccountMs),
  refusedFor: "account_empty"
})

/** A trial ended without telling anything: the next may go. */
export const released = (breaker: CircuitBreaker, now: number): CircuitBreaker => ({
  ...breaker,
  brokenUntil: Math.min(breaker.brokenUntil, now)
})
