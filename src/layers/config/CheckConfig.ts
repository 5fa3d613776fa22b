import { Effect, Result, Struct } from "effect"
import type { LocatedDiagnostic } from "../../domain/settings/Diagnostic.ts"
import * as ConfigFile from "./ConfigFile.ts"
import { tryConnections } from "./ConnectCheck.ts"
import { print, printError } from "../process/Print.ts"

/** The options of `check-config`. */
export interface CheckOptions {
  readonly file: string
  readonly format: "json" | "text"
  /** Whether to try NATS, the key and the model too. */
  readonly connect: boolean
}

/** The problem's line, if any, with a caret below its column. Tabs stay tabs, so the caret aligns. */
const excerpt = ({ column, source }: LocatedDiagnostic): string =>
  source === "" ? "" : `\n  ${source}\n  ${source.slice(0, column - 1).replace(/[^\t]/g, " ")}^`

const isError = ({ severity }: LocatedDiagnostic): boolean => severity === "error"

const problemsOf = Effect.fnUntraced(function*({ connect, file }: CheckOptions) {
  const result = yield* ConfigFile.check(file)
  if (Result.isFailure(result)) return result.failure
  const { place, settings, warnings } = result.success
  return connect ? [...warnings, ...(yield* tryConnections(settings)).map(place)] : warnings
})

const jsonText = (problems: ReadonlyArray<LocatedDiagnostic>): string =>
  JSON.stringify(
    {
      valid: !problems.some(isError),
      problems: problems.map(Struct.omit(["source"]))
    },
    null,
    2
  )

/** `llm-bot check-config`: every problem at once, with its place; fails when there is an error (OPERATIONS, check-config). */
export const checkConfig = Effect.fn("CheckConfig")(function*(options: CheckOptions) {
  const { file, format } = options
  const problems = yield* problemsOf(options)
  if (format === "json") yield* print(jsonText(problems))
  for (const problem of format === "text" ? problems : []) {
    yield* printError(`${ConfigFile.problemText(file, problem)}${excerpt(problem)}`)
  }
  if (problems.some(isError)) return yield* ConfigFile.errorOf(file, problems)
  if (format === "text") yield* print("valid")
})
