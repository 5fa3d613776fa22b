import { Context, type Duration, Effect, Option } from "effect"
import { monotonicMillis } from "./Time.ts"

/** How long the bot may take to stop (F10). */
export interface StopLimits {
  /** For the replies under way. */
  readonly replies: Duration.Input
  /** For everything together. */
  readonly all: Duration.Input
}

/** The limits of F10: 30 s for the replies, 5 s for what follows. */
export const StopLimits: Context.Reference<StopLimits> = Context.Reference("llm-bot/StopLimits", {
  defaultValue: (): StopLimits => ({ replies: "30 seconds", all: "35 seconds" })
})

/** What is logged of a step: that it is done, or that it took too long. */
export interface StopMessages {
  readonly done: string
  readonly givenUp: string
}

/** One step of the stop, logged with the time it took; what takes longer than it may is given up. */
export const stopStep = Effect.fnUntraced(function*(
  { done, givenUp }: StopMessages,
  within: Duration.Input,
  step: Effect.Effect<void>
) {
  const began = yield* monotonicMillis
  const result = yield* Effect.timeoutOption(step, within)
  const duration_ms = Math.round((yield* monotonicMillis) - began)
  const log = Option.isSome(result) ? Effect.logInfo(done) : Effect.logWarning(givenUp)
  yield* Effect.annotateLogs(log, { duration_ms })
})
