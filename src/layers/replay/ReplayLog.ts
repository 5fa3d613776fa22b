import { basename } from "node:path"
import { Effect, Schema } from "effect"
import type { MergedLogs, UnusableLine } from "../../domain/replay/ReplayRun.ts"
import { recordingFormat } from "../../services/replay/Recording.ts"
import { fileFault, requireFile } from "../config/FileFault.ts"
import { type LogLine, makeLogReader } from "./LogReader.ts"
import { linesOf } from "./LogText.ts"
import { mergeOf } from "./LogMerge.ts"
import { type LogOutline, outlineTally } from "./LogOutline.ts"

/** A log that was read once: what has to be known of it before it is replayed. Its lines are read again for that. */
export interface ReplayLog extends LogOutline {
  /** The file's name; those of all that are replayed together. */
  readonly name: string
  /** The usable lines, in order, in batches. */
  readonly batches: () => AsyncIterable<ReadonlyArray<LogLine>>
  /** The first unusable lines, and how many there were. */
  readonly unusable: ReadonlyArray<UnusableLine>
  readonly unusableCount: number
  /** What several logs have in common; absent for a single one. */
  readonly merged: MergedLogs | undefined
}

/** The log cannot be read, or holds nothing to replay. */
export class ReplayLogError extends Schema.TaggedError<ReplayLogError>()("ReplayLogError", {
  file: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.file}: ${this.detail}`
  }
}

/** Unusable lines that are reported one by one. */
export const namedLines = 20

/** The usable lines of a file in batches; of the others `refuse` hears. */
async function* batchesOf(
  file: string,
  refuse: (line: number, why: string) => void = () => {}
): AsyncGenerator<ReadonlyArray<LogLine>> {
  const read = makeLogReader()
  let line = 0
  for await (const texts of linesOf(file)) {
    const batch: Array<LogLine> = []
    for (const text of texts) {
      line++
      if (text?.trim() === "") continue
      const entry = text === undefined ? "too long for a line of a log" : read(text)
      if (typeof entry === "string") refuse(line, entry)
      else if (entry !== undefined) batch.push({ line, entry })
    }
    yield batch
  }
}

/** Why a file cannot be read; of several it is told which. */
export const unreadable = (file: string) => (cause: unknown): ReplayLogError =>
  cause instanceof ReplayLogError ? cause : new ReplayLogError({ file, detail: fileFault(cause) })

/** The first unusable lines of a log, and how many there are. */
const makeUnusable = () => {
  const first: Array<UnusableLine> = []
  let count = 0
  return {
    first,
    count: () => count,
    add: (line: UnusableLine): void => {
      if (first.length < namedLines) first.push(line)
      count++
    }
  }
}

const holdsNoEvent = (file: string, unusable: UnusableLine | undefined): ReplayLogError =>
  new ReplayLogError({
    file,
    detail: `holds no event to replay${unusable === undefined ? "" : `: line ${unusable.line} is ${unusable.why}`}`
  })

const outlineOf = async (batches: AsyncIterable<ReadonlyArray<LogLine>>): Promise<LogOutline> => {
  const outline = outlineTally()
  for await (const batch of batches) for (const line of batch) outline.add(line)
  return outline.result()
}

const scannedAlone = async (file: string): Promise<ReplayLog> => {
  await requireFile(file)
  const unusable = makeUnusable()
  const outline = await outlineOf(batchesOf(file, (line, why) => unusable.add({ line, why })))
  if (outline.events === 0) throw holdsNoEvent(file, unusable.first[0])
  return {
    name: basename(file),
    batches: () => batchesOf(file),
    unusable: unusable.first,
    unusableCount: unusable.count(),
    merged: undefined,
    ...outline
  }
}

/** The names of files, as short as they are distinct. */
const namesOf = (files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = files.map((file) => basename(file))
  return new Set(names).size < new Set(files).size ? files : names
}

/** The usable lines of one of several files; whatever goes wrong names it. */
async function* batchesAmong(
  file: string,
  refuse?: (line: number, why: string) => void
): AsyncGenerator<ReadonlyArray<LogLine>> {
  let isEmpty = true
  let first: UnusableLine | undefined
  try {
    await requireFile(file)
    const note = (line: number, why: string): void => {
      first ??= { line, why }
      refuse?.(line, why)
    }
    for await (const batch of batchesOf(file, note)) {
      isEmpty &&= batch.length === 0
      yield batch
    }
  } catch (cause) {
    throw unreadable(file)(cause)
  }
  if (isEmpty) throw holdsNoEvent(file, first)
}

const scannedTogether = async (files: ReadonlyArray<string>): Promise<ReplayLog> => {
  const names = namesOf(files)
  const unusable = makeUnusable()
  const merge = (note: (line: UnusableLine) => void = () => {}) =>
    mergeOf(files.map((file, index) => {
      const name = names[index] ?? file
      return { name, batches: batchesAmong(file, (line, why) => note({ file: name, line, why })) }
    }))
  const merging = merge(unusable.add)
  const outline = await outlineOf(merging.batches())
  const name = names.join(", ")
  if (outline.events === 0) throw holdsNoEvent(name, unusable.first[0])
  return {
    name,
    batches: () => merge().batches(),
    unusable: unusable.first,
    unusableCount: unusable.count(),
    merged: merging.result(),
    ...outline
  }
}

/**
 * Reads a log for the first time: a recording, a capture (`{ts, subject, headers, payload}`), `time<TAB>user<TAB>text`, a
 * channel log of CyTube or the bridge's audit log. Several are read as one.
 */
export const readLog = (...files: ReadonlyArray<string>): Effect.Effect<ReplayLog, ReplayLogError> =>
  Effect.tryPromise({
    try: () => {
      const [file, ...more] = files
      return file !== undefined && more.length === 0 ? scannedAlone(file) : scannedTogether(files)
    },
    catch: unreadable(files.join(", "))
  }).pipe(
    Effect.filterOrFail(
      // Events of a later format may have changed their meaning.
      ({ format }) => format <= recordingFormat,
      ({ merged }) =>
        new ReplayLogError({
          file: `${merged === undefined ? "" : "one of "}${files.join(", ")}`,
          detail: "was recorded by a later version of llm-bot; replay it with that one"
        })
    )
  )
