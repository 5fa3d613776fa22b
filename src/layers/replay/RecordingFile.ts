import { constants } from "node:fs"
import { type FileHandle, lstat, open, rename } from "node:fs/promises"
import { Array, Cause, Effect, Layer, Predicate, Queue, Schema } from "effect"
import { DryRun } from "../../services/reply/DryRun.ts"
import { readClock } from "../../services/Time.ts"
import { makePseudonyms } from "../../services/replay/Pseudonyms.ts"
import { Recorder } from "../../services/replay/Recorder.ts"
import {
  type RecordingEntry,
  recordingFormat,
  RecordingLine,
  type Stamped,
  type StateEntry
} from "../../services/replay/Recording.ts"
import type { StateName } from "../../services/state/StateStore.ts"
import { version } from "../process/Package.ts"

/** Lines that may wait for the disk; when full, later ones are lost and logged once. */
const waitingLines = 65_536
/** The size at which a file is rotated, bytes. */
const defaultMaxBytes = 64 * 1024 * 1024
/** Lines written at once. */
const batch = 100
/** Rotated files that are kept: `FILE.1` is the newest. */
const keptFiles = 4
/** The time limit for writing the rest on shutdown. */
const finishWithin = "2 seconds"

/** The recording cannot be written. */
export class RecordingFailed extends Schema.TaggedError<RecordingFailed>()("RecordingFailed", {
  file: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `the recording ${this.file} cannot be written (${this.detail}); is the folder there and writable?`
  }
}

/** Where and how to record. */
export interface RecordingOptions {
  readonly file: string
  /** Whether people's names are replaced. */
  readonly anonymous: boolean
  /** The size at which a file is rotated, bytes. */
  readonly maxBytes?: number
}

const encode = Schema.encodeSync(RecordingLine)

/** How every recording begins. */
const firstBytes = Buffer.from("{\"kind\":\"recording\"")

/** Whether there is a recording to rotate; any other file is refused, never overwritten. */
const holdsRecording = async (file: string): Promise<boolean> => {
  const stats = await lstat(file).catch(() => undefined)
  if (stats === undefined) return false
  if (!stats.isFile()) throw new Error("it is there and no plain file")
  if (stats.size === 0) return false
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
  const reading = handle.read(Buffer.alloc(firstBytes.length), 0, firstBytes.length, 0)
  const { buffer } = await reading.finally(() => handle.close())
  if (!buffer.equals(firstBytes)) throw new Error("it is there and no recording: name another file")
  return true
}

/** Rotated files may be missing in between. */
const unlessMissing = (cause: unknown): void => {
  if (!Predicate.hasProperty(cause, "code") || cause.code !== "ENOENT") throw cause
}

/** Rotates the files: `FILE.3` becomes `FILE.4`, … and `FILE` becomes `FILE.1`. */
const putAside = async (file: string): Promise<void> => {
  if (!(await holdsRecording(file))) return
  const names = [file, ...Array.makeBy(keptFiles, (index) => `${file}.${index + 1}`)]
  for (let index = names.length - 1; index > 0; index--) {
    const [from, to] = [names[index - 1], names[index]]
    // oxlint-disable-next-line no-await-in-loop -- the oldest first, or one would overwrite the next
    if (from !== undefined && to !== undefined) await rename(from, to).catch(unlessMissing)
  }
}

/** Only the owner may read it: it holds what people wrote. */
const begin = async (file: string): Promise<FileHandle> => {
  await putAside(file)
  const handle = await open(
    file,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o600
  )
  await handle.chmod(0o600)
  return handle
}

/** Writes a recording to a file, a JSON object a line, readable by its owner only (OPERATIONS, run). */
export const layer = ({ anonymous, file, maxBytes = defaultMaxBytes }: RecordingOptions) =>
  Layer.effect(
    Recorder,
    Effect.gen(function*() {
      const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, RecordingFailed> =>
        Effect.tryPromise({
          try: act,
          catch: (cause) => new RecordingFailed({ file, detail: cause instanceof Error ? cause.message : "unknown" })
        })
      const pseudonyms = anonymous ? makePseudonyms() : undefined
      const dryRun = yield* DryRun
      const queue = yield* Queue.dropping<RecordingEntry>(waitingLines)
      let handle = yield* attempt(() => begin(file))
      let bytes = 0
      let configured: RecordingEntry | undefined
      // One a part of the state, as the bot has it.
      const remembered = new Map<StateName, StateEntry>()
      let gaps = false
      let ended = false

      const write = Effect.fnUntraced(function*(entries: ReadonlyArray<RecordingEntry>) {
        const text = Buffer.from(entries.map((entry) => `${encode(entry)}\n`).join(""))
        // Unlike `write` it continues until everything is written, or fails.
        yield* attempt(() => handle.writeFile(text))
        bytes += text.length
      })

      const heading = ({ mono, ts }: Stamped): RecordingEntry => ({
        kind: "recording",
        ts,
        mono,
        format: recordingFormat,
        version,
        anonymous,
        ...dryRun ? { dryRun } : {}
      })

      /** Each file begins with all that is needed to read it alone, at the time of its first entry. */
      const nextFile = Effect.fnUntraced(function*(first: RecordingEntry) {
        yield* attempt(() => handle.close())
        handle = yield* attempt(() => begin(file))
        yield* write([heading(first), ...configured === undefined ? [] : [configured]])
        // With other names it would have to wait until they are known.
        const states = anonymous ? [] : [...remembered.values()]
        for (const some of Array.chunksOf(states, batch)) yield* write(some)
        // The heading may be large, and is none of what fills a file.
        bytes = 0
      })

      const writeSome = Effect.fnUntraced(function*(entries: ReadonlyArray<RecordingEntry>) {
        const [first] = entries
        if (first === undefined) return
        if (bytes >= maxBytes) yield* nextFile(first)
        configured = entries.findLast(({ kind }) => kind === "config") ?? configured
        yield* write(entries)
      })

      const writeBatch = (batch: ReadonlyArray<RecordingEntry>) =>
        writeSome(pseudonyms === undefined ? batch : batch.flatMap(pseudonyms.take))

      /** What was still held back. */
      const writeRest = (rest: ReadonlyArray<RecordingEntry>) =>
        Effect.forEach(Array.chunksOf(rest, batch), writeSome, { discard: true })

      const withLogger = Effect.annotateLogs({ logger: "Recorder" })
      /** Recording stops; the bot keeps running. Nothing is written after a gap. */
      const endsHere = (why: unknown): Effect.Effect<void> => {
        ended = true
        return Effect.andThen(Queue.clear(queue), Effect.logError("Recording stopped; the bot keeps running", why))
      }
      const { monotonic, wall } = yield* readClock
      yield* write([heading({ ts: wall / 1000, mono: monotonic })])
      yield* Effect.addFinalizer(() =>
        Queue.clear(queue).pipe(
          Effect.flatMap((rest) => Effect.forEach(Array.chunksOf(rest, batch), writeBatch, { discard: true })),
          Effect.andThen(Effect.suspend(() => writeRest(pseudonyms?.rest() ?? []))),
          Effect.andThen(attempt(() => handle.close())),
          Effect.catch(({ message }) => endsHere(message)),
          Effect.catchDefect((defect) => endsHere(Cause.die(defect))),
          Effect.timeoutOption(finishWithin),
          withLogger
        )
      )
      yield* Effect.uninterruptibleMask((restore) =>
        // A batch that was taken is written, even if the bot stops in between.
        Effect.flatMap(restore(Queue.takeBetween(queue, 1, batch)), writeBatch)
      ).pipe(
        Effect.forever,
        Effect.catch(({ message }) => endsHere(message)),
        Effect.catchDefect((defect) => endsHere(Cause.die(defect))),
        withLogger,
        Effect.forkScoped
      )
      return Recorder.of({
        remember: (entry) => Effect.sync(() => void remembered.set(entry.name, entry)),
        append: (entry) =>
          Effect.suspend(() => {
            if (ended || Queue.offerUnsafe(queue, entry) || gaps) return Effect.void
            gaps = true
            return withLogger(Effect.logWarning("Recording has gaps; the disk is too slow"))
          })
      })
    })
  )
