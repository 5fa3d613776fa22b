/** A retry waits at most this long. */
const longestDelayMs = 10_000
/** How long a reply without a deadline waits for a closed endpoint. */
const longestWaitMs = 60_000

/** One reply's view of an endpoint when it chooses the next one to ask. */
export interface AskedEndpoint {
  /** The timeout of one request. */
  readonly timeoutMs: number
  /** Requests it may still get. */
  readonly triesLeft: number
  /** Whether it was not asked yet. */
  readonly fresh: boolean
  /** ms until it may be asked: what is left of a retry's delay, of `Retry-After`, of a circuit breaker's pause. */
  readonly waitMs: number
  /** It was asked last and failed at once, not by a timeout: its retries come before the endpoints behind it. */
  readonly failedFast: boolean
}

/** The next request: the endpoint, the wait before it, its time limit, and whether that is all the time there is. */
export interface NextAttempt {
  readonly index: number
  readonly waitMs: number
  readonly limitMs: number
  readonly isLast: boolean
}

interface Candidate extends AskedEndpoint {
  readonly index: number
}

const sum = (endpoints: ReadonlyArray<AskedEndpoint>): number =>
  endpoints.reduce((total, { timeoutMs }) => total + timeoutMs, 0)

/** An endpoint's share of the time while others behind it are still to be asked: in proportion to their timeouts. */
const share = (timeoutMs: number, others: number, leftMs: number): number =>
  Math.min(timeoutMs, others === 0 ? leftMs : leftMs * timeoutMs / (timeoutMs + others))

/**
 * Shares out the time that is left of a reply (F5): endpoints × tries × deadline. A timeout moves on to the next
 * endpoint at once and its retry comes after; a fast failure is retried first, while that leaves the endpoints behind
 * their whole time. No endpoint takes the time of one that was not asked yet. None when nobody can be asked in time.
 */
export const nextAttempt = (endpoints: ReadonlyArray<AskedEndpoint>, leftMs: number): NextAttempt | undefined => {
  const patienceMs = leftMs === Number.POSITIVE_INFINITY ? longestWaitMs : leftMs
  const candidates = endpoints
    .map((endpoint, index): Candidate => ({ ...endpoint, index }))
    .filter(({ triesLeft, waitMs }) => triesLeft > 0 && waitMs < patienceMs)
  const fresh = candidates.filter((endpoint) => endpoint.fresh)
  const again = candidates.find(({ failedFast, waitMs }) => failedFast && waitMs + sum(fresh) <= leftMs)
  const next = again ?? candidates.reduce<Candidate | undefined>(
    (best, endpoint) =>
      best === undefined || endpoint.waitMs < best.waitMs ||
        (endpoint.waitMs === best.waitMs && endpoint.fresh && !best.fresh)
        ? endpoint
        : best,
    undefined
  )
  if (next === undefined) return undefined
  const { index, timeoutMs, waitMs } = next
  const limitMs = share(timeoutMs, sum(fresh.filter((other) => other !== next)), leftMs - waitMs)
  return { index, waitMs, limitMs, isLast: limitMs >= leftMs - waitMs }
}

/** ms before the nth retry (from 1): doubled each time; `jitter` from 0 to 1 makes it a fifth shorter to longer. */
export const retryDelay = (delaySeconds: number, retry: number, jitter: number): number =>
  Math.min(longestDelayMs, delaySeconds * 1000 * 2 ** (retry - 1)) * (0.8 + 0.4 * jitter)

/** What an endpoint can get of a reply's time when every endpoint takes its full share. */
export interface Reach {
  /** The longest its first try can take. */
  readonly firstMs: number
  /** How many of its tries fit when no other endpoint takes any time. */
  readonly tries: number
}

/** What each endpoint can reach before the deadline, for the lint; `tries` = retries + 1. */
export const reachOf = (
  timeoutsMs: ReadonlyArray<number>,
  tries: number,
  deadlineMs: number
): ReadonlyArray<Reach> => {
  let leftMs = deadlineMs
  return timeoutsMs.map((timeoutMs, index) => {
    const firstMs = share(timeoutMs, timeoutsMs.slice(index + 1).reduce((total, other) => total + other, 0), leftMs)
    leftMs -= firstMs
    return { firstMs, tries: Math.min(tries, Math.max(1, Math.floor(deadlineMs / timeoutMs))) }
  })
}
