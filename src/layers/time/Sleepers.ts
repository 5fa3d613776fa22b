import { Effect } from "effect"

/** The fibers that sleep on a clock, the next to wake first. */
export interface Sleepers {
  /** Sleeps until a moment, monotonic ms. */
  readonly until: (due: number) => Effect.Effect<void>
  /** When the next one wakes, monotonic ms. */
  readonly nextDue: () => number | undefined
  readonly wakeNext: () => void
}

interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

/** No sleepers yet; `changed` is called when the next to wake may be another one. */
export const makeSleepers = (changed: () => void = () => {}): Sleepers => {
  // Grows with the fibers that sleep, which the channels and the limits bound. Sorted, the next one last.
  const sleepers: Array<Sleeper> = []

  const add = (sleeper: Sleeper): void => {
    let index = sleepers.length
    // Of two that are due at once, the first to sleep wakes first.
    while (index > 0 && (sleepers[index - 1]?.due ?? 0) <= sleeper.due) index--
    sleepers.splice(index, 0, sleeper)
    changed()
  }

  return {
    until: (due) =>
      Effect.callback<void>((resume) => {
        const sleeper = { due, wake: () => resume(Effect.void) }
        add(sleeper)
        return Effect.sync(() => {
          const index = sleepers.indexOf(sleeper)
          if (index < 0) return
          sleepers.splice(index, 1)
          changed()
        })
      }),
    nextDue: () => sleepers.at(-1)?.due,
    wakeNext: () => {
      const next = sleepers.pop()
      changed()
      next?.wake()
    }
  }
}
