import process from "node:process"
import { Effect } from "effect"
import { visibleText } from "./VisibleText.ts"

const write = (stream: NodeJS.WriteStream, text: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => void stream.write(visibleText(text), () => resume(Effect.void)))

/** Prints a line or several on stdout: what others wrote in them cannot steer the terminal. */
export const print = (text: string): Effect.Effect<void> => write(process.stdout, `${text}\n`)

/** Prints a part of a text on stdout, with the line ends that it has. */
export const printPart = (text: string): Effect.Effect<void> => write(process.stdout, text)

/** The same on stderr. */
export const printError = (text: string): Effect.Effect<void> => write(process.stderr, `${text}\n`)
