import { readFile } from "node:fs/promises"
import process from "node:process"
import { Effect, Result, Schema } from "effect"
import type { LocatedDiagnostic } from "../../domain/settings/Diagnostic.ts"
import { type ParsedSettings, parseSettings } from "../../domain/settings/SettingsFile.ts"
import { fileFault, requireFile } from "./FileFault.ts"

/** A configuration that cannot be used. The message has one line a problem. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  file: Schema.String,
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.problems.join("\n")
  }
}

/** A problem in the format of compilers: `file:line:col: error: field: what (did you mean …?)` (OPERATIONS, check-config). */
export const problemText = (file: string, problem: LocatedDiagnostic): string => {
  const { column, line, message, path, severity, suggestion } = problem
  const hint = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`
  return `${file}:${line}:${column}: ${severity}: ${path === "" ? "" : `${path}: `}${message}${hint}`
}

const unreadable = (cause: unknown): ReadonlyArray<LocatedDiagnostic> => [
  { severity: "error", path: "", line: 1, column: 1, message: fileFault(cause), source: "" }
]

const read = (file: string): Effect.Effect<string, ReadonlyArray<LocatedDiagnostic>> =>
  Effect.tryPromise({ try: () => requireFile(file).then(() => readFile(file, "utf8")), catch: unreadable })

/** Reads a configuration file and finds all its problems; an unreadable file has just that one. */
export const check = (file: string): Effect.Effect<Result.Result<ParsedSettings, ReadonlyArray<LocatedDiagnostic>>> =>
  read(file).pipe(
    Effect.match({
      onFailure: Result.fail,
      onSuccess: (text) => parseSettings(text, process.env)
    })
  )

/** The problems of a file as an error. */
export const errorOf = (file: string, problems: ReadonlyArray<LocatedDiagnostic>): ConfigError =>
  new ConfigError({ file, problems: problems.map((problem) => problemText(file, problem)) })

/** Reads a configuration file that must be usable. */
export const load = Effect.fn("ConfigFile.load")(
  function*(file: string): Effect.fn.Return<ParsedSettings, ConfigError> {
    const result = yield* check(file)
    // Warnings do not refuse a file; check-config lists them too.
    return Result.isSuccess(result)
      ? result.success
      : yield* errorOf(file, result.failure.filter(({ severity }) => severity === "error"))
  }
)

/** The text of a configuration file, unchecked. */
export const textOf = (file: string): Effect.Effect<string, ConfigError> =>
  Effect.mapError(read(file), (problems) => errorOf(file, problems))
