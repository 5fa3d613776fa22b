import type { LogMoment, ReplayFacts } from "./ReplayRun.ts"
import { durationText, many, utcText } from "./ReplayWords.ts"

/** So many places are named one by one. */
const named = 5

/** The places of a log: `2026-01-01 22:13:05 (line 812), …`. */
const places = (moments: ReadonlyArray<LogMoment>): string => {
  const texts = moments.slice(0, named).map(({ at, line }) => `${utcText(at, true)} (line ${line})`)
  return [...texts, ...(moments.length > named ? [`and ${moments.length - named} more times`] : [])].join(", ")
}

const reloadNote = ({ config, reloads, followsLive }: ReplayFacts): string =>
  followsLive
    ? `The configuration changed at ${places(reloads)}: each part is replayed under its own.`
    : `Warning: the configuration changed at ${
      places(reloads)
    } while this was recorded, and all of it is replayed under ` +
      `${config}. Without --config each part is replayed under its own.`

/** What is to be known of a log before its report is read. */
export const replayNotes = (run: ReplayFacts): ReadonlyArray<string> => {
  const { backwards, reloads, restarts } = run
  return [
    ...(restarts.length === 0 ? [] : [
      `The bot was restarted at ${places(restarts)}: what it remembered and its limits begin anew there.`
    ]),
    ...(reloads.length === 0 ? [] : [reloadNote(run)]),
    ...(backwards === undefined ? [] : [
      `Warning: time runs backwards ${many(backwards.count, "time")}, first at line ${backwards.line} by ` +
      `${durationText(backwards.byMs)}: are these logs joined in the right order?`
    ])
  ]
}
