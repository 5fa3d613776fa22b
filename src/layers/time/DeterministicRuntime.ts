import { Clock, Effect, Exit, type Fiber, Scheduler, Schema } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { makeSettlingScheduler } from "./SettlingScheduler.ts"
import { makeVirtualClock, type VirtualClock } from "./VirtualClock.ts"

/** A fiber of the replay waits for something that never happens: a defect. */
export class ReplayStuck extends Schema.TaggedError<ReplayStuck>()("ReplayStuck", { what: Schema.String }) {
  override get message() {
    return `the replay cannot go on (${this.what}); please report it`
  }
}

/**
 * A runtime in which nothing happens by itself: fibers run only on demand, one after the other and always in the
 * same order, and time passes only on demand. The same inputs give the same run.
 */
export interface DeterministicRuntime {
  readonly time: VirtualClock
  /** Runs every fiber that can run, until all of them wait. */
  readonly settle: () => void
  /** Runs an effect that waits for nothing but other fibers. */
  readonly run: <A, E>(what: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, E | ReplayStuck>
}

/** A runtime whose clock starts at a moment. */
export const makeDeterministicRuntime = (start: ClockReading): DeterministicRuntime => {
  const time = makeVirtualClock(start)
  const { scheduler, settle } = makeSettlingScheduler()

  const fork = <A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> =>
    Effect.runFork(
      effect.pipe(
        Effect.provideService(Clock.Clock, time.clock),
        // A fiber runs without yielding until it waits.
        Effect.provideService(Scheduler.PreventSchedulerYield, true)
      ),
      { scheduler }
    )

  return {
    time,
    settle,
    run: <A, E>(what: string, effect: Effect.Effect<A, E>) =>
      Effect.suspend((): Effect.Effect<A, E | ReplayStuck> => {
        const fiber = fork(effect)
        settle()
        const exit = fiber.pollUnsafe()
        if (exit === undefined) return new ReplayStuck({ what })
        return Exit.isSuccess(exit) ? Effect.succeed(exit.value) : Effect.failCause(exit.cause)
      })
  }
}
