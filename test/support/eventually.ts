import { Effect, Schedule } from "effect"

/** Asks again and again until the answer is as wanted; one that stays away is a defect that says what was waited for. */
export const eventually = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>, until: (value: A) => boolean) =>
  effect.pipe(
    Effect.repeat({ until, schedule: Schedule.spaced("10 millis") }),
    Effect.timeoutOrElse({ duration: "20 seconds", orElse: () => Effect.die(new Error(`not within 20 s: ${what}`)) })
  )
