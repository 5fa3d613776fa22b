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
  readonly underWay: Array<DecisionUnderWay>
}

/** Where nothing was decided. */
export const noDecisions = (): KeptDecisions => ({ closed: emptyRing(), underWay: [] })

/** Keeps a decision that begins. */
export const beginDecision = ({ underWay }: KeptDecisions, decision: DecisionUnderWay): void => {
  underWay.push(decision)
  if (underWay.length > keptDecisions) underWay.shift()
}

/** Keeps a decision as it is closed; the number by which it can be amended. */
export const endDecision = ({ closed, underWay }: KeptDecisions, decision: DecisionUnderWay): number => {
  if (underWay.at(-1) === decision) underWay.pop()
  else if (underWay.includes(decision)) underWay.splice(underWay.indexOf(decision), 1)
  return keepRecord(closed, decision.record)
}

/** The last decisions, oldest first; only those of events that arrived at `since` or later, epoch ms. */
export const lastDecisions = (
  { closed, underWay }: KeptDecisions,
  since = Number.NEGATIVE_INFINITY
): ReadonlyArray<DecisionRecord> =>
  [
    ...keptRecords(closed, since),
    ...underWay.flatMap(({ record }) => record.arrivedAt < since ? [] : [record])
  ].toSorted((one, other) => one.arrivedAt - other.arrivedAt).slice(-keptDecisions)
