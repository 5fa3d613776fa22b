/** Failures in a row after which an endpoint is left alone, and for how long (F5, circuit breaker). */
const failuresAllowed = 5
const openMs = 30_000
/** A 429 without `Retry-After` closes the endpoint for 1, 2, 4 … at most so long. */
const longestClosureMs = 60_000

/** What is known of an endpoint from its last answers. Times are monotonic ms. */
export interface EndpointHealth {
  /** Failures in a row. */
  readonly failures: number
  /** 429s in a row. */
  readonly refusals: number
  /** Left alone until then. */
  readonly closedUntil: number
  readonly why: "rate_limit" | "failures"
  /** One request is looking whether the endpoint has recovered; the others wait for what it finds. */
  readonly probing: boolean
}

/** An endpoint nothing is known of. */
export const unknownHealth: EndpointHealth = {
  failures: 0,
  refusals: 0,
  closedUntil: Number.NEGATIVE_INFINITY,
  why: "failures",
  probing: false
}

/** ms the endpoint is still to be left alone; 0 = it may be asked. */
export const closedFor = (health: EndpointHealth, now: number): number =>
  health.probing ? openMs : Math.max(0, health.closedUntil - now)

/** A request begins: after too many failures it is the one probe. */
export const asked = (health: EndpointHealth): EndpointHealth =>
  health.failures >= failuresAllowed ? { ...health, probing: true } : health

/** The endpoint answered, whatever it said. */
export const answered: EndpointHealth = unknownHealth

/** It failed: no answer, a broken one, a 5xx. */
export const failed = (health: EndpointHealth, now: number): EndpointHealth => {
  const failures = health.failures + 1
  return failures < failuresAllowed
    ? { ...health, failures }
    : { ...health, failures, probing: false, why: "failures", closedUntil: now + openMs }
}

/** It wants us to wait: as long as it says, else longer each time. */
export const refused = (health: EndpointHealth, askedMs: number | undefined, now: number): EndpointHealth => {
  const waitMs = askedMs ?? Math.min(longestClosureMs, 1000 * 2 ** health.refusals)
  return { failures: 0, refusals: health.refusals + 1, probing: false, why: "rate_limit", closedUntil: now + waitMs }
}

/** A request ended without telling anything: the endpoint can be probed again. */
export const released = (health: EndpointHealth): EndpointHealth => ({ ...health, probing: false })
