import { Clock, Duration, Effect } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"

/** Somebody who sleeps until a moment, monotonic ms. */
interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

/** A clock that goes only when it is told to. */
export interface VirtualClock {
  readonly clock: Clock.Clock
  readonly now: () => ClockReading
  /** When the next sleeper wakes, monotonic ms. */
  readonly nextDue: () => number | undefined
  /** Lets time pass until the next sleeper is due, and wakes it. */
  readonly wakeNext: () => void
  /** Lets time pass until a moment at which nobody is due yet. The wall clock is set to it: the two clocks may drift. */
  readonly setTo: (moment: ClockReading) => void
}

/** A clock that stands at a moment. */
export const makeVirtualClock = (start: ClockReading): VirtualClock => {
  let { monotonic, wall } = start
  // Grows with the fibers that sleep, which the channels and the limits bound. Sorted, the next one last.
  const sleepers: Array<Sleeper> = []

  const add = (sleeper: Sleeper): void => {
    let index = sleepers.length
    // Of two that are due at once the first to come is the first to wake.
    while (index > 0 && (sleepers[index - 1]?.due ?? 0) <= sleeper.due) index--
    sleepers.splice(index, 0, sleeper)
  }

  const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      const sleeper = { due: monotonic + Duration.toMillis(duration), wake: () => resume(Effect.void) }
      add(sleeper)
      return Effect.sync(() => {
        const index = sleepers.indexOf(sleeper)
        if (index >= 0) sleepers.splice(index, 1)
      })
    })

  const millis = (): number => Math.round(wall)
  const nanos = (ms: number): bigint => BigInt(Math.round(ms * 1e6))
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: () => nanos(wall),
    currentTimeNanos: Effect.sync(() => nanos(wall)),
    monotonicTimeNanosUnsafe: () => nanos(monotonic),
    monotonicTimeNanos: Effect.sync(() => nanos(monotonic)),
    sleep
  }

  const moveTo = (to: number): void => {
    wall += Math.max(0, to - monotonic)
    monotonic = Math.max(monotonic, to)
  }

  return {
    clock,
    now: () => ({ monotonic, wall: millis() }),
    nextDue: () => sleepers.at(-1)?.due,
    wakeNext: () => {
      const next = sleepers.pop()
      if (next === undefined) return
      moveTo(next.due)
      next.wake()
    },
    setTo: (moment) => {
      moveTo(moment.monotonic)
      wall = moment.wall
    }
  }
}
