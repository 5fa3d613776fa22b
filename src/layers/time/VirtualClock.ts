import { Clock, Duration, Effect } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { makeSleepers } from "./Sleepers.ts"

/** A clock that moves only on demand. */
export interface VirtualClock {
  readonly clock: Clock.Clock
  readonly now: () => ClockReading
  /**
   * Lets time pass until the next sleeper wakes, true, or else until a moment: call it until it does, and let what woke
   * come to rest in between. The wall clock is set to the moment's: the two clocks may drift.
   */
  readonly pass: (moment: ClockReading) => boolean
}

/** A clock that starts at a moment. */
export const makeVirtualClock = (start: ClockReading): VirtualClock => {
  let { monotonic, wall } = start
  const sleepers = makeSleepers()

  const millis = (): number => Math.round(wall)
  const nanos = (ms: number): bigint => BigInt(Math.round(ms * 1e6))
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: () => nanos(wall),
    currentTimeNanos: Effect.sync(() => nanos(wall)),
    monotonicTimeNanosUnsafe: () => nanos(monotonic),
    monotonicTimeNanos: Effect.sync(() => nanos(monotonic)),
    sleep: (duration) => {
      const millis = Duration.toMillis(duration)
      return millis <= 0 ? Effect.yieldNow : Effect.suspend(() => sleepers.until(monotonic + millis))
    }
  }

  const moveTo = (to: number): void => {
    wall += Math.max(0, to - monotonic)
    monotonic = Math.max(monotonic, to)
  }

  return {
    clock,
    now: () => ({ monotonic, wall: millis() }),
    pass: (moment) => {
      const due = sleepers.nextDue()
      if (due !== undefined && due <= moment.monotonic) {
        moveTo(due)
        sleepers.wakeNext()
        return true
      }
      moveTo(moment.monotonic)
      wall = moment.wall
      return false
    }
  }
}
