import { DateTime, Option, Schema } from "effect"
import { Username } from "../Ids.ts"

/** A line of a chat log: `time<TAB>user<TAB>text`. */
export interface PlainLine {
  /** Epoch ms. */
  readonly time: number
  readonly username: Username
  readonly text: string
}

const decodeName = Schema.decodeUnknownOption(Username)

/** Up to this many seconds since 1970 are seconds, above they are ms: the year 5138, or March 1973. */
const mostSeconds = 1e11

/** Without a zone a time is taken for UTC, so that a log means the same everywhere. */
const withZone = (text: string): string => /(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text.replace(" ", "T")}Z`

/** Epoch seconds or ms, or a date with a time of day (`2026-11-21 20:15:00`, ISO 8601). */
const timeOf = (text: string): Option.Option<number> => {
  const trimmed = text.trim()
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed)
    return number > 0 ? Option.some(Math.round(number < mostSeconds ? number * 1000 : number)) : Option.none()
  }
  return /^\d{4}-\d\d-\d\d/.test(trimmed)
    ? Option.map(DateTime.make(withZone(trimmed)), DateTime.toEpochMillis)
    : Option.none()
}

/** Reads one line of a plain chat log; none when it is no such line. The text may hold tabs. */
export const readPlainLine = (line: string): Option.Option<PlainLine> => {
  const [time = "", username = "", ...text] = line.split("\t")
  return Option.flatMap(
    timeOf(time),
    (epochMs) =>
      Option.map(decodeName(username.trim()), (name) => ({ time: epochMs, username: name, text: text.join("\t") }))
  )
}
