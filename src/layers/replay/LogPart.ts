import type { StateName } from "../../services/state/StateStore.ts"
import type { LogEntry, LogLine } from "./LogReader.ts"
import { type RecordedResults, resultsTally } from "./Playback.ts"

/** What one process of the bot recorded, or a whole log of another kind. */
export interface LogPart {
  readonly first: LogLine
  /** The configuration it begins with, as recorded. */
  readonly settings: unknown
  readonly dryRun: boolean
  /** Whether version 0.1 recorded it. */
  readonly former: boolean
  readonly results: RecordedResults
  /** What was restored of the bot's state, by name. */
  readonly states: Map<StateName, unknown>
}

/** A part that is read. */
export const partTally = (first: LogLine) => {
  const results = resultsTally()
  let heading: Extract<LogEntry, { readonly kind: "recording" }> | undefined
  let settings: unknown
  let former = false
  // In a file that goes on the state is repeated, as it is then.
  let headings = 0
  const states = new Map<StateName, unknown>()
  return {
    add: ({ entry, joins, line }: LogLine): void => {
      if (entry.kind === "recording") {
        heading ??= entry
        if (joins !== true) headings++
        former ||= entry.format === undefined
      } else if (entry.kind === "config") {
        settings ??= entry.settings
      } else if (entry.kind === "state" && headings === 1 && !states.has(entry.name)) {
        // A channel that is opened again goes on from what it was.
        states.set(entry.name, entry.value)
      }
      results.add(line, entry)
    },
    result: (): LogPart => ({
      first,
      settings,
      dryRun: heading?.dryRun === true,
      former,
      results: results.result(),
      states
    })
  }
}
