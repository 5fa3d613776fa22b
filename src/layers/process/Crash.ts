import { writeSync } from "node:fs"
import process from "node:process"
import { defectText } from "./DefectText.ts"
import { isDaemon } from "./EarlySignals.ts"
import { exitCodes } from "./ExitCodes.ts"

const message = "Internal error; please report it"

/** The daemon writes the error as a log line. */
const lineOf = (error: string): string =>
  isDaemon()
    ? JSON.stringify({
      timestamp: new Date().toISOString(),
      level: "CRITICAL",
      logger: "llm-bot",
      message,
      error
    })
    : `${message}: ${error}`

/** What a command says of an error that is nobody's fault but the program's. */
export const crashText = (error: unknown): string =>
  `${message}: ${error instanceof Error ? defectText(error, false) : "an internal error"}`

/** Writes a line at once; without a reader it is lost. */
const write = (descriptor: number, line: string): void => {
  try {
    writeSync(descriptor, `${line}\n`)
  } catch {
    // There is no other place to say it.
  }
}

/** An uncaught error ends the process with the code of a runtime failure and one line (F10). */
export const endOnCrash = (): void => {
  process.on("uncaughtException", (error: unknown) => {
    const text = error instanceof Error ? defectText(error, false) : "an internal error"
    write(isDaemon() ? 1 : 2, lineOf(text))
    process.exit(exitCodes.runtime)
  })
}
