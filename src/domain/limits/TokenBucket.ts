/** Lines that may leave at once, and how long each further one waits: the room's flood control is never hit (F8). */
const burst = 3
const refillMs = 1_000

/** How many lines may leave at a moment. Times are monotonic ms. */
export interface TokenBucket {
  /** When a whole burst may leave again. */
  readonly fullAt: number
}

/** Nothing was sent yet. */
export const fullBucket: TokenBucket = { fullAt: Number.NEGATIVE_INFINITY }

/** ms until the next line may leave. */
export const tokenDelay = ({ fullAt }: TokenBucket, now: number): number =>
  Math.max(0, fullAt - (burst - 1) * refillMs - now)

/**
 * ms until a line may leave behind `ahead` others that are still to leave, or none when that is not before the deadline
 * `deadlineMs` from now: then it can never leave in time (F4). Whoever waits at all needs a second to spare, since the
 * others do not leave at the first moment they may.
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
