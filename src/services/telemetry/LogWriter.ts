import { Cause, Context, Effect, LogLevel } from "effect"

/** The least level that is written now: what lies below it need not be made. */
export const LogThreshold: Context.Reference<() => LogLevel.Severity> = Context.Reference("llm-bot/LogThreshold", {
  defaultValue: () => (): LogLevel.Severity => "Trace"
})

/** Writes log lines at once, for plain code, which cannot yield. */
export interface LogWriter {
  (level: LogLevel.Severity, message: string, fields: Readonly<Record<string, unknown>>, defect?: unknown): void
  /** Whether lines of a level are written now. */
  readonly isEnabled: (level: LogLevel.Severity) => boolean
}

/** A writer with the clock, the loggers and the threshold of the fiber that builds it. */
export const makeLogWriter = (logger: string): Effect.Effect<LogWriter> =>
  Effect.map(Effect.context<never>(), (context) => {
    const run = Effect.runSyncWith(context)
    const threshold = Context.get(context, LogThreshold)
    const isEnabled = (level: LogLevel.Severity): boolean => !LogLevel.isLessThan(level, threshold())
    const write = (
      level: LogLevel.Severity,
      message: string,
      fields: Readonly<Record<string, unknown>>,
      defect?: unknown
    ): void => {
      if (!isEnabled(level)) return
      const parts = defect === undefined ? [message] : [message, Cause.die(defect)]
      run(Effect.annotateLogs(Effect.logWithLevel(level)(...parts), { logger, ...fields }))
    }
    return Object.assign(write, { isEnabled })
  })
