import { Cause, Effect, type LogLevel } from "effect"

/** Writes a log line at once. */
export type LogWriter = (
  level: LogLevel.Severity,
  message: string,
  fields: Readonly<Record<string, unknown>>,
  defect?: unknown
) => void

/** A writer for plain code, which cannot yield, with the clock and loggers of the fiber that builds it. */
export const makeLogWriter = (logger: string): Effect.Effect<LogWriter> =>
  Effect.map(Effect.context<never>(), (context) => {
    const run = Effect.runSyncWith(context)
    return (level, message, fields, defect) => {
      const parts = defect === undefined ? [message] : [message, Cause.die(defect)]
      run(Effect.annotateLogs(Effect.logWithLevel(level)(...parts), { logger, ...fields }))
    }
  })
