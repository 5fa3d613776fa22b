import { Clock, Effect } from "effect"
import { monotonicOf } from "../Time.ts"

/** Lines of one kind written in full each minute; after that only every doubling (OPERATIONS, logs). */
const firstLines = 20
const minuteMs = 60_000

/** Lines of one kind: in this minute, and since the last one written. It counts in place, since floods are what it is for. */
interface Minute {
  began: number
  came: number
  leftOut: number
}

/** Keeps too many lines of a kind out of the log. */
export interface LogSampler {
  /** Writes a line, unless too many of its kind were written in this minute. */
  (kind: string, write: (leftOut: Readonly<Record<string, number>>) => void): void
  /** The same where the line is dear to make: leaves out one that would not be written. `now` is monotonic ms. */
  readonly leavesOut: (kind: string, now: number) => boolean
}

const isDoubling = (came: number): boolean => Number.isInteger(Math.log2(came / firstLines))

/**
 * Keeps repeats from flooding the log: the first lines of a kind in a minute are written, then the 40th, the 80th, the
 * 160th and so on, each with how many were left out since the one before. Kinds are few: reasons, not names.
 */
export const makeLogSampler: Effect.Effect<LogSampler> = Effect.map(Clock.Clock, (clock) => {
  const minutes = new Map<string, Minute>()
  const minuteOf = (kind: string, now: number): Minute => {
    let minute = minutes.get(kind)
    if (minute === undefined) {
      minute = { began: now, came: 0, leftOut: 0 }
      minutes.set(kind, minute)
    }
    if (now - minute.began >= minuteMs) {
      minute.began = now
      minute.came = 0
    }
    return minute
  }
  const leavesOut = (kind: string, now: number): boolean => {
    const minute = minuteOf(kind, now)
    if (minute.came < firstLines || isDoubling(minute.came + 1)) return false
    minute.came++
    minute.leftOut++
    return true
  }
  const sample = (kind: string, write: (leftOut: Readonly<Record<string, number>>) => void): void => {
    const now = monotonicOf(clock)
    if (leavesOut(kind, now)) return
    const minute = minuteOf(kind, now)
    const { leftOut } = minute
    minute.came++
    minute.leftOut = 0
    write(leftOut === 0 ? {} : { repeats_left_out: leftOut })
  }
  return Object.assign(sample, { leavesOut })
})
