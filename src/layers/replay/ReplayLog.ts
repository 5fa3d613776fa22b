import { basename } from "node:path"
import { Effect, Option, Predicate, Result, Schema } from "effect"
import type { UnusableLine } from "../../domain/replay/ReplayRun.ts"
import { type ChatLogLine, makeChatLogReader } from "../../domain/wire/ChatLog.ts"
import { RecordingEntry, recordingFormat } from "../../services/replay/Recording.ts"
import { fileFault, requireFile } from "../config/FileFault.ts"
import { LogTooLarge, requireMemory } from "./LogSize.ts"
import { linesOf } from "./LogText.ts"

/** An event of a capture or of a plain chat log, with fewer fields than a recorded one. */
export interface CapturedEvent {
  readonly kind: "captured"
  /** Arrival, epoch seconds. */
  readonly ts: number
  /** Absent in a plain log: the event belongs to the only channel there is. */
  readonly subject: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly payload: unknown
}

/** What a line of a log holds. */
export type LogEntry = RecordingEntry | CapturedEvent

/** A usable line of a log, its number from 1. */
export interface LogLine {
  readonly line: number
  readonly entry: LogEntry
}

/** A log as read: its usable lines, in order. */
export interface ReplayLog {
  readonly name: string
  readonly lines: ReadonlyArray<LogLine>
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

const Captured = Schema.Struct({
  ts: Schema.Finite,
  subject: Schema.String,
  headers: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))),
  payload: Schema.Unknown
})
const decodeCaptured = Schema.decodeUnknownOption(Captured)
const decodeRecorded = Schema.decodeUnknownOption(RecordingEntry)
const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** Messages of other services, and of the bridge about itself, are no events of a room. */
const isEvent = (subject: string): boolean => subject.includes(".events.")

const chatEvent = ({ addClass, msg, time, username }: ChatLogLine): CapturedEvent => ({
  kind: "captured",
  ts: time / 1000,
  subject: undefined,
  headers: {},
  payload: { username, msg, meta: addClass === undefined ? {} : { addClass }, time }
})

const knownTexts =
  "neither JSON, nor time<TAB>user<TAB>text with a time like 2026-11-21 20:15:00, nor of a CyTube channel log " +
  "([Fri Nov 21 2025 20:15:10] <Ana> text) or the bridge's audit log (20:15:10 <Ana>: text)"

const readJson = (text: string): Result.Result<LogEntry | undefined, string> => {
  const json = parse(text)
  if (Option.isNone(json)) return Result.fail("not JSON")
  if (Predicate.hasProperty(json.value, "kind")) {
    return Result.fromOption(decodeRecorded(json.value), () => "no line of a recording this version knows")
  }
  return Result.map(
    Result.fromOption(decodeCaptured(json.value), () => "neither a line of a recording nor of a capture"),
    ({ headers, payload, subject, ts }) =>
      isEvent(subject) ? { kind: "captured", ts, subject, headers: headers ?? {}, payload } : undefined
  )
}

/** Builds the reader of a log in any of the formats, a line at a time; nothing where a line is no event. */
const makeReader = (): (text: string) => Result.Result<LogEntry | undefined, string> => {
  const readChat = makeChatLogReader()
  return (text) => {
    if (text.startsWith("{")) return readJson(text)
    const result = readChat(text)
    if (result._tag === "Unknown") return Result.fail(knownTexts)
    return Result.succeed(result._tag === "Chat" ? chatEvent(result.line) : undefined)
  }
}

/** Events of a later format may have changed their meaning. */
const isReadable = ({ entry }: LogLine): boolean =>
  entry.kind !== "recording" || entry.format === undefined || entry.format <= recordingFormat

/**
 * Reads a log, a line at a time: a recording, a capture (`{ts, subject, headers, payload}`), `time<TAB>user<TAB>text`, a
 * channel log of CyTube or the bridge's audit log.
 */
export const readLog = (file: string): Effect.Effect<ReplayLog, ReplayLogError> =>
  Effect.tryPromise({
    try: async () => {
      await requireFile(file)
      await requireMemory(file)
      const read = makeReader()
      const lines: Array<LogLine> = []
      const unusable: Array<UnusableLine> = []
      let line = 0
      let unusableCount = 0
      for await (const texts of linesOf(file)) {
        for (const text of texts) {
          line++
          if (text?.trim() === "") continue
          const entry = text === undefined ? Result.fail("too long for a line of a log") : read(text)
          if (Result.isSuccess(entry)) {
            if (entry.success !== undefined) lines.push({ line, entry: entry.success })
          } else {
            if (unusable.length < namedLines) unusable.push({ line, why: entry.failure })
            unusableCount++
          }
        }
      }
      return { name: basename(file), lines, unusable, unusableCount }
    },
    catch: (cause) =>
      new ReplayLogError({ file, detail: cause instanceof LogTooLarge ? cause.message : fileFault(cause) })
  }).pipe(
    Effect.filterOrFail(
      ({ lines }) => lines.every(isReadable),
      () => new ReplayLogError({ file, detail: "was recorded by a later version of llm-bot; replay it with that one" })
    ),
    Effect.filterOrFail(
      ({ lines }) => lines.some(({ entry }) => entry.kind === "event" || entry.kind === "captured"),
      ({ unusable: [first] }) =>
        new ReplayLogError({
          file,
          detail: `holds no event to replay${first === undefined ? "" : `: line ${first.line} is ${first.why}`}`
        })
    )
  )
