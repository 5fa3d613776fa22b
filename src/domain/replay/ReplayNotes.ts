import type { LogMoment, LogPlace, MergedLogs, ReplayFacts } from "./ReplayRun.ts"
import { durationText, many, utcText } from "./ReplayWords.ts"

/** So many places are named one by one. */
const named = 5

/** A line of a log in words: `line 812`, and `line 812 of a.jsonl` where there are several. */
export const placeText = ({ file, line }: LogPlace): string =>
  file === undefined ? `line ${line}` : `line ${line} of ${file}`

/** The places of a log: `2026-01-01 22:13:05 (line 812), …`. */
const places = (moments: ReadonlyArray<LogMoment>): string => {
  const texts = moments.slice(0, named).map((moment) => `${utcText(moment.at, true)} (${placeText(moment)})`)
  return [...texts, ...(moments.length > named ? [`and ${moments.length - named} more times`] : [])].join(", ")
}

const reloadNote = ({ config, reloads, followsLive }: ReplayFacts): string =>
  followsLive
    ? `The configuration changed at ${places(reloads)}: each part is replayed under its own.`
    : `Warning: the configuration changed at ${
      places(reloads)
    } while this was recorded, and all of it is replayed under ` +
      `${config}. Without --config each part is replayed under its own.`

const mergedNotes = ({ names, otherwise, shared }: MergedLogs, config: string): ReadonlyArray<string> => [
  `${many(names.length, "log")} are replayed together, as one bot's: ${names.join(", ")}.`,
  ...(shared === 0 ? [] : [
    `${many(shared, "line")} of them ${shared === 1 ? "stands" : "stand"} in another one too and ${
      shared === 1 ? "counts" : "count"
    } once: where two replicas heard a channel, as the one that subscribed last did.`
  ]),
  ...(otherwise.length === 0 ? [] : [
    `Warning: ${otherwise.join(", ")} ${
      otherwise.length === 1 ? "was" : "were"
    } recorded under another configuration ` +
    `than ${names.find((name) => !otherwise.includes(name)) ?? "the first"}: all is replayed under ${config}.`
  ])
]

/** What is to be known of a log before its report is read. */
export const replayNotes = (run: ReplayFacts): ReadonlyArray<string> => {
  const { backwards, config, merged, reloads, restarts } = run
  return [
    ...(merged === undefined ? [] : mergedNotes(merged, config)),
    ...(restarts.length === 0 ? [] : [
      `The bot was restarted at ${places(restarts)}: what it remembered and its limits begin anew there.`
    ]),
    ...(reloads.length === 0 ? [] : [reloadNote(run)]),
    ...(backwards === undefined ? [] : [
      `Warning: time runs backwards ${many(backwards.count, "time")}, first at ${placeText(backwards)} by ` +
      `${durationText(backwards.byMs)}: are these logs joined in the right order?`
    ])
  ]
}
