import { Effect, Option, Result, Schema } from "effect"
import { type DecisionRecord, isEcho } from "../../domain/decision/Decision.ts"
import { gatherDecisions } from "../../domain/replay/GatheredDecisions.ts"
import type { ReplayModel, ReplayRun, UnusableLine } from "../../domain/replay/ReplayRun.ts"
import { withFormerDefaults } from "../../domain/replay/FormerDefaults.ts"
import { decideAlike } from "../../domain/replay/SameDecisions.ts"
import { maskedSettings } from "../../domain/settings/MaskedSettings.ts"
import { Settings } from "../../domain/settings/Settings.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { AskedModel } from "./AskedModel.ts"
import { capturedMoment, deliveryOf, isLogEvent, type LogEvent, momentOf } from "./LogEvent.ts"
import { type ReplayedBot, startReplayedBot } from "./ReplayedBot.ts"
import { type LogEntry, namedLines, type ReplayLog } from "./ReplayLog.ts"
import { backwardsOf, type LogPart, partsOf, reloadsOf, restartsOf } from "./ReplayParts.ts"
import { type Answers, standIn } from "./ReplayPorts.ts"
import { makePlayback } from "./Playback.ts"

/** The latency of a stand-in, ms. */
const standInMs = 1_500
/** The time limit for replies in progress at the log's end, ms. */
const afterwardsMs = 300_000
/** Lines per batch; in between, progress is reported and signals are handled. */
const batch = 250

/** The setup of a replay. */
export interface ReplaySetup {
  /** The configuration's name in the report. */
  readonly config: string
  readonly settings: Settings
  /** The model for requests without a recorded answer; absent: a stand-in. */
  readonly asked: AskedModel | undefined
  readonly progress: (done: number, total: number) => Effect.Effect<void>
}

/** What every part is replayed with. */
interface PartSetup extends Pick<ReplaySetup, "asked" | "settings"> {
  readonly exact: boolean
  /** Lines of the log that are echoes of replies which the replay may not give. */
  readonly echoes: ReadonlySet<string>
  readonly progress: (done: number) => Effect.Effect<void>
}

const decodeSettings = Schema.decodeUnknownOption(Settings)

/** Whether a recording was made by version 0.1, which had other defaults. */
const isFormer = (entries: ReadonlyArray<LogEntry>): boolean =>
  entries.some((entry) => entry.kind === "recording" && entry.format === undefined)

/** A configuration as the version that made the recording would have read it. */
const asRead = (entries: ReadonlyArray<LogEntry>, settings: unknown): unknown =>
  isFormer(entries) ? withFormerDefaults(settings) : settings

/** When the log begins, on both clocks. */
const beginning = (first: LogEntry | undefined): ClockReading => {
  if (first === undefined) return { wall: 0, monotonic: 0 }
  return first.kind === "captured" ? { wall: Math.round(first.ts * 1000), monotonic: 0 } : momentOf(first)
}

/** Whether the recording was made under this configuration: then its times are followed exactly. */
const asLive = (entries: ReadonlyArray<LogEntry>, settings: Settings): boolean => {
  const recorded = entries.find((entry) => entry.kind === "config")
  // A field unknown to the recording's version has its default there too.
  const completed = Option.map(decodeSettings(recorded?.settings), maskedSettings)
  return Option.exists(
    completed,
    (complete) => decideAlike(asRead(entries, complete), asRead(entries, maskedSettings(settings)))
  )
}

const decidedLive = (entries: ReadonlyArray<LogEntry>): ReadonlyArray<DecisionRecord> => {
  const decisions = gatherDecisions()
  for (const entry of entries) if (entry.kind === "decision") decisions.add(entry.record)
  return decisions.all()
}

/** The live run's echoes: where the bot decides otherwise, the room would not have sent them. */
const echoesIn = (live: ReadonlyArray<DecisionRecord>): ReadonlySet<string> =>
  new Set(live.filter(isEcho).map(({ correlationId }) => correlationId))

/** The source of the answers. */
const modelOf = (asked: AskedModel | undefined, recorded: boolean, answers: Answers): ReplayModel => {
  if (asked !== undefined) return { _tag: "Real", model: asked.name }
  if (!recorded) return { _tag: "StandIn", standInMs }
  return { _tag: "Recorded", answered: answers.recorded, stoodIn: answers.stoodIn, standInMs }
}

/** Lets the bot's time pass, and waits while a real model is asked. */
const makeTime = ({ world }: ReplayedBot, asked: AskedModel | undefined) => {
  /** Runs every fiber until it waits, and waits for the model's server. */
  const settle: Effect.Effect<void> = Effect.suspend(() => {
    world.settle()
    return asked?.busy() === true ? Effect.andThen(asked.settled, settle) : Effect.void
  })
  return { settle, passTo: (moment: ClockReading) => world.time.passTo(moment, settle) }
}

/** What a replay has found so far, part by part. */
interface Tally {
  readonly unusable: Array<UnusableLine>
  unusableCount: number
  events: number
  from: number | undefined
  to: number
  answers: Answers
  readonly decisions: Array<DecisionRecord>
}

/** Replays what one process recorded, with a bot of its own: nothing outlives a restart. */
const replayPart = Effect.fnUntraced(function*(part: LogPart, setup: PartSetup, tally: Tally) {
  const { asked, echoes, exact, settings } = setup
  const entries = part.map(({ entry }) => entry)
  const began = beginning(entries[0])
  const playback = makePlayback(entries)
  const dryRun = entries.find((entry) => entry.kind === "recording")?.dryRun === true
  const model = asked?.client ?? standIn(standInMs)
  const former = isFormer(entries)
  const bot = yield* startReplayedBot({ settings, playback, began, exact, dryRun, model, former })
  const { passTo, settle } = makeTime(bot, asked)
  let last = began

  const refuse = (line: number, why: string): void => {
    tally.unusableCount++
    if (tally.unusable.length < namedLines) tally.unusable.push({ line, why })
  }

  const take = (line: number, entry: LogEvent, arrivedAt: ClockReading): void => {
    tally.from = Math.min(tally.from ?? arrivedAt.wall, arrivedAt.wall)
    tally.to = Math.max(tally.to, arrivedAt.wall)
    last = arrivedAt
    const delivery = deliveryOf({ line, entry }, arrivedAt, began, bot.active())
    if (Result.isFailure(delivery)) return refuse(line, delivery.failure)
    if (echoes.has(delivery.success.arrival.correlationId)) return
    tally.events++
    if (!bot.offer(delivery.success)) refuse(line, "the bot does not listen to this channel")
  }

  /** Applies a line of the log that is no event. */
  const happen = Effect.fnUntraced(function*(entry: LogEntry) {
    if (entry.kind === "connection") return yield* bot.connect(entry.up)
    if (entry.kind !== "config" || !exact) return
    const later = decodeSettings(asRead(entries, entry.settings))
    if (Option.isSome(later)) yield* bot.configure(later.value)
  })

  for (const [index, { entry, line }] of part.entries()) {
    const moment = entry.kind === "captured" ? capturedMoment(entry, began.wall) : momentOf(entry)
    yield* passTo(moment)
    if (isLogEvent(entry)) take(line, entry, moment)
    else yield* happen(entry)
    playback.reach(index)
    yield* settle
    if (index % batch === 0) yield* Effect.andThen(setup.progress(index), Effect.yieldNow)
  }
  bot.wrapUp()
  yield* passTo({ monotonic: last.monotonic + afterwardsMs, wall: last.wall + afterwardsMs })
  tally.answers.recorded += bot.answers.recorded
  tally.answers.stoodIn += bot.answers.stoodIn
  for (const decision of bot.decisions()) tally.decisions.push(decision)
})

/** The configuration a part of the recording begins with. */
const settingsOf = (part: LogPart): Option.Option<Settings> => {
  const entries = part.map(({ entry }) => entry)
  const recorded = entries.find((entry) => entry.kind === "config")
  return decodeSettings(asRead(entries, recorded?.settings))
}

/** Replays a log through the same pipeline on a virtual clock: same inputs, same decisions. */
export const replay = Effect.fnUntraced(function*(log: ReplayLog, setup: ReplaySetup) {
  const entries = log.lines.map(({ entry }) => entry)
  const { asked } = setup
  const settings = Option.getOrElse(
    decodeSettings(asRead(entries, maskedSettings(setup.settings))),
    () => setup.settings
  )
  const exact = asLive(entries, settings)
  const live = decidedLive(entries)
  const recording = entries.find((entry) => entry.kind === "recording")
  const echoes = exact ? new Set<string>() : echoesIn(live)
  const parts = partsOf(log.lines)
  const began = beginning(entries[0]).wall
  const tally: Tally = {
    unusable: [...log.unusable],
    unusableCount: log.unusableCount,
    events: 0,
    from: undefined,
    to: Number.NEGATIVE_INFINITY,
    answers: { recorded: 0, stoodIn: 0 },
    decisions: []
  }
  let done = 0
  for (const part of parts) {
    const before = done
    const own = exact ? Option.getOrElse(settingsOf(part), () => settings) : settings
    const progress = (index: number) => setup.progress(before + index, log.lines.length)
    yield* replayPart(part, { asked, echoes, exact, settings: own, progress }, tally)
    done += part.length
  }
  yield* setup.progress(log.lines.length, log.lines.length)

  return {
    log: log.name,
    config: setup.config,
    botNames: [settings.bot.username, ...settings.bot.aliases],
    from: tally.from ?? began,
    to: tally.from === undefined ? began : tally.to,
    events: tally.events,
    unusable: tally.unusable.toSorted((one, other) => one.line - other.line),
    unusableCount: tally.unusableCount,
    restarts: restartsOf(parts),
    reloads: reloadsOf(log.lines),
    followsLive: exact,
    backwards: backwardsOf(parts),
    model: modelOf(asked, recording !== undefined, tally.answers),
    decisions: tally.decisions.toSorted((one, other) => one.arrivedAt - other.arrivedAt),
    // Pseudonyms change the draws, so there is nothing to compare with.
    live: recording?.anonymous === true ? [] : live
  } satisfies ReplayRun
})
