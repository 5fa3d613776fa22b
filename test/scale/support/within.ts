import { Effect, Schedule } from "effect"

/** Asks again until it is as wanted; else a defect after so many seconds. */
export const within = <A, E, R>(
  seconds: number,
  what: string,
  effect: Effect.Effect<A, E, R>,
  until: (value: A) => boolean
) =>
  effect.pipe(
    Effect.repeat({ until, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutOrElse({
      duration: `${seconds} seconds`,
      orElse: () =>
        Effect.flatMap(effect, (now) =>
          Effect.die(new Error(`not within ${seconds} s: ${what}; now ${JSON.stringify(now)}`)))
    })
  )
