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

/** A line left. */
export const takeToken = ({ fullAt }: TokenBucket, now: number): TokenBucket => ({
  fullAt: Math.max(fullAt, now) + refillMs
})
