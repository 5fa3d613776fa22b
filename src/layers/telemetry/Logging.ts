import { Array, Cause, Formatter, Layer, Logger, LogLevel, References } from "effect"
import { LogThreshold } from "../../services/telemetry/LogWriter.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import { defectText } from "../process/DefectText.ts"
import { writeOutput } from "../process/Output.ts"

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

/** The settings of format and level. */
export type LogSettings = Pick<Settings, "log_level" | "log_format"> & {
  readonly telemetry: Pick<Settings["telemetry"], "log_content">
}

/** Longer messages and errors are cut. */
const longestText = 2_000

const cut = (text: string): string =>
  text.length <= longestText ? text : `${text.slice(0, longestText)}… (${text.length - longestText} characters more)`

/** JSON of any value: circular and unserialisable parts are left out or described; never throws. */
const json = (value: unknown): string => {
  try {
    return Formatter.formatJson(value)
  } catch {
    return "\"(cannot be shown)\""
  }
}

const textOf = (part: unknown): string => typeof part === "string" ? part : json(part)

/** An internal error's name and stack frames: its message may hold what people wrote (N4). */
const internalText = (defect: unknown, { telemetry }: LogSettings): string => {
  if (defect instanceof Error) return defectText(defect, telemetry.log_content)
  return telemetry.log_content ? textOf(defect) : "an internal error"
}

/** One reason of a cause; tagged errors have messages made for the log. */
const reasonText = (reason: Cause.Reason<unknown>, settings: LogSettings): string => {
  switch (reason._tag) {
    case "Fail":
      return reason.error instanceof Error ? reason.error.message : textOf(reason.error)
    case "Die":
      return internalText(reason.defect, settings)
    case "Interrupt":
      return "interrupted"
  }
}

/** The fields of one line: its message, further arguments as `error`, then the annotations. */
const fieldsOf = (options: Logger.Options<unknown>, settings: LogSettings): Record<string, unknown> => {
  const [message = "", ...details] = Array.ensure(options.message)
  const { logger = "llm-bot", ...annotations } = options.fiber.getRef(References.CurrentLogAnnotations)
  const error = [
    ...details.map((detail) => detail instanceof Error ? internalText(detail, settings) : textOf(detail)),
    ...options.cause.reasons.map((reason) => reasonText(reason, settings))
  ].join("; ")
  return {
    timestamp: options.date.toISOString(),
    level: levelNames[options.logLevel],
    logger,
    message: cut(textOf(message)),
    ...(error === "" ? {} : { error: cut(error) }),
    ...annotations
  }
}

/** A value for people, always on one line. */
const valueText = (value: unknown): string => {
  const text = textOf(value)
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : text
}

const prettyLine = ({ level, logger, message, timestamp, ...rest }: Record<string, unknown>): string => {
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${valueText(value)}`)
  const head = `${String(timestamp).slice(11, 23)} ${String(level).padEnd(8)} ${valueText(logger)}: ${
    valueText(message)
  }`
  return [head, ...fields].join(" ")
}

/** One line an entry on stdout, JSON or for people, by the settings in force (OPERATIONS, logs). */
export const layerFollowing = (read: () => LogSettings): Layer.Layer<never> => {
  const toStdout = Logger.make((options: Logger.Options<unknown>): void => {
    const settings = read()
    if (LogLevel.isLessThan(options.logLevel, minimum[settings.log_level])) return
    const fields = fieldsOf(options, settings)
    const line = settings.log_format === "json" ? json(fields) : prettyLine(fields)
    writeOutput(`${line}\n`)
  })
  // The level may change at any time, so every line reaches the logger.
  return Layer.mergeAll(
    Logger.layer([toStdout]),
    Layer.succeed(References.MinimumLogLevel, "Debug"),
    Layer.succeed(LogThreshold, () => minimum[read().log_level])
  )
}

/** The same with fixed settings and without the texts of people. */
export const layer = (settings: Pick<Settings, "log_level" | "log_format">): Layer.Layer<never> =>
  layerFollowing(() => ({ ...settings, telemetry: { log_content: false } }))
