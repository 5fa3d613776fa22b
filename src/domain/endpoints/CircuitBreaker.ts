import { Schema } from "effect"

/** Consecutive failures that open the circuit breaker (F5, circuit breaker). */
const failuresAllowed = 5
/** The first pause; it doubles with each failed trial. */
const firstOpenMs = 1_000
/** The longest pause: recovery is noticed soon after an outage. */
const longestOpenMs = 8_000
/** Concurrent requests that fail within this time of each other count as one failure. */
const momentMs = 1_000
/** A 429 without `Retry-After` closes the endpoint for 1, 2, 4 … at most so long. */
const longestBackoffMs = 60_000
/** The longest Retry-After honoured; then one request tries again. */
const longestRefusalMs = 300_000
/** The pause for an account without credit. */
const emptyAccountMs = 300_000

/** Why an endpoint is closed. */
export const ClosureReason = Schema.Literals(["rate_limit", "failures", "account_empty"])
export type ClosureReason = typeof ClosureReason.Type

/** The state of an endpoint's circuit breaker. Times are monotonic ms. */
export interface CircuitBreaker {
  /** Consecutive failures; concurrent ones count as one. */
  readonly failures: number
  /** The last failure. */
  readonly failedAt: number
  /** The last answer. */
  readonly answeredAt: number
  /** Closed until then after too many failures; then one request tries. */
  readonly brokenUntil: number
  /** Consecutive 429s; concurrent ones count as one. */
  readonly refusals: number
  /** Closed until then by a 429 or 402. */
  readonly refusedUntil: number
  readonly refusedFor: "rate_limit" | "account_empty"
}

/** A fresh endpoint. */
export const freshBreaker: CircuitBreaker = {
  failures: 0,
  failedAt: Number.NEGATIVE_INFINITY,
  answeredAt: Number.NEGATIVE_INFINITY,
  brokenUntil: Number.NEGATIVE_INFINITY,
  refusals: 0,
  refusedUntil: Number.NEGATIVE_INFINITY,
  refusedFor: "rate_limit"
}

/** An endpoint's closure: for how long and why. */
export interface Closure {
  readonly forMs: number
  readonly why: ClosureReason
}

/** The closure of the endpoint now, if any. */
export const closureOf = (breaker: CircuitBreaker, now: number): Closure | undefined => {
  const refusedMs = breaker.refusedUntil - now
  const brokenMs = breaker.brokenUntil - now
  if (refusedMs <= 0 && brokenMs <= 0) return undefined
  return refusedMs > brokenMs ? { forMs: refusedMs, why: breaker.refusedFor } : { forMs: brokenMs, why: "failures" }
}

/** Whether a request now would be a trial of whether the endpoint has recovered. */
export const isTrial = ({ failures }: CircuitBreaker): boolean => failures >= failuresAllowed

const openMs = (failures: number): number => Math.min(longestOpenMs, firstOpenMs * 2 ** (failures - failuresAllowed))

/**
 * A request begins. After too many failures it is a trial, and the next may go after the same pause: a trial that hangs
 * does not hold up the others.
 */
export const onRequest = (breaker: CircuitBreaker, now: number): CircuitBreaker =>
  isTrial(breaker) ? { ...breaker, brokenUntil: now + openMs(breaker.failures) } : breaker

/**
 * The endpoint answered, with any status. If it asked others to wait in the meantime, that still holds: the answer may
 * belong to a request from before.
 */
export const onAnswer = (breaker: CircuitBreaker, now: number): CircuitBreaker => {
  const { refusals, refusedFor, refusedUntil } = breaker
  const open = { ...freshBreaker, answeredAt: now }
  return refusedUntil > now ? { ...open, refusals, refusedFor, refusedUntil } : open
}

/**
 * A request that began at `beganAt` failed: no answer, a broken one, a 5xx. What was answered since says more, what
 * failed in the same moment says the same, and once the endpoint is closed only trials say something new.
 */
export const onFailure = (breaker: CircuitBreaker, beganAt: number, now: number): CircuitBreaker => {
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
export const onRefusal = (breaker: CircuitBreaker, askedMs: number | undefined, now: number): CircuitBreaker => {
  const again = breaker.refusedUntil > now
  const backoffMs = again ? 0 : Math.min(longestBackoffMs, 1000 * 2 ** breaker.refusals)
  return {
    ...freshBreaker,
    answeredAt: now,
    refusals: again ? breaker.refusals : breaker.refusals + 1,
    refusedUntil: Math.max(breaker.refusedUntil, now + Math.min(askedMs ?? backoffMs, longestRefusalMs))
  }
}

/** Its account has no credit (402): only money helps, so it is closed for minutes. */
export const onEmptyAccount = (breaker: CircuitBreaker, now: number): CircuitBreaker => ({
  ...freshBreaker,
  answeredAt: now,
  refusals: breaker.refusals,
  refusedUntil: Math.max(breaker.refusedUntil, now + emptyAccountMs),
  refusedFor: "account_empty"
})

/** A trial ended without a result: the next may begin. */
export const onRelease = (breaker: CircuitBreaker, now: number): CircuitBreaker => ({
  ...breaker,
  brokenUntil: Math.min(breaker.brokenUntil, now)
})
