import { Context, type Duration, Effect, Option } from "effect"
import { monotonicMillis } from "./Time.ts"

/** How long the bot may take to stop (F10). */
export interface StopLimits {
  /** For replies in flight. */
  readonly replies: Duration.Input
  /** For the whole shutdown. */
  readonly all: Duration.Input
}

/** The limits of F10: 30 s for the replies, 5 s for what follows. */
export const StopLimits: Context.Reference<StopLimits> = Context.Reference("llm-bot/StopLimits", {
  defaultValue: (): StopLimits => ({ replies: "30 seconds", all: "35 seconds" })
})

/** The log messages of a step: done, or timed out. */
export interface StopMessages {
  readonly done: string
  readonly givenUp: string
}

/** One step of the shutdown, logged with its duration; abandoned when it exceeds its limit. */
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
