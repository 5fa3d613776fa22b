import process from "node:process"
import { Cause, Exit, Option, Predicate, type Runtime } from "effect"

/** The exit codes of F10. */
const codes = { clean: 0, usage: 1, nats: 2, runtime: 3 } as const

const usageErrors: ReadonlySet<string> = new Set(["ConfigError", "ShowHelp", "UsageError"])

/** The exit code an error stands for. */
const codeOf = (error: unknown): number => {
  if (!Predicate.hasProperty(error, "_tag") || typeof error._tag !== "string") return codes.runtime
  if (error._tag === "NatsError") return codes.nats
  return usageErrors.has(error._tag) ? codes.usage : codes.runtime
}

/** Ends the process as F10 says: a signal after a clean stop is 0, an error what it stands for. */
export const teardown: Runtime.Teardown = (exit, onExit) => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return onExit(codes.clean)
  return onExit(Option.match(Cause.findErrorOption(exit.cause), { onNone: () => codes.runtime, onSome: codeOf }))
}

/** A second signal does not wait: it ends the process at once (F10). */
export const exitOnSecondSignal = (): void => {
  let signals = 0
  const onSignal = (): void => {
    signals += 1
    if (signals > 1) process.exit(codes.runtime)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
}
