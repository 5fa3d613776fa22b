import process from "node:process"
import { isDaemon, stop } from "./EarlySignals.ts"
import { exitCodes } from "./ExitCodes.ts"
import { visibleText } from "./VisibleText.ts"

/** The error code of a write whose reader has closed. */
const gone: ReadonlySet<string | undefined> = new Set(["EPIPE", "ECONNRESET", "EIO", "ENXIO"])

const words: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is too large"
}

const wordsOf = ({ code }: NodeJS.ErrnoException): string =>
  gone.has(code) ? "nobody reads it any more" : words[code ?? ""] ?? "it cannot be written"

const reasonOf = (error: NodeJS.ErrnoException): string => `${wordsOf(error)} (${error.code ?? "unknown"})`

let failure: string | undefined

/** Why the last write to stdout failed; nothing where it succeeded. */
export const outputFailure = (): string | undefined => failure

/** Writes to stdout and records the result: a later line may succeed again. */
export const writeOutput = (text: string): void => {
  process.stdout.write(visibleText(text), (error) => {
    failure = error === null || error === undefined ? undefined : reasonOf(error)
  })
}

/**
 * Survives the loss of stdout and stderr: the daemon continues without a log, other commands end, quietly where
 * their reader has closed (OPERATIONS, commands).
 */
export const surviveOutput = (): void => {
  // There is no other place to say it.
  process.stderr.on("error", () => undefined)
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (isDaemon()) return
    if (gone.has(error.code)) return stop()
    process.stderr.write(`the result is lost: ${reasonOf(error)}\n`)
    process.exit(exitCodes.runtime)
  })
}
