import { Array, Effect, Option } from "effect"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { gatherDecisions } from "../../domain/replay/GatheredDecisions.ts"
import type { ReplayFacts, ReplayModel, ReplayRun, ReplayWindow } from "../../domain/replay/ReplayRun.ts"
import { decideAlike } from "../../domain/replay/SameDecisions.ts"
import { maskedSettings } from "../../domain/settings/MaskedSettings.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import type { AskedModel } from "./AskedModel.ts"
import {
  asRead,
  beginning,
  decodeSettings,
  type PartPlayer,
  type PartSetup,
  playerOf,
  type RunTally,
  settledMs,
  standInMs
} from "./PartPlayer.ts"
import type { LogLine } from "./LogReader.ts"
import { type ReplayLog, unreadable } from "./ReplayLog.ts"
import type { Answers } from "./ReplayPorts.ts"

/** How much time of the log passes before decisions are handed on, ms. */
const windowMs = 30_000

/** The setup of a replay. */
export interface ReplaySetup {
  /** The configuration's name in the report. */
  readonly config: string
  readonly settings: Settings
  /** The model for requests without a recorded answer; absent: a stand-in. */
  readonly asked: AskedModel | undefined
}

/** What is known of a run before it begins. */
export type ReplayedUnder = Pick<ReplayFacts, "botNames" | "followsLive">

/** Hears of a replay while it goes on. */
export interface ReplayListener<E> {
  /** What was decided in the next stretch of the log. */
  readonly decided: (window: ReplayWindow) => Effect.Effect<void, E>
  readonly progress: (done: number, total: number) => Effect.Effect<void>
}

/** One run of a replay: a configuration, and what was found so far. */
interface Run {
  readonly setup: ReplaySetup
  readonly part: PartSetup
  readonly tally: RunTally
}

/** Whether the recording was made under this configuration: then its times are followed exactly. */
const followsLive = ({ former, settings: recorded }: ReplayLog, settings: Settings): boolean => {
  // A field unknown to the recording's version has its default there too.
  const completed = Option.map(decodeSettings(recorded), maskedSettings)
  return Option.exists(
    completed,
    (complete) => decideAlike(asRead(former, complete), asRead(former, maskedSettings(settings)))
  )
}

/** Whether what the live run decided can be compared: pseudonyms change the draws. */
export const hasLive = ({ heading }: ReplayLog): boolean => heading !== undefined && !heading.anonymous

const runOf = (log: ReplayLog, setup: ReplaySetup): Run => {
  const { former, unusable, unusableCount } = log
  const settings = Option.getOrElse(
    decodeSettings(asRead(former, maskedSettings(setup.settings))),
    () => setup.settings
  )
  const exact = followsLive(log, settings)
  const echoes = exact ? new Set<string>() : log.echoes
  return {
    setup,
    part: { settings, asked: setup.asked, exact, echoes },
    tally: {
      unusable: [...unusable],
      unusableCount,
      events: 0,
      from: undefined,
      to: Number.NEGATIVE_INFINITY,
      answers: { recorded: 0, stoodIn: 0 }
    }
  }
}

/** The source of the answers. */
const modelOf = (asked: AskedModel | undefined, recorded: boolean, answers: Answers): ReplayModel => {
  if (asked !== undefined) return { _tag: "Real", model: asked.name }
  if (!recorded) return { _tag: "StandIn", standInMs }
  return { _tag: "Recorded", answered: answers.recorded, stoodIn: answers.stoodIn, standInMs }
}

const underOf = ({ part: { exact, settings: { bot } } }: Run): ReplayedUnder => ({
  botNames: [bot.username, ...bot.aliases],
  followsLive: exact
})

const factsOf = (log: ReplayLog, run: Run): ReplayFacts => {
  const { part: { asked }, setup, tally } = run
  const [first] = log.parts
  const began = first === undefined ? 0 : beginning(first.first).wall
  return {
    log: log.name,
    config: setup.config,
    ...underOf(run),
    from: tally.from ?? began,
    to: tally.from === undefined ? began : tally.to,
    events: tally.events,
    unusable: tally.unusable.toSorted((one, other) => one.line - other.line),
    unusableCount: tally.unusableCount,
    restarts: log.restarts,
    reloads: log.reloads,
    backwards: log.backwards,
    merged: log.merged,
    model: modelOf(asked, log.heading !== undefined, tally.answers)
  }
}

/** Plays a log to all runs at once, part after part. */
const makePlayers = <E>(log: ReplayLog, runs: ReadonlyArray<Run>, listener: ReplayListener<E>) => {
  const live = gatherDecisions()
  let players: ReadonlyArray<PartPlayer> = []
  let begun = 0
  let handedOn = Number.NEGATIVE_INFINITY

  /** Hands on what is decided for good. */
  const handOn = (before: number): Effect.Effect<void, E> => {
    handedOn = before
    return listener.decided({
      runs: players.map((player) => player.decisions(before)),
      live: hasLive(log) ? live.take(before) : []
    })
  }

  const end = Effect.suspend(() =>
    players.length === 0
      ? Effect.void
      : Effect.forEach(players, (player) => player.end, { discard: true }).pipe(
        Effect.andThen(Effect.suspend(() => handOn(Number.POSITIVE_INFINITY)))
      )
  )

  const beginPart = Effect.fnUntraced(function*() {
    yield* end
    handedOn = Number.NEGATIVE_INFINITY
    const part = log.parts[begun++]
    if (part !== undefined) players = yield* Effect.forEach(runs, (run) => playerOf(part, run.part, run.tally))
  })

  const play = Effect.fnUntraced(function*(batch: ReadonlyArray<LogLine>) {
    for (const line of batch) {
      if (line.line === log.parts[begun]?.first.line) yield* beginPart()
      if (line.entry.kind === "decision") live.add(line.entry.record)
      for (const player of players) {
        const waiting = player.play(line)
        if (waiting !== undefined) yield* waiting
      }
    }
    const last = batch.at(-1)
    if (last === undefined) return
    const settled = Math.round(last.entry.ts * 1000) - settledMs
    if (settled - handedOn >= windowMs) yield* handOn(settled)
  })

  return { play, end }
}

/**
 * Replays a log under several configurations side by side, through the same pipeline on virtual clocks: same inputs, same
 * decisions. What is decided is handed on and not kept.
 */
export const replayTogether = Effect.fnUntraced(function*<E>(
  log: ReplayLog,
  setups: Array.NonEmptyReadonlyArray<ReplaySetup>,
  listen: (runs: ReadonlyArray<ReplayedUnder>) => ReplayListener<E>
) {
  const runs = Array.map(setups, (setup) => runOf(log, setup))
  const listener = listen(runs.map(underOf))
  const players = makePlayers(log, runs, listener)
  const batches = log.batches()[Symbol.asyncIterator]()
  let done = 0
  for (;;) {
    const { done: over, value: batch } = yield* Effect.tryPromise({
      try: () => batches.next(),
      catch: unreadable(log.name)
    })
    if (over === true) break
    yield* players.play(batch)
    done += batch.length
    yield* Effect.andThen(listener.progress(Math.min(done, log.count), log.count), Effect.yieldNow)
  }
  yield* players.end
  return Array.map(runs, (run) => factsOf(log, run))
})

/** Replays a log under one configuration, and keeps all that was decided. */
export const replay = Effect.fnUntraced(function*(log: ReplayLog, setup: ReplaySetup) {
  // The whole log's.
  const decisions: globalThis.Array<DecisionRecord> = []
  const live: globalThis.Array<DecisionRecord> = []
  const decided = ({ live: lived, runs: [decidedNow = []] }: ReplayWindow) =>
    Effect.sync(() => {
      for (const record of decidedNow) decisions.push(record)
      for (const record of lived) live.push(record)
    })
  const [facts] = yield* replayTogether(log, [setup], () => ({ decided, progress: () => Effect.void }))
  return { ...facts, decisions, live } satisfies ReplayRun
})
