import { Schema } from "effect"
import { type DecisionRecord, isEcho, isTimed, type Step } from "../decision/Decision.ts"
import { endText, stepText } from "../decision/DecisionText.ts"
import { CorrelationId } from "../Ids.ts"
import { type Pair, pairsOf } from "./ReplayPairs.ts"
import type { ReplayFacts, ReplayRun } from "./ReplayRun.ts"
import { utcText } from "./ReplayWords.ts"

/** A decision in which the replay departs from the live run. */
const Departure = Schema.Struct({
  correlationId: CorrelationId,
  channel: Schema.String,
  /** Arrival, UTC to the second. */
  at: Schema.String,
  user: Schema.String,
  /** What differs: the end, or only a gate on the way; or one of the two has no such decision. */
  what: Schema.Literals(["outcome", "gates", "only_live", "only_replay"]),
  /** The outcome or the gate in words, live and in the replay; empty where there is none. */
  live: Schema.String,
  replay: Schema.String
})
export type Departure = typeof Departure.Type

/** How closely a replay matches the live run. Times are not compared. */
export const Fidelity = Schema.Struct({
  /** Decisions made live or in the replay. */
  decisions: Schema.Finite,
  /** Those that end alike, gate by gate. */
  alike: Schema.Finite,
  /** The others, in order. */
  departures: Schema.Array(Departure)
})
export type Fidelity = typeof Fidelity.Type

/** What is compared of a step; nothing of steps that only take time. */
const gateOf = (step: Step): string | undefined => {
  switch (step._tag) {
    case "Silence":
      return `silence ${step.silenceMs}`
    case "Trigger": {
      const { _tag } = step.result
      const draw = _tag === "Fired" || _tag === "Probability"
        ? ` ${step.result.draw} ${step.result.needed} ${step.result.unlucky}`
        : ""
      return `${step.entry} ${_tag}${draw}`
    }
    case "Limit":
      return `${step.limit} ${isTimed(step.limit) ? "" : step.used} ${step.maximum} ${step.allowed}`
    case "Admitted":
      return `${step.entry} admitted`
    case "Participation":
      return `wanted ${step.wanted}`
    default:
      return undefined
  }
}

const gatesOf = ({ steps }: DecisionRecord): ReadonlyArray<{ readonly gate: string; readonly step: Step }> =>
  steps.flatMap((step) => {
    const gate = gateOf(step)
    return gate === undefined ? [] : [{ gate, step }]
  })

/** What is compared of an outcome: everything but durations. */
const endKey = ({ outcome }: DecisionRecord): string => {
  switch (outcome?._tag) {
    case undefined:
      return "under way"
    case "Replied":
      return "replied"
    case "Skipped":
      return JSON.stringify([outcome.reason, outcome.waitedFor, outcome.dropped])
    case "Failed":
      return `failed ${outcome.error}`
  }
}

const endWordsOf = (record: DecisionRecord | undefined): string => record === undefined ? "" : endText(record)

type Mismatch = Pick<Departure, "what" | "live" | "replay">

const compare = ({ a: live, b: replay }: Pair): Mismatch | undefined => {
  const ends = { live: endWordsOf(live), replay: endWordsOf(replay) }
  if (live === undefined) return { what: "only_replay", ...ends }
  if (replay === undefined) return { what: "only_live", ...ends }
  if (endKey(live) !== endKey(replay)) return { what: "outcome", ...ends }
  const [gatesLive, gatesReplay] = [gatesOf(live), gatesOf(replay)]
  for (let index = 0; index < Math.max(gatesLive.length, gatesReplay.length); index++) {
    const [one, other] = [gatesLive[index], gatesReplay[index]]
    if (one?.gate === other?.gate) continue
    const words = (gate: typeof one): string => gate === undefined ? "" : stepText(gate.step)
    return { what: "gates", live: words(one), replay: words(other) }
  }
  return undefined
}

/** When a decision was made, epoch ms. */
const endedAt = ({ arrivedAt, outcome, steps }: DecisionRecord): number =>
  arrivedAt + Math.max(outcome?._tag === "Replied" ? outcome.afterMs : 0, steps.at(-1)?.at ?? 0)

/** A difference that is none where the bot stopped in between: it had not closed the decision. */
interface Found {
  readonly departure: Departure
  /** When the replay decided what the live run did not, epoch ms. */
  readonly onlyReplay: { readonly from: number; readonly to: number } | undefined
}

const foundIn = (pair: Pair): ReadonlyArray<Found> => {
  const difference = compare(pair)
  const record = pair.a ?? pair.b
  if (difference === undefined || record === undefined) return []
  const departure = {
    correlationId: record.correlationId,
    channel: record.channel,
    at: utcText(record.arrivedAt, true),
    user: record.username ?? "",
    ...difference
  }
  const onlyReplay = pair.a === undefined ? { from: record.arrivedAt, to: endedAt(record) } : undefined
  return [{ departure, onlyReplay }]
}

/** Compares a replay with its live run, decision by decision in the order of arrival. */
export const fidelityTally = (followsLive: boolean) => {
  const found: Array<Found> = []
  let any = false
  let count = 0
  return {
    add: (live: ReadonlyArray<DecisionRecord>, decisions: ReadonlyArray<DecisionRecord>): void => {
      if (live.length > 0) any = true
      // Where the bot may say something else, the room has no echoes of what it said live.
      const comparable = followsLive ? live : live.filter((record) => !isEcho(record))
      const pairs = pairsOf(comparable, decisions)
      count += pairs.length
      for (const pair of pairs) found.push(...foundIn(pair))
    },
    /** Nothing where the log is no recording. */
    result: ({ merged, restarts, to }: Pick<ReplayFacts, "merged" | "restarts" | "to">): Fidelity | undefined => {
      if (!any) return undefined
      const stops = [...restarts.map(({ stoppedAt }) => stoppedAt), ...(merged?.stops ?? []), to]
      // A bot that was killed, or still records, has not closed the decisions in progress at the log's end.
      const departures = found.filter(({ onlyReplay }) =>
        onlyReplay === undefined || !stops.some((stop) => onlyReplay.from <= stop && onlyReplay.to > stop)
      ).map(({ departure }) => departure)
      const decisions = count - (found.length - departures.length)
      return { decisions, alike: decisions - departures.length, departures }
    }
  }
}

/** Compares a replay with its live run; nothing where the log is no recording. */
export const fidelityOf = (run: ReplayRun): Fidelity | undefined => {
  const tally = fidelityTally(run.followsLive)
  tally.add(run.live, run.decisions)
  return tally.result(run)
}
