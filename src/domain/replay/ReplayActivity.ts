import { Schema } from "effect"
import { isHeard } from "./Addressed.ts"
import type { DecisionRecord } from "../decision/Decision.ts"
import { endOf } from "./ReplayEnd.ts"
import type { ReplayFacts } from "./ReplayRun.ts"
import { utcText } from "./ReplayWords.ts"

const minuteMs = 60_000
const hourMs = 3_600_000
const dayHours = 24
const hourlyUntilHours = 48
/** A longer log has longer spans, so that the chart stays readable. */
const mostDays = 92
const busiestShown = 5

/** Lines and replies in a span of time. A reply counts at the arrival of the line it answers. */
const Span = Schema.Struct({
  /** Its beginning, UTC: `2026-01-01 20:00`. */
  from: Schema.String,
  /** Lines of people. */
  lines: Schema.Finite,
  replies: Schema.Finite
})
export type Span = typeof Span.Type

/** The activity of people and the bot over time. */
export const Activity = Schema.Struct({
  /** The length of a span: an hour up to 48 h of log, then a day, beyond 92 days as many days as it takes. */
  spanHours: Schema.Finite,
  /** Every span from the first event to the last, the empty ones too. */
  spans: Schema.Array(Span),
  /** The five minutes with the most lines, the busiest first. */
  busiest: Schema.Array(Span)
})
export type Activity = typeof Activity.Type

interface Count {
  lines: number
  replies: number
}

const spanHoursOf = (from: number, to: number): number => {
  const hours = (to - from) / hourMs
  return hours <= hourlyUntilHours ? 1 : dayHours * Math.ceil(hours / dayHours / mostDays)
}

const spanOf = (from: number, { lines, replies }: Count): Span => ({ from: utcText(from), lines, replies })

const add = (sum: Count | undefined, { lines, replies }: Count): void => {
  if (sum === undefined) return
  sum.lines += lines
  sum.replies += replies
}

/** Counts lines and replies in spans of time. */
export const activityTally = () => {
  // A minute of the log each.
  const minutes = new Map<number, Count>()
  let any = false

  const spansOf = (first: number, spanMs: number, to: number): ReadonlyArray<Count> => {
    const spans = Array.from(
      { length: any ? Math.floor((to - first) / spanMs) + 1 : 0 },
      (): Count => ({ lines: 0, replies: 0 })
    )
    for (const [minute, count] of minutes) {
      // A look at the room may come after the last event.
      add(spans[Math.floor((Math.min(Math.max(minute, first), to) - first) / spanMs)], count)
    }
    return spans
  }

  return {
    add: (record: DecisionRecord): void => {
      any = true
      const lines = isHeard(record) ? 1 : 0
      const replies = endOf(record) === "replied" ? 1 : 0
      if (lines + replies === 0) return
      const minute = Math.floor(record.arrivedAt / minuteMs) * minuteMs
      const count = minutes.get(minute) ?? { lines: 0, replies: 0 }
      minutes.set(minute, count)
      add(count, { lines, replies })
    },
    result: ({ from, to }: Pick<ReplayFacts, "from" | "to">): Activity => {
      const spanHours = spanHoursOf(from, to)
      const spanMs = spanHours * hourMs
      // Days begin at midnight UTC, also in spans of several days.
      const unit = Math.min(spanMs, dayHours * hourMs)
      const first = Math.floor(from / unit) * unit
      return {
        spanHours,
        spans: spansOf(first, spanMs, to).map((count, index) => spanOf(first + index * spanMs, count)),
        busiest: [...minutes].toSorted(([a, one], [b, other]) => other.lines - one.lines || a - b)
          .slice(0, busiestShown).map(([minute, count]) => spanOf(minute, count))
      }
    }
  }
}
