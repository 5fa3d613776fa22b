/** The burst, and the refill time of each further line: below the room's flood control (F8). */
const burst = 3
const refillMs = 1_000

/** A token bucket for sent lines. Times are monotonic ms. */
export interface TokenBucket {
  /** When the bucket is full again. */
  readonly fullAt: number
}

/** Nothing was sent yet. */
export const fullBucket: TokenBucket = { fullAt: Number.NEGATIVE_INFINITY }

/** ms until the next line may leave. */
export const tokenDelay = ({ fullAt }: TokenBucket, now: number): number =>
  Math.max(0, fullAt - (burst - 1) * refillMs - now)

/**
 * ms until a line may leave behind `ahead` others that are still to leave, or none when that is not before the deadline
 * `deadlineMs` from now: then it can never leave in time (F4). A line that waits at all needs a second to spare: the
 * others do not leave the moment they may.
 */
export const departure = (
  { fullAt }: TokenBucket,
  ahead: number,
  deadlineMs: number,
  now: number
): { readonly waitMs: number; readonly inTime: boolean } => {
  const waitMs = tokenDelay({ fullAt: Math.max(fullAt, now) + ahead * refillMs }, now)
  return { waitMs, inTime: waitMs === 0 || waitMs + refillMs <= deadlineMs }
}

/** A line left. */
export const takeToken = ({ fullAt }: TokenBucket, now: number): TokenBucket => ({
  fullAt: Math.max(fullAt, now) + refillMs
})
