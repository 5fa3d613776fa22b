import type { SkipReason } from "../decision/Decision.ts"

/** How many events too old to answer in a row make a wrong clock likely (F1). */
const suspectedAfter = 10
/** Lines from before the start that tell of a clock are all as late, ms; a history was said over some time. */
const alike = 1_000

/** The events in a row that were too old to answer, and how old the first of them was, ms. */
export interface StaleRow {
  readonly count: number
  readonly ageMs: number
}

/** No event was too old. */
export const noStaleRow: StaleRow = { count: 0, ageMs: 0 }

/** What comes before the age is looked at tells nothing of it; what comes behind it was young enough. */
const young: ReadonlySet<SkipReason | undefined> = new Set([undefined, "ignored_user", "other_bot"])

/** The row after an event of an age, ms, and what screening made of it. */
export const nextStaleRow = (row: StaleRow, reason: SkipReason | undefined, ageMs: number): StaleRow => {
  if (young.has(reason)) return noStaleRow
  if (reason !== "stale" && reason !== "before_start") return row
  // A bridge that joins brings lines of before: they came together and were not said together.
  const continues = row.count > 0 && (reason === "stale" || Math.abs(ageMs - row.ageMs) <= alike)
  return continues ? { ...row, count: row.count + 1 } : { count: 1, ageMs }
}

/** By how much the clocks seem to differ, ms; nothing while that is not likely. */
export const suspectedSkew = ({ ageMs, count }: StaleRow): number | undefined =>
  count >= suspectedAfter ? ageMs : undefined

/** Whether this event made it likely. */
export const beginsSuspicion = ({ count }: StaleRow): boolean => count === suspectedAfter
