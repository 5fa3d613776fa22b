import { decidingStep } from "../decision/DecidingStep.ts"
import { type DecisionRecord, isTimed, type Step } from "../decision/Decision.ts"
import { endOf, endWords, type ReplayEnd } from "./ReplayEnd.ts"
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

/** Where replies that only one run gives stop in the other: how often at each end, and the limits met there. */
type Stops = Map<ReplayEnd, { count: number; readonly limits: Set<string | undefined> }>

const addStop = (stops: Stops, record: DecisionRecord): void => {
  const end = endOf(record)
  const stop = stops.get(end) ?? { count: 0, limits: new Set() }
  stops.set(end, stop)
  stop.count++
  stop.limits.add(limitOf(decidingStep(record)))
}

/** An end by its name in the configuration, its limit and in words: `channel_per_hour 10 (the bot said enough …)`. */
const stopText = (end: ReplayEnd, limits: ReadonlySet<string | undefined>): string => {
  const [limit] = limits
  return `${end}${limits.size === 1 && limit !== undefined ? ` ${limit}` : ""} (${endWords(end)})`
}

/** Where most of them stop: `44 of the 49 lost replies stop at …`. */
const mostStop = (stops: Stops, what: "lost" | "new"): string => {
  const [most] = [...stops].toSorted(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
  if (most === undefined) return ""
  const total = [...stops.values()].reduce((sum, { count }) => sum + count, 0)
  const [end, { count, limits }] = most
  const one = what === "lost" ? "the one lost reply stops" : "the one new reply stopped"
  const all = `${what} replies ${what === "lost" ? "stop" : "stopped"}`
  const share = total === 1
    ? one
    : count < total
    ? `${countText(count)} of the ${countText(total)} ${all}`
    : `${count === 2 ? "both" : `all ${countText(count)}`} ${all}`
  return `; ${share} at ${stopText(end, limits)}${what === "lost" ? "" : " under A"}`
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
export const verdictTally = () => {
  const replies = { a: 0, b: 0 }
  const losses: Stops = new Map()
  const gains: Stops = new Map()
  let alike = true
  return {
    add: ({ a, b }: Pair): void => {
      if (replied(a)) replies.a++
      if (replied(b)) replies.b++
      // An event that the other side did not evaluate stops nowhere.
      if (a === undefined || b === undefined || endOf(a) !== endOf(b)) alike = false
      if (a === undefined || b === undefined || replied(a) === replied(b)) return
      if (replied(a)) addStop(losses, b)
      else addStop(gains, a)
    },
    result: (unanswered: { readonly a: number; readonly b: number }): string => {
      const { a, b } = replies
      if (alike) return `A and B decide alike: ${many(a, "reply", "replies")} each, and not one event ends otherwise.`
      const mentions = unanswered.a === unanswered.b
        ? `Unanswered mentions: ${countText(unanswered.a)} in both.`
        : `Unanswered mentions: ${countText(unanswered.a)} → ${countText(unanswered.b)}.`
      return `${headOf(a, b)}${mostStop(losses, "lost")}${mostStop(gains, "new")}. ${mentions}`
    }
  }
}
