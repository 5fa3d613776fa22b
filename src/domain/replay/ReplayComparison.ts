import { Schema } from "effect"
import type { DecisionRecord } from "../decision/Decision.ts"
import { CorrelationId, type UserKey, userKey } from "../Ids.ts"
import { isHeard } from "./Addressed.ts"
import { addOne, endOf, endWords, ReplayEnd, whyText } from "./ReplayEnd.ts"
import { type Pair, pairsOf } from "./ReplayPairs.ts"
import type { ReplayRun } from "./ReplayRun.ts"
import type { ReplaySummary } from "./ReplaySummary.ts"
import { verdictTally } from "./ReplayVerdict.ts"
import { utcText } from "./ReplayWords.ts"

const usersShown = 10

/** A figure under both configurations. */
export const Difference = Schema.Struct({ a: Schema.Finite, b: Schema.Finite, difference: Schema.Finite })
export type Difference = typeof Difference.Type

/** How the decision about an event changes from A to B. */
export const ChangeKind = Schema.Literals([
  // Answered by A, not by B; and the other way round.
  "lost",
  "gained",
  // Answered by neither, for different reasons.
  "other_reason",
  // Answered by both, with different texts.
  "other_text",
  // An evaluation of the room in only one of them.
  "only_a",
  "only_b"
])
export type ChangeKind = typeof ChangeKind.Type

/** How one of the two runs ended it. */
const Side = Schema.Struct({
  end: ReplayEnd,
  /** The gate that refused, with its value against its limit; for a reply its outcome in words. */
  why: Schema.String,
  /** The text that was sent. */
  reply: Schema.optionalKey(Schema.String)
})
export type Side = typeof Side.Type

/** An event that A and B decide differently. */
export const Change = Schema.Struct({
  correlationId: CorrelationId,
  channel: Schema.String,
  /** Arrival, UTC to the second. */
  at: Schema.String,
  user: Schema.String,
  /** The line, whole. */
  text: Schema.String,
  kind: ChangeKind,
  a: Schema.optionalKey(Side),
  b: Schema.optionalKey(Side)
})
export type Change = typeof Change.Type

/** What B changes against A. */
export const ReplayComparison = Schema.Struct({
  /** The verdict, in a sentence or two. */
  verdict: Schema.String,
  replies: Difference,
  repliesPerHour: Difference,
  unansweredMentions: Difference,
  failed: Difference,
  requests: Difference,
  inputTokens: Difference,
  outputTokens: Difference,
  /** Why they keep silent, the greatest difference first. */
  reasons: Schema.Array(Schema.Struct({ reason: ReplayEnd, text: Schema.String, ...Difference.fields })),
  /** The people with the most replies under either, up to ten. */
  users: Schema.Array(Schema.Struct({ user: Schema.String, ...Difference.fields })),
  /** How many events change in which way. */
  changed: Schema.Record(ChangeKind, Schema.Finite),
  /** How many end alike. */
  alike: Schema.Finite,
  /** Every event that changes, in order. */
  changes: Schema.Array(Change)
})
export type ReplayComparison = typeof ReplayComparison.Type

/** How a pair of decisions differs, if it does. */
export const changeKindOf = ({ a, b }: Pair): ChangeKind | undefined => {
  if (a === undefined) return "only_b"
  if (b === undefined) return "only_a"
  const [endA, endB] = [endOf(a), endOf(b)]
  if (endA !== endB) return endA === "replied" ? "lost" : endB === "replied" ? "gained" : "other_reason"
  return endA === "replied" && a.content?.reply !== b.content?.reply ? "other_text" : undefined
}

const sideOf = (record: DecisionRecord): Side => ({
  end: endOf(record),
  why: whyText(record),
  ...(record.content?.reply === undefined ? {} : { reply: record.content.reply })
})

const changeOf = (pair: Pair): ReadonlyArray<Change> => {
  const { a, b } = pair
  const kind = changeKindOf(pair)
  const record = a ?? b
  return kind === undefined || record === undefined ? [] : [{
    correlationId: record.correlationId,
    channel: record.channel,
    at: utcText(record.arrivedAt, true),
    user: record.username ?? "",
    text: record.content?.line ?? "",
    kind,
    ...(a === undefined ? {} : { a: sideOf(a) }),
    ...(b === undefined ? {} : { b: sideOf(b) })
  }]
}

const difference = (a: number, b: number): Difference => ({ a, b, difference: Math.round((b - a) * 10) / 10 })

/** The same figure of two tables, by name; nothing where a table lacks it. */
const join = <K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>): ReadonlyArray<readonly [K, Difference]> =>
  [...new Set([...a.keys(), ...b.keys()])].map((key) => [key, difference(a.get(key) ?? 0, b.get(key) ?? 0)])

const reasonsOf = (a: ReplaySummary, b: ReplaySummary): ReplayComparison["reasons"] => {
  const table = ({ reasons }: ReplaySummary) => new Map(reasons.map(({ count, reason }) => [reason, count]))
  return join(table(a), table(b))
    .toSorted(([, one], [, other]) => Math.abs(other.difference) - Math.abs(one.difference) || other.a - one.a)
    .map(([reason, counts]) => ({ reason, text: endWords(reason), ...counts }))
}

/** Who got how many replies under either configuration. */
const usersTally = () => {
  // The people of the log, with their names as the room shows them.
  const names = new Map<UserKey, string>()
  const counts = { a: new Map<UserKey, number>(), b: new Map<UserKey, number>() }

  const addSide = (replies: Map<UserKey, number>, record: DecisionRecord | undefined): void => {
    if (record?.username === undefined) return
    const key = userKey(record.username)
    names.set(key, record.username)
    if (isHeard(record) && endOf(record) === "replied") addOne(replies, key)
  }

  return {
    add: ({ a, b }: Pair): void => {
      addSide(counts.a, a)
      addSide(counts.b, b)
    },
    result: (): ReplayComparison["users"] =>
      join(counts.a, counts.b)
        .toSorted(([one, x], [other, y]) => Math.max(y.a, y.b) - Math.max(x.a, x.b) || (one < other ? -1 : 1))
        .slice(0, usersShown).map(([key, replies]) => ({ user: names.get(key) ?? key, ...replies }))
  }
}

/** Compares two runs of the same log, pair by pair in the order of arrival. */
export const comparisonTally = () => {
  const verdict = verdictTally()
  const users = usersTally()
  const changes: Array<Change> = []
  const changed = { lost: 0, gained: 0, other_reason: 0, other_text: 0, only_a: 0, only_b: 0 }
  let alike = 0

  return {
    add: (pair: Pair): void => {
      verdict.add(pair)
      users.add(pair)
      const [change] = changeOf(pair)
      if (change === undefined) {
        alike++
        return
      }
      changed[change.kind]++
      changes.push(change)
    },
    result: ([inA, inB]: readonly [ReplaySummary, ReplaySummary]): ReplayComparison => {
      const figure = (of: (summary: ReplaySummary) => number): Difference => difference(of(inA), of(inB))
      const unansweredMentions = figure(({ mentions }) => mentions.unanswered.length)
      return {
        verdict: verdict.result(unansweredMentions),
        replies: figure(({ replied }) => replied),
        repliesPerHour: figure(({ repliesPerHour }) => repliesPerHour),
        unansweredMentions,
        failed: figure(({ failed }) => failed),
        requests: figure(({ costs }) => costs.requests),
        inputTokens: figure(({ costs }) => costs.inputTokens),
        outputTokens: figure(({ costs }) => costs.outputTokens),
        reasons: reasonsOf(inA, inB),
        users: users.result(),
        changed,
        alike,
        changes
      }
    }
  }
}

/** Compares two runs of the same log. */
export const comparisonOf = (
  [a, b]: readonly [ReplayRun, ReplayRun],
  summaries: readonly [ReplaySummary, ReplaySummary]
): ReplayComparison => {
  const tally = comparisonTally()
  for (const pair of pairsOf(a.decisions, b.decisions)) tally.add(pair)
  return tally.result(summaries)
}
