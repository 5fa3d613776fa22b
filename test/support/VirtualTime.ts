import { Clock, Context, Effect, Layer, Scheduler } from "effect"
import { makeSettlingScheduler } from "../../src/layers/time/SettlingScheduler.ts"
import { makeVirtualClock } from "../../src/layers/time/VirtualClock.ts"

/** When simulated time begins: any moment does, as long as it is always the same. */
export const epoch = Date.UTC(2026, 0, 1)

/** The time of the replay for tests: it passes when it is told to, and whatever falls due on the way happens in order. */
export class VirtualTime extends Context.Service<VirtualTime, {
  readonly clock: Clock.Clock
  /** Goes on when all other fibers wait. */
  readonly settled: Effect.Effect<void>
  /** Lets time pass until so many ms after the beginning. */
  readonly passTo: (at: number) => Effect.Effect<void>
}>()("test/VirtualTime") {
  /** This time, and the same as everybody's. */
  static readonly layer = Layer.effectContext(Effect.sync(() => {
    const { scheduler, settled } = makeSettlingScheduler((round) => void setImmediate(round))
    const time = makeVirtualClock({ wall: epoch, monotonic: epoch })
    const passTo = Effect.fnUntraced(function*(at: number) {
      yield* settled
      if (epoch + at <= time.now().monotonic) return
      while (time.pass({ wall: epoch + at, monotonic: epoch + at })) yield* settled
      yield* settled
    })
    return Context.make(VirtualTime, VirtualTime.of({ clock: time.clock, settled, passTo })).pipe(
      Context.add(Clock.Clock, time.clock),
      Context.add(Scheduler.Scheduler, scheduler)
    )
  }))
}

/** Lets time pass until so many ms after the beginning. */
export const passTo = (at: number): Effect.Effect<void, never, VirtualTime> =>
  VirtualTime.use((time) => time.passTo(at))

/** Lets so many ms pass. */
export const pass = (ms: number): Effect.Effect<void, never, VirtualTime> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => passTo(now - epoch + ms))
