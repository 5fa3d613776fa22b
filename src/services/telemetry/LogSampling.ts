import { Clock, Effect } from "effect"
import { monotonicOf } from "../Time.ts"

/** Lines of one kind written in full each minute; after that only every doubling (OPERATIONS, logs). */
const firstLines = 20
const minuteMs = 60_000

/** Lines of one kind: in this minute, and since the last one written. */
interface Minute {
  readonly began: number
  readonly came: number
  readonly leftOut: number
}

/** Writes a line, unless too many of its kind were written in this minute. */
export type LogSampler = (kind: string, write: (leftOut: Readonly<Record<string, number>>) => void) => void

const isDoubling = (came: number): boolean => Number.isInteger(Math.log2(came / firstLines))

/**
 * Keeps repeats from flooding the log: the first lines of a kind in a minute are written, then the 40th, the 80th, the
 * 160th and so on, each with how many were left out since the one before. Kinds are few: reasons, not names.
 */
export const makeLogSampler: Effect.Effect<LogSampler> = Effect.map(Clock.Clock, (clock) => {
  const minutes = new Map<string, Minute>()
  return (kind, write) => {
    const now = monotonicOf(clock)
    const last = minutes.get(kind) ?? { began: now, came: 0, leftOut: 0 }
    const { began, came, leftOut } = now - last.began < minuteMs ? last : { ...last, began: now, came: 0 }
    const isWritten = came < firstLines || isDoubling(came + 1)
    minutes.set(kind, { began, came: came + 1, leftOut: isWritten ? 0 : leftOut + 1 })
    if (isWritten) write(leftOut === 0 ? {} : { repeats_left_out: leftOut })
  }
})
