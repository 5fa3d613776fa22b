import { basename } from "node:path"
import { Effect, Schema } from "effect"
import type { UnusableLine } from "../../domain/replay/ReplayRun.ts"
import { recordingFormat } from "../../services/replay/Recording.ts"
import { fileFault, requireFile } from "../config/FileFault.ts"
import { type LogLine, makeLogReader } from "./LogReader.ts"
import { linesOf } from "./LogText.ts"
import { type LogOutline, outlineTally } from "./LogOutline.ts"

/** A log that was read once: what has to be known of it before it is replayed. Its lines are read again for that. */
export interface ReplayLog extends LogOutline {
  readonly file: string
  /** The file's name. */
  readonly name: string
  /** The usable lines, in order, in batches. */
  readonly batches: () => AsyncIterable<ReadonlyArray<LogLine>>
  /** The first unusable lines, and how many there were. */
  readonly unusable: ReadonlyArray<UnusableLine>
  readonly unusableCount: number
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

/** Why a file cannot be read. */
export const unreadable = (file: string) => (cause: unknown): ReplayLogError =>
  new ReplayLogError({ file, detail: fileFault(cause) })

const scanned = async (file: string): Promise<ReplayLog> => {
  await requireFile(file)
  const outline = outlineTally()
  const unusable: Array<UnusableLine> = []
  let unusableCount = 0
  const refuse = (line: number, why: string): void => {
    if (unusable.length < namedLines) unusable.push({ line, why })
    unusableCount++
  }
  for await (const batch of batchesOf(file, refuse)) for (const line of batch) outline.add(line)
  return { file, name: basename(file), batches: () => batchesOf(file), unusable, unusableCount, ...outline.result() }
}

/**
 * Reads a log for the first time: a recording, a capture (`{ts, subject, headers, payload}`), `time<TAB>user<TAB>text`, a
 * channel log of CyTube or the bridge's audit log.
 */
export const readLog = (file: string): Effect.Effect<ReplayLog, ReplayLogError> =>
  Effect.tryPromise({ try: () => scanned(file), catch: unreadable(file) }).pipe(
    Effect.filterOrFail(
      // Events of a later format may have changed their meaning.
      ({ format }) => format <= recordingFormat,
      () => new ReplayLogError({ file, detail: "was recorded by a later version of llm-bot; replay it with that one" })
    ),
    Effect.filterOrFail(
      ({ events }) => events > 0,
      ({ unusable: [first] }) =>
        new ReplayLogError({
          file,
          detail: `holds no event to replay${first === undefined ? "" : `: line ${first.line} is ${first.why}`}`
        })
    )
  )
