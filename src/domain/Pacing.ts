/** Lines that may leave at once, and how long each further one waits: the room's flood control is never hit (F8). */
const burst = 3
const refillMs = 1_000

/** How many lines may leave at a moment. Times are monotonic ms. */
export interface Pacing {
  readonly tokens: number
  readonly at: number
}

/** Nothing was sent yet. */
export const fullPace: Pacing = { tokens: burst, at: Number.NEGATIVE_INFINITY }

const tokensAt = ({ at, tokens }: Pacing, now: number): number =>
  Math.min(burst, tokens + Math.max(0, now - at) / refillMs)

/** ms until the next line may leave. */
export const paceDelay = (pacing: Pacing, now: number): number =>
  Math.ceil(Math.max(0, 1 - tokensAt(pacing, now)) * refillMs)

/** A line left. */
export const pace = (pacing: Pacing, now: number): Pacing => ({ tokens: tokensAt(pacing, now) - 1, at: now })
