import { Clock, Effect } from "effect"

/**
 * A reading of both clocks. Limits, cooldowns and deadlines run on `monotonic`, which never goes back; identity,
 * staleness and the ages of lines on `wall` (F1, clock).
 */
export interface ClockReading {
  /** Epoch ms. */
  readonly wall: number
  /** ms since some fixed point. */
  readonly monotonic: number
}

/** A clock's reading that never goes back, ms. */
export const monotonicOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** The moment this is run. */
export const readClock: Effect.Effect<ClockReading> = Effect.clockWith((clock) =>
  Effect.sync(() => ({
    wall: clock.currentTimeMillisUnsafe(),
    monotonic: monotonicOf(clock)
  }))
)

/** ms on the clock that never goes back. */
export const monotonicMillis: Effect.Effect<number> = Effect.map(
  Clock.monotonicTimeNanos,
  (nanos) => Number(nanos) / 1e6
)
