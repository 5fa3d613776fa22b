import process from "node:process"
import { isDaemon, stop } from "./EarlySignals.ts"
import { exitCodes } from "./ExitCodes.ts"

/** What a write says when whoever read is gone. */
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

/** Why the last line could not be written to stdout; nothing where it was. */
export const outputFailure = (): string | undefined => failure

/** Writes to stdout and notes whether that worked: the next line may get through again. */
export const writeOutput = (text: string): void => {
  process.stdout.write(text, (error) => {
    failure = error === null || error === undefined ? undefined : reasonOf(error)
  })
}

/**
 * Survives whatever becomes of stdout and stderr: the daemon goes on without a log, other commands end, quietly where
 * their reader is gone (OPERATIONS, commands).
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
