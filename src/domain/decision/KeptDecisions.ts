import type { DecisionRecord } from "./Decision.ts"
import { type DecisionRing, emptyRing, keepRecord, keptDecisions, keptRecords } from "./DecisionRing.ts"

/** A decision while it is made. */
export interface DecisionUnderWay {
  /** As far as it has come. */
  readonly record: DecisionRecord
}

/** The last decisions of a channel. */
export interface KeptDecisions {
  readonly closed: DecisionRing
  /** Oldest first. */
  readonly underWay: Array<{ readonly decision: DecisionUnderWay; readonly place: number }>
}

/** Where nothing was decided. */
export const noDecisions = (): KeptDecisions => ({ closed: emptyRing(), underWay: [] })

/** Keeps a decision that begins; its place among those that began. */
export const beginDecision = ({ closed, underWay }: KeptDecisions, decision: DecisionUnderWay): number => {
  underWay.push({ decision, place: closed.begun })
  if (underWay.length > keptDecisions) underWay.shift()
  return closed.begun++
}

/** Keeps a decision as it is closed; the number by which it can be amended. */
export const endDecision = (
  { closed, underWay }: KeptDecisions,
  { record }: DecisionUnderWay,
  begunAt: number
): number => {
  const index = underWay.findLastIndex(({ place }) => place === begunAt)
  if (index >= 0) underWay.splice(index, 1)
  return keepRecord(closed, record, begunAt)
}

/** The last decisions in the order in which they began; only those of events that arrived at `since` or later, epoch ms. */
export const lastDecisions = (
  { closed, underWay }: KeptDecisions,
  since = Number.NEGATIVE_INFINITY
): ReadonlyArray<DecisionRecord> =>
  [
    ...keptRecords(closed, since),
    ...underWay.flatMap(({ decision: { record }, place }) => record.arrivedAt < since ? [] : [{ place, record }])
  ].toSorted((one, other) => one.place - other.place).map(({ record }) => record).slice(-keptDecisions)
