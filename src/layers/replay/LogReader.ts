import { Option, Predicate, Schema } from "effect"
import { type ChatLogLine, makeChatLogReader } from "../../domain/wire/ChatLog.ts"
import type { LogPlace } from "../../domain/replay/ReplayRun.ts"
import { RecordingEntry } from "../../services/replay/Recording.ts"

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
  /** The line of a file that it is, where several are replayed together; `line` is then its place among all. */
  readonly origin?: LogPlace
  /** Whether it is the heading of a recording that joins others under way: no part begins there. */
  readonly joins?: boolean
}

/** Where a line stands, for people. */
export const placeOf = ({ line, origin }: Pick<LogLine, "line" | "origin">): LogPlace => origin ?? { line }

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

/** An entry; nothing where the line is no event; or why it is unusable. */
type ReadLine = LogEntry | undefined | string

const readJson = (text: string): ReadLine => {
  const json = parse(text)
  if (Option.isNone(json)) return "not JSON"
  if (Predicate.hasProperty(json.value, "kind")) {
    return Option.getOrElse(decodeRecorded(json.value), () => "no line of a recording this version knows")
  }
  const captured = decodeCaptured(json.value)
  if (Option.isNone(captured)) return "neither a line of a recording nor of a capture"
  const { headers, payload, subject, ts } = captured.value
  return isEvent(subject) ? { kind: "captured", ts, subject, headers: headers ?? {}, payload } : undefined
}

/** Builds the reader of a log in any of the formats, a line at a time; nothing where a line is no event, the reason where it is unusable. */
export const makeLogReader = (): (text: string) => ReadLine => {
  const readChat = makeChatLogReader()
  return (text) => {
    if (text.startsWith("{")) return readJson(text)
    const result = readChat(text)
    if (result._tag === "Unknown") return knownTexts
    return result._tag === "Chat" ? chatEvent(result.line) : undefined
  }
}
