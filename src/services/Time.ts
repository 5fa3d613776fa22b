import { Clock, Effect } from "effect"
import type { ClockReading } from "../domain/ClockReading.ts"

/** A clock's monotonic reading, ms. */
export const monotonicOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** What a clock says now. */
export const readingOf = (clock: Clock.Clock): ClockReading => ({
  wall: clock.currentTimeMillisUnsafe(),
  monotonic: monotonicOf(clock)
})

/** What the clock says now. */
export const readClock: Effect.Effect<ClockReading> = Effect.map(Clock.Clock, readingOf)

/** Monotonic ms. */
export const monotonicMillis: Effect.Effect<number> = Effect.map(Clock.Clock, monotonicOf)

/** Earlier is not early, ms: clocks round. */
const toleratedMs = 0.001

/** Sleeps so many ms and never less: a timer of the platform may ring a little early. */
export const sleepFully = Effect.fnUntraced(function*(ms: number) {
  const due = (yield* monotonicMillis) + ms
  for (let left = ms; left > toleratedMs; left = due - (yield* monotonicMillis)) {
    yield* Effect.sleep(left === ms ? ms : Math.ceil(left))
  }
})
