import { Schema } from "effect"
import { type DecisionRecord, SkipReason, type Step } from "../decision/Decision.ts"
import { outcomeText, reasonText, stepText } from "../decision/DecisionText.ts"

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

/** How often each end came. */
export type EndCounts = ReadonlyMap<ReplayEnd, number>

/** An end, in words, and how often it came. */
export const EndCount = Schema.Struct({ reason: ReplayEnd, text: Schema.String, count: Schema.Finite })
export type EndCount = typeof EndCount.Type

const order = new Map(ReplayEnd.literals.map((end, index) => [end, index]))
const rank = (end: ReplayEnd): number => order.get(end) ?? order.size

/** The ends by how often they came, the most frequent first. */
export const rankedEnds = (counts: EndCounts): ReadonlyArray<EndCount> =>
  [...counts].toSorted(([a, many], [b, few]) => few - many || rank(a) - rank(b))
    .map(([reason, count]) => ({ reason, text: endWords(reason), count }))

/** Counts one more. */
export const addOne = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Whether a step is the one that ended a decision so. */
const decides = (end: ReplayEnd, step: Step): boolean => {
  switch (step._tag) {
    case "Silence":
      return end === "media_silence"
    case "Trigger":
      return step.result._tag.toLowerCase() === end
    case "Limit":
      return step.limit === end && !step.allowed
    case "Participation":
      return end === "declined" && !step.wanted
    case "Processed":
      return step.note !== ""
    default:
      return false
  }
}

/** The step at which a decision ended, where one alone did it. */
export const decidingStep = (record: DecisionRecord): Step | undefined => {
  const end = endOf(record)
  return record.steps.find((step) => decides(end, step))
}

/** Why a decision ended as it did: the gate with its value against its limit, else its outcome in words. */
export const whyText = (record: DecisionRecord): string => {
  const { outcome } = record
  if (outcome === undefined) return endWords("under_way")
  if (outcome._tag === "Failed") return outcome.message
  const step = decidingStep(record)
  if (step === undefined || outcome._tag === "Replied") return outcomeText(outcome)
  const detail = step._tag === "Processed" || outcome.detail === "" ? "" : ` (${outcome.detail})`
  return `${stepText(step)}${detail}`
}
