import { constants } from "node:fs"
import { open, rm } from "node:fs/promises"
import process from "node:process"
import { Effect, Option } from "effect"

// No link is followed and no pipe waited for: whoever may write the folder must not choose what is overwritten.
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** More than any process id takes. */
const longestId = 16

/** The process that a text names, if it is another one and runs. */
const otherRunning = (text: string): number | undefined => {
  if (!/^\d+\s*$/.test(text) || Number(text) === 0 || Number(text) === process.pid) return undefined
  try {
    process.kill(Number(text), 0)
  } catch (cause) {
    // It runs if it is somebody else's.
    if (!(cause instanceof Error && "code" in cause && cause.code === "EPERM")) return undefined
  }
  return Number(text)
}

/** Puts a process id in the place of what the file holds. */
const replace = async (file: string, idFor: (before: string) => number) => {
  const handle = await open(file, flags, 0o644)
  try {
    if (!(await handle.stat()).isFile()) throw new Error("it is no file")
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestId), 0, longestId, 0)
    const before = buffer.toString("latin1", 0, bytesRead)
    const id = idFor(before)
    await handle.truncate()
    await handle.write(`${id}\n`, 0)
    return { before, id }
  } finally {
    await handle.close()
  }
}

/** Leaves the file to the other bot that it names, or named before and that still runs; without one it goes. */
const leave = async (file: string, before: string): Promise<void> => {
  const { id } = await replace(file, (now) => otherRunning(now) ?? otherRunning(before) ?? process.pid)
  if (id === process.pid) await rm(file, { force: true })
}

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "unknown"
  return "code" in cause && cause.code === "ELOOP" ? "it is a link" : cause.message
}

/** How long giving the file back may take at the end. */
const leaveWithin = "1 second"

/**
 * Writes the process id to a file until the scope closes; one that cannot be written is a warning, and so is one that
 * another bot uses, which gets it back: a start that fails must not take the file of the bot that runs (F10).
 */
export const pidFile = (file: string) =>
  Effect.acquireRelease(
    Effect.tryPromise({ try: () => replace(file, () => process.pid), catch: reasonOf }).pipe(
      Effect.tap(({ before }) => {
        const other = otherRunning(before)
        return other === undefined
          ? Effect.void
          : Effect.logWarning(
            `PID file ${file} names process ${other}, which is running; does another bot use this file?`
          )
      }),
      Effect.tapError((reason) => Effect.logWarning(`PID file ${file} cannot be written`, reason)),
      Effect.option
    ),
    Option.match({
      onNone: () => Effect.void,
      onSome: ({ before }) =>
        Effect.tryPromise({ try: () => leave(file, before), catch: reasonOf }).pipe(
          Effect.catch((reason) => Effect.logWarning(`PID file ${file} cannot be removed`, reason)),
          Effect.timeoutOption(leaveWithin)
        )
    })
  )
