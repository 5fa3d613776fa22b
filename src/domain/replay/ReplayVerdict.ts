import { decidingStep } from "../decision/DecidingStep.ts"
import { type DecisionRecord, isTimed, type Step } from "../decision/Decision.ts"
import { addOne, endOf, endWords, type ReplayEnd } from "./ReplayEnd.ts"
import type { Pair } from "./ReplayPairs.ts"
import { countText, durationText, many, percentText } from "./ReplayWords.ts"

/** The configured limit that a step was checked against. */
const limitOf = (step: Step | undefined): string | undefined => {
  switch (step?._tag) {
    case "Limit":
      return isTimed(step.limit) ? durationText(step.maximum) : countText(step.maximum)
    case "Silence":
      return durationText(step.silenceMs)
    case "Trigger":
      return step.result._tag === "Cooldown"
        ? durationText(step.result.cooldownMs)
        : step.result._tag === "Probability"
        ? step.result.needed.toString()
        : undefined
    default:
      return undefined
  }
}

/** An end by its name in the configuration, its limit and in words: `channel_per_hour 10 (the bot said enough …)`. */
const stopText = (end: ReplayEnd, records: ReadonlyArray<DecisionRecord>): string => {
  const limits = new Set(
    records.filter((record) => endOf(record) === end).map((record) => limitOf(decidingStep(record)))
  )
  const [limit] = limits
  return `${end}${limits.size === 1 && limit !== undefined ? ` ${limit}` : ""} (${endWords(end)})`
}

/** Where most replies that only one run gives are stopped: `44 of the 49 lost replies stop at …`. */
const mostStop = (records: ReadonlyArray<DecisionRecord>, what: "lost" | "new"): string => {
  const counts = new Map<ReplayEnd, number>()
  for (const record of records) addOne(counts, endOf(record))
  const [most] = [...counts].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
  if (most === undefined) return ""
  const [end, count] = most
  const one = what === "lost" ? "the one lost reply stops" : "the one new reply stopped"
  const all = `${what} replies ${what === "lost" ? "stop" : "stopped"}`
  const share = records.length === 1
    ? one
    : count < records.length
    ? `${countText(count)} of the ${countText(records.length)} ${all}`
    : `${count === 2 ? "both" : `all ${countText(count)}`} ${all}`
  return `; ${share} at ${stopText(end, records)}${what === "lost" ? "" : " under A"}`
}

const headOf = (a: number, b: number): string => {
  const counts = `${countText(a)} → ${many(b, "reply", "replies")}`
  if (a === b) return `B answers as often as A, ${many(a, "reply", "replies")}`
  if (a === 0) return `B answers where A never does: ${counts}`
  if (b === 0) return `B answers no more: ${counts}`
  if (b >= 2 * a) return `B answers ${(b / a).toFixed(1)} times as much: ${counts}`
  return b < a
    ? `B answers ${percentText(a - b, a)} less: ${counts}`
    : `B answers ${percentText(b - a, a)} more: ${counts}`
}

const replied = (record: DecisionRecord | undefined): boolean => record !== undefined && endOf(record) === "replied"

/** What B changes from A, in a sentence or two a person can act on. */
export const verdictOf = (
  pairs: ReadonlyArray<Pair>,
  unanswered: { readonly a: number; readonly b: number }
): string => {
  const repliesOf = (side: "a" | "b"): number => pairs.filter((pair) => replied(pair[side])).length
  // An event that the other side did not evaluate stops nowhere.
  const losses = pairs.flatMap(({ a, b }) => replied(a) && b !== undefined && !replied(b) ? [b] : [])
  const gains = pairs.flatMap(({ a, b }) => replied(b) && a !== undefined && !replied(a) ? [a] : [])
  const alike = pairs.every(({ a, b }) => a !== undefined && b !== undefined && endOf(a) === endOf(b))
  const [a, b] = [repliesOf("a"), repliesOf("b")]
  if (alike) return `A and B decide alike: ${many(a, "reply", "replies")} each, and not one event ends otherwise.`
  const mentions = unanswered.a === unanswered.b
    ? `Unanswered mentions: ${countText(unanswered.a)} in both.`
    : `Unanswered mentions: ${countText(unanswered.a)} → ${countText(unanswered.b)}.`
  return `${headOf(a, b)}${mostStop(losses, "lost")}${mostStop(gains, "new")}. ${mentions}`
}
