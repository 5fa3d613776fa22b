import type { ReplayFigures } from "./ReplayReport.ts"
import type { Timeline } from "./ReplayTimeline.ts"

/** The template's placeholder for the data. */
const place = "\"the data of the replay\""

/** Data that cannot end its script element: `<` is escaped in the JSON. */
const harmless = (data: unknown): string => JSON.stringify(data).replaceAll("<", "\\u003c")

const departuresShown = 200

const runOf = ({ fidelity, summary }: ReplayFigures["runs"][number]) => ({
  summary: { ...summary, mentions: { ...summary.mentions, unanswered: summary.mentions.unanswered.length } },
  ...(fidelity === undefined ? {} : {
    fidelity: {
      ...fidelity,
      differing: fidelity.departures.length,
      departures: fidelity.departures.slice(0, departuresShown)
    }
  })
})

/** A report as a page. Its decisions, mentions and changes line by line come from the timeline. */
export const replayPage = (template: string, { comparison, runs }: ReplayFigures, timeline: Timeline): string => {
  const data = harmless({
    runs: runs.map(runOf),
    ...(comparison === undefined ? {} : { comparison: { ...comparison, changes: [] } }),
    timeline
  })
  // Not a plain text for a replacement: what the room says may hold `$&`.
  return template.replace(place, () => data)
}
