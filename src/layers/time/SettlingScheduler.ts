import { Effect, Scheduler } from "effect"

/** Runs fibers and knows when all of them wait: for time, for I/O, or for each other. */
export interface SettlingScheduler {
  readonly scheduler: Scheduler.Scheduler
  /** Runs every fiber that can run, until all of them wait. */
  readonly settle: () => void
  /** Resumes when all other fibers wait. */
  readonly settled: Effect.Effect<void>
}

/**
 * A scheduler whose fibers run one after the other, always in the same order. With `later` they run by themselves, a
 * round at a time with the event loop in between; without it only on `settle`.
 */
export const makeSettlingScheduler = (later?: (round: () => void) => void): SettlingScheduler => {
  // The tasks of runnable fibers: at most one each.
  let tasks: Array<() => void> = []
  // Waiters for the other fibers, as many as there are clocks.
  const waiting: Array<() => void> = []
  let expected = false

  const expectRound = (): void => {
    if (later === undefined || expected) return
    expected = true
    later(() => {
      expected = false
      round()
      if (tasks.length > 0 || waiting.length > 0) expectRound()
    })
  }

  /** Runs the pending tasks; without any, all fibers wait. */
  const round = (): void => {
    const now = tasks
    tasks = []
    for (const task of now) task()
    if (tasks.length === 0) waiting.shift()?.()
  }

  const scheduler = new Scheduler.MixedScheduler("async", (task) => {
    tasks.push(task)
    expectRound()
    return () => {
      tasks = tasks.filter((other) => other !== task)
    }
  })

  return {
    scheduler,
    settle: () => {
      while (tasks.length > 0 || waiting.length > 0) round()
    },
    settled: Effect.callback<void>((resume) => {
      const goOn = (): void => resume(Effect.void)
      waiting.push(goOn)
      expectRound()
      return Effect.sync(() => {
        const index = waiting.indexOf(goOn)
        if (index >= 0) waiting.splice(index, 1)
      })
    })
  }
}
