import { Cause, Exit, Option, Predicate, type Runtime, Schema } from "effect"
import { NatsError } from "../../services/Nats.ts"
import { exitCodes } from "./ExitCodes.ts"

const isNatsError = Schema.is(NatsError)
const usageErrors: ReadonlySet<string> = new Set([
  "ConfigError",
  "NothingFound",
  "ReplayLogError",
  "ShowHelp",
  "UsageError"
])

/** What was given on the command line cannot be done. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

/** The exit code an error stands for. */
const codeOf = (error: unknown): number => {
  if (isNatsError(error)) return exitCodes.nats
  if (!Predicate.hasProperty(error, "_tag") || typeof error._tag !== "string") return exitCodes.runtime
  return usageErrors.has(error._tag) ? exitCodes.usage : exitCodes.runtime
}

/** Ends the process as F10 says: a signal after a clean stop is 0, an error what it stands for. */
export const teardown: Runtime.Teardown = (exit, onExit) => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return onExit(exitCodes.clean)
  return onExit(Option.match(Cause.findErrorOption(exit.cause), { onNone: () => exitCodes.runtime, onSome: codeOf }))
}
