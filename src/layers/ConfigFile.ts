import { readFile } from "node:fs/promises"
import process from "node:process"
import { Effect, Layer, Result, Schema, SubscriptionRef } from "effect"
import { activate } from "../domain/ChannelSettings.ts"
import { type ConfigProblem, parseSettings } from "../domain/settings/SettingsFile.ts"
import { BotConfig } from "../services/BotConfig.ts"

/** A configuration that cannot be used. The message has one line a problem. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  file: Schema.String,
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.problems.join("\n")
  }
}

/** A problem as compilers write theirs: `file:line:col: error: field: what`. */
export const problemText = (file: string, { column, line, message, path, severity }: ConfigProblem): string =>
  `${file}:${line}:${column}: ${severity}: ${path === "" ? "" : `${path}: `}${message}`

const read = (file: string): Effect.Effect<string, ConfigError> =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) =>
      new ConfigError({
        file,
        problems: [`${file}: cannot be read: ${cause instanceof Error ? cause.message : "unknown"}`]
      })
  })

/** Reads and checks a configuration file. */
export const load = Effect.fn("ConfigFile.load")(function*(file: string) {
  const parsed = parseSettings(yield* read(file), process.env)
  if (Result.isSuccess(parsed)) return parsed.success
  return yield* new ConfigError({ file, problems: parsed.failure.map((problem) => problemText(file, problem)) })
})

/** The configuration of a file, in force until the program ends. */
export const layer = (file: string): Layer.Layer<BotConfig, ConfigError> =>
  Layer.effect(BotConfig, Effect.gen(function*() {
    const { settings, warnings } = yield* load(file)
    for (const warning of warnings) yield* Effect.logWarning(problemText(file, warning))
    return BotConfig.fromRef(yield* SubscriptionRef.make(activate(settings)))
  }))
