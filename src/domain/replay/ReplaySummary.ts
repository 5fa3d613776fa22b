import { Schema } from "effect"
import type { DecisionRecord } from "../decision/Decision.ts"
import { isHeard } from "./Addressed.ts"
import { Activity, activityTally } from "./ReplayActivity.ts"
import { Costs, costsTally } from "./ReplayCosts.ts"
import { addOne, EndCount, endOf, rankedEnds, type ReplayEnd } from "./ReplayEnd.ts"
import { Mentions, People, peopleTally } from "./ReplayPeople.ts"
import type { ReplayFacts, ReplayModel, ReplayRun } from "./ReplayRun.ts"
import { replayNotes } from "./ReplayNotes.ts"
import { TriggerCount, triggersTally } from "./ReplayTriggers.ts"
import { durationText, many, utcText } from "./ReplayWords.ts"

/** A kind of failure and its count. */
const FailureCount = Schema.Struct({
  /** The error's tag. */
  error: Schema.String,
  /** Its message, of the first of its kind. */
  text: Schema.String,
  count: Schema.Finite
})
export type FailureCount = typeof FailureCount.Type

/** The summary of a replay. */
export const ReplaySummary = Schema.Struct({
  /** The log's file name. */
  log: Schema.String,
  /** The configuration's file name. */
  config: Schema.String,
  /** When the first and the last event arrived, UTC to the second. */
  from: Schema.String,
  to: Schema.String,
  /** Between the two, ms. */
  lastedMs: Schema.Finite,
  /** Events that went through the bot. */
  events: Schema.Finite,
  /** Where the answers came from, in words. */
  answersFrom: Schema.String,
  /** Unusable lines of the log: the first of them, and how many there are. */
  unusable: Schema.Struct({
    count: Schema.Finite,
    first: Schema.Array(Schema.Struct({
      line: Schema.Finite,
      /** Where several logs are replayed together. */
      file: Schema.optionalKey(Schema.String),
      why: Schema.String
    }))
  }),
  /** What is to be known of the log before reading on, in words: logs replayed together, restarts, reloads, time that runs backwards. */
  notes: Schema.Array(Schema.String),
  /** Decisions made, one an event that is a line, a message or a change of media, and one a look at the room. */
  decisions: Schema.Finite,
  /** What people said: lines of the room and private messages to the bot, each once. */
  lines: Schema.Finite,
  replied: Schema.Finite,
  skipped: Schema.Finite,
  failed: Schema.Finite,
  /** The log ended before these were decided. */
  underWay: Schema.Finite,
  /** Replies an hour of the log; of a log under an hour, replies in all. */
  repliesPerHour: Schema.Finite,
  /** Why the bot kept silent, the most frequent reason first; together these are all skipped decisions. */
  reasons: Schema.Array(EndCount),
  /** What failed, the most frequent error first; together these are all failed decisions. */
  failures: Schema.Array(FailureCount),
  activity: Activity,
  people: People,
  mentions: Mentions,
  /** The results of every trigger entry, in the order of testing. */
  triggers: Schema.Array(TriggerCount),
  costs: Costs
})
export type ReplaySummary = typeof ReplaySummary.Type

/** Where a run's answers came from. */
const modelText = (model: ReplayModel): string => {
  switch (model._tag) {
    case "Recorded": {
      const others = many(model.stoodIn, "answer")
      const recorded = `the recording (${many(model.answered, "answer")})`
      return model.stoodIn === 0
        ? recorded
        : `${recorded}, and a stand-in after ${durationText(model.standInMs)} (${others})`
    }
    case "StandIn":
      return `a stand-in that answers after ${durationText(model.standInMs)}: no model was asked`
    case "Real":
      return `the model ${model.model}`
  }
}

const failuresTally = () => {
  // As many as there are kinds of errors.
  const counts = new Map<string, { text: string; count: number }>()
  return {
    add: ({ outcome }: DecisionRecord): void => {
      if (outcome?._tag !== "Failed") return
      const failure = counts.get(outcome.error) ?? { text: outcome.message, count: 0 }
      counts.set(outcome.error, { ...failure, count: failure.count + 1 })
    },
    result: (): ReadonlyArray<FailureCount> =>
      [...counts].map(([error, failure]) => ({ error, ...failure }))
        .toSorted((a, b) => b.count - a.count || (a.error < b.error ? -1 : 1))
  }
}

const endsTally = () => {
  const ends = new Map<ReplayEnd, number>()
  let lines = 0
  return {
    add: (record: DecisionRecord): void => {
      addOne(ends, endOf(record))
      if (isHeard(record)) lines++
    },
    result: () => {
      const { failed = 0, replied = 0, under_way: underWay = 0 } = Object.fromEntries(ends)
      const reasons = rankedEnds(ends).filter(({ reason }) =>
        reason !== "replied" && reason !== "failed" && reason !== "under_way"
      )
      const skipped = reasons.reduce((sum, { count }) => sum + count, 0)
      return { decisions: replied + skipped + failed + underWay, lines, replied, skipped, failed, underWay, reasons }
    }
  }
}

/** Sums up a run, decision by decision in the order of arrival. */
export const summaryTally = (botNames: ReadonlyArray<string>) => {
  const ends = endsTally()
  const failures = failuresTally()
  const activity = activityTally()
  const people = peopleTally(botNames)
  const triggers = triggersTally()
  const costs = costsTally()
  const all = [ends, failures, activity, people, triggers, costs]
  return {
    add: (record: DecisionRecord): void => {
      for (const { add } of all) add(record)
    },
    result: (run: ReplayFacts): ReplaySummary => {
      const { config, events, from, log, to, unusable, unusableCount } = run
      const { reasons, ...counted } = ends.result()
      return {
        log,
        config,
        from: utcText(from, true),
        to: utcText(to, true),
        lastedMs: to - from,
        events,
        answersFrom: modelText(run.model),
        unusable: { count: unusableCount, first: unusable },
        notes: replayNotes(run),
        ...counted,
        repliesPerHour: Math.round(10 * counted.replied / Math.max(1, (to - from) / 3_600_000)) / 10,
        reasons,
        failures: failures.result(),
        activity: activity.result(run),
        ...people.result(),
        triggers: triggers.result(),
        costs: costs.result()
      }
    }
  }
}

/** Sums up a run. */
export const summaryOf = (run: ReplayRun): ReplaySummary => {
  const tally = summaryTally(run.botNames)
  for (const record of run.decisions) tally.add(record)
  return tally.result(run)
}
