import type { DecisionRecord } from "../decision/Decision.ts"

/** Where the replay's answers came from. */
export type ReplayModel =
  /** The recording's own answers; a request it does not hold was answered by the stand-in. */
  | { readonly _tag: "Recorded"; readonly answered: number; readonly stoodIn: number; readonly standInMs: number }
  /** A stand-in that answers after a fixed time, ms. */
  | { readonly _tag: "StandIn"; readonly standInMs: number }
  /** The model of the configuration. */
  | { readonly _tag: "Real"; readonly model: string }

/** A line of a log, from 1; its file, where several logs are replayed together. */
export interface LogPlace {
  readonly line: number
  readonly file?: string
}

/** An unusable line of the log, and why; never its content. */
export interface UnusableLine extends LogPlace {
  readonly why: string
}

/** A place of a log that the report names, and when it was written, epoch ms. */
export interface LogMoment extends LogPlace {
  readonly at: number
}

/** Where another process of the bot goes on, and when the one before it wrote last, epoch ms. */
export interface Restart extends LogMoment {
  readonly stoppedAt: number
}

/** Time runs backwards in a log: so often, first at this line and by so many ms. */
export interface Backwards extends LogPlace {
  readonly count: number
  readonly byMs: number
}

/** Several logs that are replayed together, as those of one bot. */
export interface MergedLogs {
  /** Their files' names, as they were named. */
  readonly names: ReadonlyArray<string>
  /** Lines that more than one of them holds; each counts once. */
  readonly shared: number
  /** Those recorded under another configuration than the others. */
  readonly otherwise: ReadonlyArray<string>
  /** When a bot that recorded one of them stopped, epoch ms. */
  readonly stops: ReadonlyArray<number>
}

/** What is known of a replay of a log under a configuration besides its decisions. */
export interface ReplayFacts {
  /** The log's file name. */
  readonly log: string
  /** The configuration's file name, or that of the recording itself. */
  readonly config: string
  /** The bot's names, its username first. */
  readonly botNames: ReadonlyArray<string>
  /** When the first and the last event arrived, epoch ms. */
  readonly from: number
  readonly to: number
  /** Events that went through the pipeline. */
  readonly events: number
  /** The first unusable lines, and how many there were in all. */
  readonly unusable: ReadonlyArray<UnusableLine>
  readonly unusableCount: number
  /** Where the bot was restarted while it was recorded: what it remembered and its limits began anew. */
  readonly restarts: ReadonlyArray<Restart>
  /** Where the recorded configuration changed. */
  readonly reloads: ReadonlyArray<LogMoment>
  /**
   * Whether the live run is followed, because it was recorded under this configuration: its times, its reloads, and the
   * room's echoes of what it said. Otherwise the echoes are left out.
   */
  readonly followsLive: boolean
  readonly backwards: Backwards | undefined
  /** Absent for a single log. */
  readonly merged: MergedLogs | undefined
  readonly model: ReplayModel
}

/** A replay of a log under a configuration: every decision, with its texts, in the order of opening. */
export interface ReplayRun extends ReplayFacts {
  readonly decisions: ReadonlyArray<DecisionRecord>
  /** What the live run decided, where the log is a recording; empty otherwise. */
  readonly live: ReadonlyArray<DecisionRecord>
}

/** One replay, or two of the same log, the second compared with the first. */
export type ReplayRuns = readonly [ReplayRun] | readonly [ReplayRun, ReplayRun]

/** What was decided in a stretch of a log, in order: by each run, and live. */
export interface ReplayWindow {
  readonly runs: ReadonlyArray<ReadonlyArray<DecisionRecord>>
  readonly live: ReadonlyArray<DecisionRecord>
}
