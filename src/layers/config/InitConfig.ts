import { writeFile } from "node:fs/promises"
import { Effect, Predicate } from "effect"
import * as ConfigFile from "./ConfigFile.ts"
import { packageFile } from "../process/Package.ts"
import { print, printError } from "../process/Print.ts"

const isThere = (cause: unknown): boolean => Predicate.hasProperty(cause, "code") && cause.code === "EEXIST"

const problemOf = (file: string) => (cause: unknown): ConfigFile.ConfigError => {
  const why = isThere(cause) ? "is there already and is left alone" : `cannot be written: ${String(cause)}`
  return new ConfigFile.ConfigError({ file, problems: [`${file}: ${why}`] })
}

const nextSteps = (file: string): string =>
  `${file} is written. Set channels and bot.username in it, then look at it with

  llm-bot check-config ${file}

An editor completes and checks the fields once the schema lies beside it:

  llm-bot schema > config.schema.json`

/** `llm-bot init`: writes the commented starting configuration, never over a file that is there (OPERATIONS, init). */
export const initConfig = Effect.fn("InitConfig")(
  function*(file: string) {
    const text = packageFile("config/config.example.yaml")
    yield* Effect.tryPromise({ try: () => writeFile(file, text, { flag: "wx" }), catch: problemOf(file) })
    yield* print(nextSteps(file))
  },
  Effect.tapError(({ message }) => printError(message))
)
