import process from "node:process"
import { Array, Cause, Layer, Logger, type LogLevel, References } from "effect"
import type { Settings } from "../domain/settings/Settings.ts"

const levelNames: Readonly<Record<LogLevel.LogLevel, string>> = {
  None: "CRITICAL",
  All: "DEBUG",
  Fatal: "CRITICAL",
  Error: "ERROR",
  Warn: "WARNING",
  Info: "INFO",
  Debug: "DEBUG",
  Trace: "DEBUG"
}

const minimum: Readonly<Record<Settings["log_level"], LogLevel.Severity>> = {
  DEBUG: "Debug",
  INFO: "Info",
  WARNING: "Warn",
  ERROR: "Error",
  CRITICAL: "Fatal"
}

const textOf = (part: unknown): string =>
  typeof part === "string" ? part : part instanceof Error ? part.message : JSON.stringify(part) ?? ""

/** The fields of one line: what it says first, what was said besides as `error`, then whatever was annotated. */
const fieldsOf = (options: Logger.Options<unknown>): Record<string, unknown> => {
  const [message = "", ...details] = Array.ensure(options.message).map(textOf)
  const { logger = "llm-bot", ...annotations } = options.fiber.getRef(References.CurrentLogAnnotations)
  const cause = options.cause.reasons.length === 0 ? [] : [Cause.pretty(options.cause)]
  const error = [...details, ...cause].join("; ")
  return {
    timestamp: options.date.toISOString(),
    level: levelNames[options.logLevel],
    logger,
    message,
    ...(error === "" ? {} : { error }),
    ...annotations
  }
}

const json = Logger.make((options: Logger.Options<unknown>): string => JSON.stringify(fieldsOf(options)))

const pretty = Logger.make((options: Logger.Options<unknown>): string => {
  const { level, logger, message, timestamp, ...rest } = fieldsOf(options)
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${textOf(value)}`).join(" ")
  return `${String(timestamp).slice(11, 23)} ${String(level).padEnd(8)} ${textOf(logger)}: ${textOf(message)} ${fields}`.trimEnd()
})

const toStdout = <A>(logger: Logger.Logger<A, string>): Logger.Logger<A, void> =>
  Logger.map(logger, (line) => void process.stdout.write(`${line}\n`))

/** One line an entry on stdout, JSON or for people (OPERATIONS, logs). */
export const layer = (settings: Pick<Settings, "log_level" | "log_format">): Layer.Layer<never> =>
  Layer.merge(
    Logger.layer([toStdout(settings.log_format === "json" ? json : pretty)]),
    Layer.succeed(References.MinimumLogLevel, minimum[settings.log_level])
  )
