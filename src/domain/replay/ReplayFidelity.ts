import { Schema } from "effect"
import { type DecisionRecord, isEcho, isTimed, type Step } from "../decision/Decision.ts"
import { endText, stepText } from "../decision/DecisionText.ts"
import { CorrelationId } from "../Ids.ts"
import { type Pair, pairsOf } from "./ReplayPairs.ts"
import type { ReplayRun } from "./ReplayRun.ts"
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

/** A bot that was killed, or still records, has not closed the decisions in progress at the log's end. */
const underWayLive = ({ a: live, b: replay }: Pair, stops: ReadonlyArray<number>): boolean =>
  live === undefined && replay !== undefined &&
  stops.some((stop) => replay.arrivedAt <= stop && endedAt(replay) > stop)

/** Compares a replay with its live run; nothing where the log is no recording. */
export const fidelityOf = ({ decisions, followsLive, live, restarts, to }: ReplayRun): Fidelity | undefined => {
  if (live.length === 0) return undefined
  // Where the bot may say something else, the room has no echoes of what it said live.
  const comparable = followsLive ? live : live.filter((record) => !isEcho(record))
  const stops = [...restarts.map(({ stoppedAt }) => stoppedAt), to]
  const pairs = pairsOf(comparable, decisions).filter((pair) => !underWayLive(pair, stops))
  const departures = pairs.flatMap((pair): ReadonlyArray<Departure> => {
    const difference = compare(pair)
    const record = pair.a ?? pair.b
    return difference === undefined || record === undefined ? [] : [{
      correlationId: record.correlationId,
      channel: record.channel,
      at: utcText(record.arrivedAt, true),
      user: record.username ?? "",
      ...difference
    }]
  })
  return { decisions: pairs.length, alike: pairs.length - departures.length, departures }
}
