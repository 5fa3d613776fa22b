import { replayPage } from "./ReplayPage.ts"
import { comparableIn, jsonAround, pairsIn, type ReplayFigures, reportTally } from "./ReplayReport.ts"
import type { ReplayRuns, ReplayWindow } from "./ReplayRun.ts"
import { replayText } from "./ReplayText.ts"
import { comparedText } from "./ReplayTextCompared.ts"
import { timelineTally } from "./ReplayTimeline.ts"

/** What to print about which runs; a page is made from its template, `playground/replay/`. */
export type ReplayRequest =
  | { readonly runs: ReplayRuns; readonly format: "text" | "json" }
  | { readonly runs: ReplayRuns; readonly format: "html"; readonly template: string }

/** The report for a terminal. */
export const textOf = ({ comparison, runs: [a, b] }: ReplayFigures): string =>
  a === undefined
    ? ""
    : b === undefined || comparison === undefined
    ? replayText(a.summary, a.fidelity)
    : comparedText([a.summary, b.summary], comparison, a.fidelity)

/** One run or two as text, JSON or a standalone page. The same runs give the same bytes. */
export const renderReplay = (request: ReplayRequest): string => {
  const { runs } = request
  const [a, b] = runs
  const window: ReplayWindow = { runs: runs.map(({ decisions }) => decisions), live: a.live }
  const report = reportTally(runs, a.live.length > 0)
  report.add(window)
  const figures = report.result(runs)
  switch (request.format) {
    case "text":
      return textOf(figures)
    case "json": {
      const [first = "", ...around] = jsonAround(figures)
      const decisions = comparableIn(window).map((records) => records.map((record) => JSON.stringify(record)).join(","))
      return first + decisions.map((text, index) => text + (around[index] ?? "")).join("")
    }
    case "html": {
      const timeline = timelineTally(a.botNames, b !== undefined)
      for (const pair of pairsIn(window)) timeline.add(pair)
      return replayPage(request.template, figures, timeline.result(a.from))
    }
  }
}
