import { Schema } from "effect"
import { DecisionRecord, isEcho } from "../decision/Decision.ts"
import { comparisonTally, ReplayComparison } from "./ReplayComparison.ts"
import { Fidelity, fidelityTally } from "./ReplayFidelity.ts"
import { type Pair, pairsOf } from "./ReplayPairs.ts"
import type { ReplayFacts, ReplayWindow } from "./ReplayRun.ts"
import { ReplaySummary, summaryTally } from "./ReplaySummary.ts"

/** One run in `--format json`. */
const RunReport = Schema.Struct({
  summary: ReplaySummary,
  /** How closely it matches the live run; only where the log is a recording. */
  fidelity: Schema.optionalKey(Fidelity),
  /** Every decision in the order in which they were opened, with the texts the log and the run hold. */
  decisions: Schema.Array(DecisionRecord)
})

/** The document of `--format json`, its keys always in this order. */
export const ReplayReport = Schema.Struct({
  /** The version of this document's format; raised when a field changes its meaning. */
  version: Schema.Literal(3),
  /** A, and B where there is one. */
  runs: Schema.Array(RunReport),
  /** What B changes against A; only where there are two. */
  comparison: Schema.optionalKey(ReplayComparison)
})
export type ReplayReport = typeof ReplayReport.Type

/** A report without the decisions themselves. */
export interface ReplayFigures {
  readonly runs: ReadonlyArray<Omit<(typeof RunReport)["Type"], "decisions">>
  readonly comparison?: ReplayComparison
}

/** What the runs are set side by side by: without the bot's own echoes, as where B says less there are fewer. */
export const comparableIn = ({ runs }: ReplayWindow): ReplayWindow["runs"] =>
  runs.length === 1 ? runs : runs.map((decisions) => decisions.filter((record) => !isEcho(record)))

/** The pairs of a window. */
export const pairsIn = (window: ReplayWindow): ReadonlyArray<Pair> => {
  const [a = [], b = []] = comparableIn(window)
  return pairsOf(a, b)
}

/** Counts what stands in the report of one run or two, window by window; `recorded`: there are live decisions. */
export const reportTally = (
  runs: ReadonlyArray<Pick<ReplayFacts, "botNames" | "followsLive">>,
  recorded: boolean
) => {
  const summaries = runs.map(({ botNames }) => summaryTally(botNames))
  // Each run is held against all that happened live, alone or compared.
  const fidelities = recorded ? runs.map(({ followsLive }) => fidelityTally(followsLive)) : []
  const comparison = comparisonTally()
  return {
    add: (window: ReplayWindow): void => {
      comparableIn(window).forEach((decisions, index) => {
        for (const record of decisions) summaries[index]?.add(record)
      })
      window.runs.forEach((decisions, index) => fidelities[index]?.add(window.live, decisions))
      if (runs.length > 1) { for (const pair of pairsIn(window)) comparison.add(pair) }
    },
    result: (facts: ReadonlyArray<ReplayFacts>): ReplayFigures => {
      const figures = facts.flatMap((run, index) => {
        const summary = summaries[index]?.result(run)
        const fidelity = fidelities[index]?.result(run)
        return summary === undefined ? [] : [{ summary, ...(fidelity === undefined ? {} : { fidelity }) }]
      })
      const [a, b] = figures
      return a === undefined || b === undefined
        ? { runs: figures }
        : { runs: figures, comparison: comparison.result([a.summary, b.summary]) }
    }
  }
}

/** The document's text around the decisions: what stands before those of each run, and behind the last ones. */
export const jsonAround = ({ comparison, runs }: ReplayFigures): ReadonlyArray<string> => {
  const before = runs.map((run) => `${JSON.stringify(run).slice(0, -1)},"decisions":[`)
  const [first = "", ...more] = before
  const end = comparison === undefined ? "]}]}" : `]}],"comparison":${JSON.stringify(comparison)}}`
  return [`{"version":3,"runs":[${first}`, ...more.map((text) => `]},${text}`), `${end}\n`]
}
