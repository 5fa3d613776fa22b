import { Effect, Option, Result, Schema } from "effect"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { withFormerDefaults } from "../../domain/replay/FormerDefaults.ts"
import type { UnusableLine } from "../../domain/replay/ReplayRun.ts"
import { Settings } from "../../domain/settings/Settings.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { ReplayStuck } from "../time/DeterministicRuntime.ts"
import type { AskedModel } from "./AskedModel.ts"
import { capturedMoment, deliveryOf, isLogEvent, type LogEvent, momentOf } from "./LogEvent.ts"
import type { LogPart } from "./LogPart.ts"
import { type LogEntry, type LogLine, placeOf } from "./LogReader.ts"
import { makePlayback } from "./Playback.ts"
import { startReplayedBot } from "./ReplayedBot.ts"
import { namedLines } from "./ReplayLog.ts"
import { type Answers, standIn } from "./ReplayPorts.ts"

/** The latency of a stand-in, ms. */
export const standInMs = 1_500
/** How long a decision may take, ms: what arrived longer ago is decided for good. */
export const settledMs = 300_000

/** What a part is played with. */
export interface PartSetup {
  readonly settings: Settings
  /** The model for requests without a recorded answer; absent: a stand-in. */
  readonly asked: AskedModel | undefined
  /** Whether the live run is followed. */
  readonly exact: boolean
  /** Lines of the log that are echoes of replies which the replay may not give. */
  readonly echoes: ReadonlySet<string>
}

/** What a run has found so far, part by part. */
export interface RunTally {
  readonly unusable: Array<UnusableLine>
  unusableCount: number
  events: number
  from: number | undefined
  to: number
  readonly answers: Answers
}

/** Plays what one process recorded, with a bot of its own: nothing outlives a restart. */
export interface PartPlayer {
  /** Plays a line; what is returned has to be run before the next one. */
  readonly play: (line: LogLine) => Effect.Effect<void, ReplayStuck> | undefined
  /** The part is over: lets replies in progress end. */
  readonly end: Effect.Effect<void>
  /** Takes the decisions about what arrived before a time, epoch ms. */
  readonly decisions: (before: number) => ReadonlyArray<DecisionRecord>
}

export const decodeSettings = Schema.decodeUnknownOption(Settings)

/** A configuration as the version that made the recording would have read it. */
export const asRead = (former: boolean, settings: unknown): unknown => former ? withFormerDefaults(settings) : settings

/** When a part begins, on both clocks. */
export const beginning = ({ entry }: LogLine): ClockReading =>
  entry.kind === "captured" ? { wall: Math.round(entry.ts * 1000), monotonic: 0 } : momentOf(entry)

/** Starts a bot for a part of a log. */
export const playerOf = Effect.fnUntraced(function*(part: LogPart, setup: PartSetup, tally: RunTally) {
  const { asked, echoes, exact } = setup
  const { former } = part
  const began = beginning(part.first)
  const playback = makePlayback(part.results)
  const settings = exact
    ? Option.getOrElse(decodeSettings(asRead(former, part.settings)), () => setup.settings)
    : setup.settings
  const bot = yield* startReplayedBot({
    settings,
    playback,
    began,
    exact,
    dryRun: part.dryRun,
    states: part.states,
    model: asked?.client ?? standIn(standInMs),
    former
  })
  const { world } = bot
  let last = began

  /** Runs every fiber until it waits, and waits for the model's server. */
  const settle: Effect.Effect<void> = Effect.suspend(() => {
    world.settle()
    return asked?.busy() === true ? Effect.andThen(asked.settled, settle) : Effect.void
  })
  const passTo = Effect.fnUntraced(function*(moment: ClockReading) {
    while (world.time.pass(moment)) yield* settle
  })

  const refuse = (line: LogLine, why: string): void => {
    tally.unusableCount++
    if (tally.unusable.length < namedLines) tally.unusable.push({ ...placeOf(line), why })
  }

  const take = (line: LogLine, entry: LogEvent, arrivedAt: ClockReading): void => {
    tally.from = Math.min(tally.from ?? arrivedAt.wall, arrivedAt.wall)
    tally.to = Math.max(tally.to, arrivedAt.wall)
    last = arrivedAt
    const delivery = deliveryOf({ line: line.line, entry }, arrivedAt, began, bot.active())
    if (Result.isFailure(delivery)) return refuse(line, delivery.failure)
    if (echoes.has(delivery.success.arrival.correlationId)) return
    tally.events++
    if (!bot.offer(delivery.success)) refuse(line, "the bot does not listen to this channel")
  }

  /** Applies a line of the log that is no event. */
  const happen = Effect.fnUntraced(function*(entry: LogEntry) {
    if (entry.kind === "connection") return yield* bot.connect(entry.up)
    if (entry.kind !== "config" || !exact) return
    const later = decodeSettings(asRead(former, entry.settings))
    if (Option.isSome(later)) yield* bot.configure(later.value)
  })

  const changesBot = ({ kind }: LogEntry): boolean => kind === "connection" || kind === "config"
  const momentIn = (entry: LogEntry): ClockReading =>
    entry.kind === "captured" ? capturedMoment(entry, began) : momentOf(entry)

  const playSlowly = Effect.fnUntraced(function*(line: LogLine) {
    const { entry } = line
    const moment = momentIn(entry)
    yield* passTo(moment)
    if (isLogEvent(entry)) take(line, entry, moment)
    else yield* happen(entry)
    playback.reach(line.line)
    yield* settle
  })

  return {
    play: (line) => {
      // With nothing to wait for, a line is played without a fiber of its own.
      if (asked !== undefined || changesBot(line.entry)) return playSlowly(line)
      const moment = momentIn(line.entry)
      while (world.time.pass(moment)) world.settle()
      if (isLogEvent(line.entry)) take(line, line.entry, moment)
      playback.reach(line.line)
      world.settle()
      return undefined
    },
    end: Effect.suspend(() => {
      bot.wrapUp()
      return passTo({ monotonic: last.monotonic + settledMs, wall: last.wall + settledMs })
    }).pipe(Effect.andThen(Effect.sync(() => {
      tally.answers.recorded += bot.answers.recorded
      tally.answers.stoodIn += bot.answers.stoodIn
    }))),
    decisions: bot.decisions
  } satisfies PartPlayer
})
