import { createHash } from "node:crypto"
import { constants } from "node:fs"
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Layer, Option, Predicate, Result, Schema, Semaphore } from "effect"
import { StateName, StateStore, StateUnreadable, StateUnsaved } from "../../services/state/StateStore.ts"
import { makeSavingLog } from "./SavingLog.ts"
import { lockDirectory } from "./StateLock.ts"

const ending = ".json"
const partEnding = ".part"
/** Files read at the same time. */
const mostReads = 16
/** Above this nothing of ours is, bytes. */
const mostBytes = 256 * 1024 * 1024

// No link is followed: whoever may write the directory must not choose what is overwritten.
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW

/** The value's line, and a line that tells whether it is whole. */
const sumOf = (line: string): string => JSON.stringify({ sha256: createHash("sha256").update(line).digest("hex") })
const textOf = (value: unknown): string => {
  const line = JSON.stringify(value)
  return `${line}\n${sumOf(line)}\n`
}

/** The value of a file; why it holds none, if so. */
const valueOf = (text: string): Result.Result<unknown, string> => {
  const [line = "", sum, last, ...more] = text.split("\n")
  return sum === sumOf(line) && last === "" && more.length === 0
    ? Result.try({ try: (): unknown => JSON.parse(line), catch: () => "it is no JSON" })
    : Result.fail("it is damaged, or was edited")
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not write there",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  ENOENT: "the directory is gone",
  ENOSPC: "no space is left on the disk",
  ENOTDIR: "it is no directory",
  EPERM: "you may not write there",
  EROFS: "the disk is read-only"
}
const codeOf = (cause: unknown): string => Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown"
const detailOf = (cause: unknown): string => `${reasons[codeOf(cause)] ?? "it failed"}: ${codeOf(cause)}`

const isMissing = (cause: unknown): boolean => codeOf(cause) === "ENOENT"

const readText = async (file: string): Promise<Option.Option<string>> => {
  const stats = await stat(file).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined
    throw cause
  })
  if (stats === undefined) return Option.none()
  // What is no file, or far too large, is damaged too: it is not read, and put aside.
  return Option.some(stats.isFile() && stats.size <= mostBytes ? await readFile(file, "utf8") : "")
}

/** Writes a file that is there as a whole or not at all, even where the machine stops in between. */
const writeWhole = async (file: string, text: string): Promise<void> => {
  const part = `${file}${partEnding}`
  const handle = await open(part, flags, 0o600)
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(part, file)
}

const isName = Schema.is(StateName)

/** The directory is there, and the owner's alone where it is made here; unfinished writes of a killed process go. */
const prepare = async (directory: string): Promise<void> => {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  if (made !== undefined) await chmod(directory, 0o700)
  for (const file of await readdir(directory)) {
    // oxlint-disable-next-line no-await-in-loop -- there are few, and a start has time
    if (file.endsWith(`${ending}${partEnding}`)) await rm(join(directory, file), { force: true })
  }
}

/** Keeps values as files of a directory, one a value, readable by their owner only (F13). */
export const layer = (directory: string) =>
  Layer.effect(
    StateStore,
    Effect.gen(function*() {
      const fileOf = (name: StateName): string => join(directory, `${name}${ending}`)
      // Many channels start at once, and a process may have only so many files open.
      const reader = Semaphore.makeUnsafe(mostReads)
      const log = makeSavingLog(directory)

      const writing = (act: () => Promise<void>): Effect.Effect<void, StateUnsaved> =>
        Effect.tryPromise({ try: act, catch: (cause) => new StateUnsaved({ detail: detailOf(cause) }) }).pipe(
          Effect.tapError(({ detail }) => log.failed(detail)),
          Effect.andThen(log.saved),
          // What was begun is finished, or a file would be left half-written.
          Effect.uninterruptible,
          Effect.annotateLogs({ logger: "State" })
        )
      const reading = <A>(act: () => Promise<A>): Effect.Effect<A, StateUnreadable> =>
        reader.withPermit(Effect.tryPromise({
          try: act,
          catch: (cause) => new StateUnreadable({ detail: `${directory}: ${codeOf(cause)}` })
        }))

      const putAside = (name: StateName, why: string): Effect.Effect<void> => {
        const file = fileOf(name)
        return Effect.tryPromise(() => rename(file, `${file}.bad`)).pipe(
          Effect.andThen(Effect.logWarning(`${file} is not used: ${why}; it is kept as ${file}.bad`)),
          Effect.catch(() => Effect.logWarning(`${file} is not used: ${why}`))
        )
      }

      const load = Effect.fnUntraced(function*(name: StateName) {
        const text = yield* reading(() => readText(fileOf(name)))
        if (Option.isNone(text)) return Option.none()
        const value = valueOf(text.value)
        if (Result.isSuccess(value)) return Option.some(value.success)
        yield* putAside(name, value.failure)
        return Option.none()
      })

      // The failure is logged; what cannot be saved is not needed to go on.
      yield* Effect.ignore(writing(() => prepare(directory)))
      if (!log.isFailing()) yield* lockDirectory(directory)
      return StateStore.of({
        reach: "next_process",
        load,
        save: (name, value) => writing(() => writeWhole(fileOf(name), textOf(value))),
        remove: (name) => writing(() => rm(fileOf(name), { force: true })),
        names: Effect.map(
          reading(() => readdir(directory)),
          (files) =>
            files.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length)).filter(isName)
        ),
        putAside
      })
    }).pipe(Effect.annotateLogs({ logger: "State" }))
  )
