import { Clock, Context, Duration, Effect, Layer, Semaphore } from "effect"

const nanosPerMilli = 1_000_000n
/** The longest a timer of the platform waits, ms. */
const longestTimer = 2 ** 31 - 1
/** So many hops through the scheduler bring every fiber that can run to where it waits. */
const settlingHops = 20
/** What falls due more often than this in one jump is not waited for any more: the rest wakes at its end. */
const mostWakes = 20_000

/** How long one jump waits for what takes the world's own time, ms in all. */
const patienceMs = 4_000

/** A fiber that sleeps. */
interface Sleeper {
  /** Monotonic ns. */
  readonly due: bigint
  readonly wake: () => void
  timer: NodeJS.Timeout | undefined
}

/** Lets every fiber that can run do so. */
const settle: Effect.Effect<void> = Effect.forEach(
  Array.from({ length: settlingHops }),
  () => Effect.yieldNow,
  { discard: true }
)

/** Work that takes the world's own time, such as a request to a server: how much is under way. */
const makeOutside = () => {
  // As many as there are requests under way.
  let underWay = 0
  let onIdle: (() => void) | undefined

  const during = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => void underWay++),
      () => work,
      () =>
        Effect.sync(() => {
          underWay--
          if (underWay === 0) onIdle?.()
        })
    )

  /** Waits until nothing is under way, but no longer than so many ms of the world's time; says how many are left. */
  const idle = (atMostMs: number): Effect.Effect<number> =>
    Effect.callback<number>((resume) => {
      if (underWay === 0 || atMostMs <= 0) return resume(Effect.succeed(atMostMs))
      const began = performance.now()
      const goOn = (): void => {
        clearTimeout(timer)
        onIdle = undefined
        resume(Effect.succeed(Math.max(0, atMostMs - (performance.now() - began))))
      }
      const timer = setTimeout(goOn, atMostMs)
      onIdle = goOn
    })

  return { during, idle }
}

const nanos = (millis: number): bigint => BigInt(Math.ceil(millis * 1e6))

/** The real clock plus whatever was jumped over. */
const makeClock = (real: Clock.Clock) => {
  // As many as there are sleeping fibers.
  const sleepers = new Set<Sleeper>()
  const outside = makeOutside()
  let offset = 0n
  let jumping = false

  const millisUnsafe = () => real.currentTimeMillisUnsafe() + Number(offset / nanosPerMilli)
  const nanosUnsafe = () => real.currentTimeNanosUnsafe() + offset
  const monotonicUnsafe = () => real.monotonicTimeNanosUnsafe() + offset

  const moveTo = (moment: bigint): void => {
    const ahead = moment - monotonicUnsafe()
    if (ahead > 0n) offset += ahead
  }

  const remove = (sleeper: Sleeper): void => {
    clearTimeout(sleeper.timer)
    sleepers.delete(sleeper)
  }

  const wake = (sleeper: Sleeper): void => {
    remove(sleeper)
    sleeper.wake()
  }

  const arm = (sleeper: Sleeper): void => {
    clearTimeout(sleeper.timer)
    // A timer that rings in the middle of a jump would have somebody wake beside it.
    if (jumping) return
    const left = Number(sleeper.due - monotonicUnsafe()) / 1e6
    // A timer of the platform may ring a little early, and a very long sleep takes several.
    const ring = () => left > longestTimer ? arm(sleeper) : wake(sleeper)
    sleeper.timer = setTimeout(ring, Math.min(Math.max(0, left), longestTimer))
  }

  const sleep = (duration: Duration.Duration): Effect.Effect<void> => {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    if (!Number.isFinite(millis)) return Effect.never
    return Effect.callback<void>((resume) => {
      const due = monotonicUnsafe() + nanos(millis)
      const sleeper: Sleeper = { due, wake: () => resume(Effect.void), timer: undefined }
      sleepers.add(sleeper)
      arm(sleeper)
      return Effect.sync(() => remove(sleeper))
    })
  }

  const earliest = (): Sleeper | undefined => {
    let first: Sleeper | undefined
    for (const sleeper of sleepers) if (first === undefined || sleeper.due < first.due) first = sleeper
    return first
  }

  const jump = Effect.fnUntraced(
    function*(duration: Duration.Input) {
      const target = monotonicUnsafe() + nanos(Duration.toMillis(duration))
      jumping = true
      for (const { timer } of sleepers) clearTimeout(timer)
      let patience = patienceMs
      for (let wakes = 0; wakes < mostWakes; wakes++) {
        const next = earliest()
        if (next === undefined || next.due > target) break
        moveTo(next.due)
        wake(next)
        yield* settle
        patience = yield* outside.idle(patience)
        yield* settle
      }
      moveTo(target)
      return millisUnsafe()
    },
    Effect.ensuring(Effect.sync(() => {
      jumping = false
      // Everybody has less time left now.
      for (const sleeper of sleepers) arm(sleeper)
    }))
  )

  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: millisUnsafe,
    currentTimeMillis: Effect.sync(millisUnsafe),
    currentTimeNanosUnsafe: nanosUnsafe,
    currentTimeNanos: Effect.sync(nanosUnsafe),
    monotonicTimeNanosUnsafe: monotonicUnsafe,
    monotonicTimeNanos: Effect.sync(monotonicUnsafe),
    sleep
  }
  return { clock, jump, outside: outside.during }
}

/** A clock that can be moved on: cooldowns, ages and deadlines pass without anybody waiting for them. */
export class AdjustableClock extends Context.Service<AdjustableClock, {
  /** Moves both clocks on and says what time it is then, epoch ms. What falls due on the way happens in order. */
  readonly jump: (duration: Duration.Input) => Effect.Effect<number>
  /** Runs what takes the world's own time, such as a request: a jump on whose way it falls waits for it, for a while. */
  readonly outside: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs something by the time of the world, which never jumps. */
  readonly unmoved: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}>()("llm-bot/JumpClock") {
  /** This clock, and the same as everybody's. */
  static readonly layer = Layer.effectContext(Effect.clockWith((real) =>
    Effect.sync(() => {
      const { clock, jump, outside } = makeClock(real)
      const one = Semaphore.makeUnsafe(1)
      return Context.make(
        AdjustableClock,
        AdjustableClock.of({
          jump: (duration) => one.withPermit(jump(duration)),
          outside,
          unmoved: Effect.provideService(Clock.Clock, real)
        })
      ).pipe(Context.add(Clock.Clock, clock))
    })
  ))
}
