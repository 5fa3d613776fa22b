import { Clock, Context, Duration, Effect, Layer, Scheduler, Semaphore } from "effect"
import { makeSettlingScheduler } from "./SettlingScheduler.ts"
import { makeSleepers } from "./Sleepers.ts"

/** The longest a timer of the platform waits, ms. */
const longestTimer = 2 ** 31 - 1
/** Wake-ups handled in order in one jump; beyond that the rest wakes at its end. */
const mostWakes = 20_000

/** How long one jump waits for real-time work, ms in all. */
const patienceMs = 4_000

/** Counts real-time work in progress, such as a request to a server. */
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

  /** Waits until nothing is in progress, at most so many real ms; returns the ms left. */
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

/** The real clock plus all jumps; `settled` waits until all other fibers wait. */
const makeClock = (real: Clock.Clock, settled: Effect.Effect<void>) => {
  const outside = makeOutside()
  // The sum of all jumps, ms.
  let offset = 0
  let jumping = false
  let timer: NodeJS.Timeout | undefined
  let armedFor: number | undefined

  const nanos = (): bigint => BigInt(Math.round(offset * 1e6))
  const millisUnsafe = () => real.currentTimeMillisUnsafe() + Math.floor(offset)
  const nanosUnsafe = () => real.currentTimeNanosUnsafe() + nanos()
  const monotonicUnsafe = () => real.monotonicTimeNanosUnsafe() + nanos()
  const now = (): number => Number(monotonicUnsafe()) / 1e6

  const moveTo = (moment: number): void => {
    offset += Math.max(0, moment - now())
  }

  /** One timer of the platform for the next sleeper; none during a jump, which wakes the sleepers itself. */
  const arm = (): void => {
    const due = jumping ? undefined : sleepers.nextDue()
    if (due === armedFor) return
    clearTimeout(timer)
    armedFor = due
    if (due !== undefined) timer = setTimeout(ring, Math.min(Math.max(0, Math.ceil(due - now())), longestTimer))
  }
  const sleepers = makeSleepers(arm)

  // A timer of the platform may ring a little early, and a very long sleep takes several.
  const ring = (): void => {
    for (let due = sleepers.nextDue(); due !== undefined && due <= now(); due = sleepers.nextDue()) sleepers.wakeNext()
    armedFor = undefined
    arm()
  }

  const sleep = (duration: Duration.Duration): Effect.Effect<void> => {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    return Number.isFinite(millis) ? Effect.suspend(() => sleepers.until(now() + millis)) : Effect.never
  }

  const jump = Effect.fnUntraced(
    function*(duration: Duration.Input) {
      const target = now() + Duration.toMillis(duration)
      jumping = true
      arm()
      let patience = patienceMs
      for (let wakes = 0; wakes < mostWakes; wakes++) {
        const due = sleepers.nextDue()
        if (due === undefined || due > target) break
        moveTo(due)
        sleepers.wakeNext()
        yield* settled
        patience = yield* outside.idle(patience)
        yield* settled
      }
      moveTo(target)
      return millisUnsafe()
    },
    Effect.ensuring(Effect.sync(() => {
      jumping = false
      arm()
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

/** A clock that can jump ahead: cooldowns, ages and deadlines pass without waiting. */
export class AdjustableClock extends Context.Service<AdjustableClock, {
  /** Moves both clocks ahead and returns the new time, epoch ms. What falls due on the way happens in order. */
  readonly jump: (duration: Duration.Input) => Effect.Effect<number>
  /** Runs real-time work, such as a request: a jump waits for it, up to a limit. */
  readonly outside: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs something by real time, which never jumps. */
  readonly unmoved: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}>()("llm-bot/AdjustableClock") {
  /** Provides this clock and a scheduler that knows when a jump has settled. */
  static readonly layer = Layer.effectContext(Effect.clockWith((real) =>
    Effect.sync(() => {
      const { scheduler, settled } = makeSettlingScheduler((round) => void setImmediate(round))
      const { clock, jump, outside } = makeClock(real, settled)
      const one = Semaphore.makeUnsafe(1)
      return Context.make(
        AdjustableClock,
        AdjustableClock.of({
          jump: (duration) => one.withPermit(jump(duration)),
          outside,
          unmoved: Effect.provideService(Clock.Clock, real)
        })
      ).pipe(Context.add(Clock.Clock, clock), Context.add(Scheduler.Scheduler, scheduler))
    })
  ))
}
