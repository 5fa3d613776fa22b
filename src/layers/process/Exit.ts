import { Cause, Exit, Option, Predicate, type Runtime, Schema } from "effect"
import { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
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

/** The command line cannot be carried out. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

/** The exit code an error stands for. */
const codeOf = (error: unknown): number => {
  if (isNatsError(error) || error instanceof JetStreamFault) return exitCodes.nats
  if (!Predicate.hasProperty(error, "_tag") || typeof error._tag !== "string") return exitCodes.runtime
  return usageErrors.has(error._tag) ? exitCodes.usage : exitCodes.runtime
}

/** Exits as F10 says: 0 after a signal and a clean stop, else the error's code. */
export const teardown: Runtime.Teardown = (exit, onExit) => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return onExit(exitCodes.clean)
  return onExit(Option.match(Cause.findErrorOption(exit.cause), { onNone: () => exitCodes.runtime, onSome: codeOf }))
}
