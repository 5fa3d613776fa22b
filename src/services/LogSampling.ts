import { Effect } from "effect"
import { monotonicMillis } from "./Moment.ts"

/** How many lines of one kind are written in a minute; the rest is counted (OPERATIONS, logs). */
const linesPerMinute = 50
const minuteMs = 60_000

interface Minute {
  readonly began: number
  readonly written: number
  readonly leftOut: number
}

/** Writes a line, unless too many of its kind were written in this minute. */
export type LogSampler = (
  kind: string,
  write: (leftOut: Readonly<Record<string, number>>) => Effect.Effect<void>
) => Effect.Effect<void>

/**
 * Keeps repeats from flooding the log: the first lines of a kind in a minute are written, the others counted, and the
 * next line that is written says how many were left out. Kinds are few: reasons, not names.
 */
export const makeLogSampler = (): LogSampler => {
  const minutes = new Map<string, Minute>()
  return Effect.fnUntraced(function*(kind, write) {
    const now = yield* monotonicMillis
    const last = minutes.get(kind)
    const minute: Minute = last !== undefined && now - last.began < minuteMs
      ? last
      : { began: now, written: 0, leftOut: last?.leftOut ?? 0 }
    if (minute.written >= linesPerMinute) {
      minutes.set(kind, { ...minute, leftOut: minute.leftOut + 1 })
      return
    }
    minutes.set(kind, { ...minute, written: minute.written + 1, leftOut: 0 })
    yield* write(minute.leftOut === 0 ? {} : { repeats_left_out: minute.leftOut })
  })
}
