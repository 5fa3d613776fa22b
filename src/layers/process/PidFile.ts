import { constants } from "node:fs"
import { open, rm } from "node:fs/promises"
import process from "node:process"
import { Effect, Option } from "effect"

// No link is followed and no pipe awaited: another writer of the folder must not choose what is overwritten.
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

const write = async (file: string): Promise<void> => {
  const handle = await open(file, flags, 0o644)
  try {
    if (!(await handle.stat()).isFile()) throw new Error("it is no file")
    await handle.truncate()
    await handle.writeFile(`${process.pid}\n`)
  } finally {
    await handle.close()
  }
}

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "unknown"
  return "code" in cause && cause.code === "ELOOP" ? "it is a link" : cause.message
}

/** How long removing the file may take at the end. */
const removeWithin = "1 second"

const remove = (file: string): Effect.Effect<void> =>
  Effect.tryPromise({ try: () => rm(file, { force: true }), catch: reasonOf }).pipe(
    Effect.catch((reason) => Effect.logWarning(`PID file ${file} cannot be removed`, reason)),
    Effect.timeoutOption(removeWithin),
    Effect.asVoid
  )

/** Writes the process id to a file until the scope closes; one that cannot be written is a warning (F10). */
export const pidFile = (file: string) =>
  Effect.acquireRelease(
    Effect.tryPromise({ try: () => write(file), catch: reasonOf }).pipe(
      Effect.tapError((reason) => Effect.logWarning(`PID file ${file} cannot be written`, reason)),
      Effect.option
    ),
    (written) => Option.isNone(written) ? Effect.void : remove(file)
  )
