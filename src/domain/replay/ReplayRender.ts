import { replayPage } from "./ReplayPage.ts"
import { type ReplayReport, reportOf } from "./ReplayReport.ts"
import { comparable, type ReplayRuns } from "./ReplayRun.ts"
import { replayText } from "./ReplayText.ts"
import { comparedText } from "./ReplayTextCompared.ts"
import { timelineOf } from "./ReplayTimeline.ts"

/** A report is JSON data by its type; a check at run time would walk through 100,000 decisions. */
const encoded = (report: ReplayReport): (typeof ReplayReport)["Encoded"] => report

/** What to print about which runs; a page is made from its template, `playground/replay/`. */
export type ReplayRequest =
  | { readonly runs: ReplayRuns; readonly format: "text" | "json" }
  | { readonly runs: ReplayRuns; readonly format: "html"; readonly template: string }

const textOf = ({ comparison, runs: [a, b] }: ReplayReport): string =>
  a === undefined
    ? ""
    : b === undefined || comparison === undefined
    ? replayText(a.summary, a.fidelity)
    : comparedText([a.summary, b.summary], comparison, a.fidelity)

/** One run or two as text, JSON or a standalone page. The same runs give the same bytes. */
export const renderReplay = (request: ReplayRequest): string => {
  const report = reportOf(request.runs)
  switch (request.format) {
    case "text":
      return textOf(report)
    case "json":
      return `${JSON.stringify(encoded(report))}\n`
    case "html":
      return replayPage(request.template, report, timelineOf(comparable(request.runs)))
  }
}
