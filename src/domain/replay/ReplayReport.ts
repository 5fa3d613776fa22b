import { Schema } from "effect"
import { DecisionRecord } from "../decision/Decision.ts"
import { comparisonOf, ReplayComparison } from "./ReplayComparison.ts"
import { Fidelity, fidelityOf } from "./ReplayFidelity.ts"
import { comparable, type ReplayRun, type ReplayRuns } from "./ReplayRun.ts"
import { ReplaySummary, summaryOf } from "./ReplaySummary.ts"

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

const runReport = (run: ReplayRun, fidelity: Fidelity | undefined): (typeof RunReport)["Type"] => ({
  summary: summaryOf(run),
  ...(fidelity === undefined ? {} : { fidelity }),
  decisions: run.decisions
})

/** The whole report of one run or two, and how closely each matches its live run. */
export const reportOf = (runs: ReplayRuns): ReplayReport => {
  // Each run is held against all that happened live, alone or compared.
  const fidelities = runs.map(fidelityOf)
  const [a, b] = comparable(runs)
  const reportA = runReport(a, fidelities[0])
  if (b === undefined) return { version: 3, runs: [reportA] }
  const reportB = runReport(b, fidelities[1])
  return {
    version: 3,
    runs: [reportA, reportB],
    comparison: comparisonOf([a, b], [reportA.summary, reportB.summary])
  }
}
