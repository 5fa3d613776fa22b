import { Schema } from "effect"
import { type DecisionRecord, SkipReason } from "../decision/Decision.ts"
import { causeText } from "../decision/DecisionText.ts"
import { reasonText, shortReasonText } from "../decision/SkipText.ts"

/** How a decision ended, in one word: a reply, the reason of the silence, a failure, or not before the log ended. */
export const ReplayEnd = Schema.Literals(["replied", ...SkipReason.literals, "failed", "under_way"])
export type ReplayEnd = typeof ReplayEnd.Type

/** How a decision ended. */
export const endOf = ({ outcome }: DecisionRecord): ReplayEnd => {
  switch (outcome?._tag) {
    case undefined:
      return "under_way"
    case "Replied":
      return "replied"
    case "Skipped":
      return outcome.reason
    case "Failed":
      return "failed"
  }
}

/** An end in words a person understands without the code. */
export const endWords = (end: ReplayEnd): string => {
  switch (end) {
    case "replied":
      return "replied"
    case "failed":
      return "no answer could be made or sent"
    case "under_way":
      return "the log ended before the reply left"
    default:
      return reasonText(end)
  }
}

/** An end in a word or two, for a mark beside a line. */
const shortEnd = (end: ReplayEnd): string => {
  switch (end) {
    case "replied":
    case "failed":
      return end
    case "under_way":
      return "undecided"
    default:
      return shortReasonText(end)
  }
}

/** Every end in a word or two. */
export const shortEnds: Readonly<Record<string, string>> = Object.fromEntries(
  ReplayEnd.literals.map((end) => [end, shortEnd(end)])
)

/** The count of each end. */
export type EndCounts = ReadonlyMap<ReplayEnd, number>

/** An end, in words, and how often it came. */
export const EndCount = Schema.Struct({ reason: ReplayEnd, text: Schema.String, count: Schema.Finite })
export type EndCount = typeof EndCount.Type

const order = new Map(ReplayEnd.literals.map((end, index) => [end, index]))
const rank = (end: ReplayEnd): number => order.get(end) ?? order.size

/** The ends by frequency, the most frequent first. */
export const rankedEnds = (counts: EndCounts): ReadonlyArray<EndCount> =>
  [...counts].toSorted(([a, many], [b, few]) => few - many || rank(a) - rank(b))
    .map(([reason, count]) => ({ reason, text: endWords(reason), count }))

/** Counts one more. */
export const addOne = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Why a decision ended as it did: the step that decided, else its outcome in words. */
export const whyText = (record: DecisionRecord): string =>
  record.outcome === undefined ? endWords("under_way") : causeText(record)
