import { Effect, Layer, Logger, References, Scope, SubscriptionRef } from "effect"
import { activate, type ActiveSettings } from "../../domain/ChannelSettings.ts"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { gatherDecisions } from "../../domain/replay/GatheredDecisions.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import { type StateName, StateStore } from "../../services/state/StateStore.ts"
import { recordingClock } from "../../services/replay/RecordedState.ts"
import { EarlierDelivery } from "../../services/state/EarlierDelivery.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import type { DecisionListener, OpenDecision } from "../../services/decision/DecisionListener.ts"
import { DryRun } from "../../services/reply/DryRun.ts"
import type { IntakeMessage } from "../../services/Intake.ts"
import type { LlmClient } from "../../services/LlmClient.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { Ownership } from "../../services/ownership/Ownership.ts"
import { NextEvaluation } from "../../services/triggers/NextEvaluation.ts"
import { botOn } from "../Main.ts"
import { type DeterministicRuntime, makeDeterministicRuntime, type ReplayStuck } from "../time/DeterministicRuntime.ts"
import { evaluationsUntil, recordedEvaluations, recordedSendTimes } from "./ReplayTimes.ts"
import { type Answers, makeIntake, makeLlm, makeNats, makeSharedLimits, noRandom } from "./ReplayPorts.ts"
import type { Playback } from "./Playback.ts"

/** The replayed bot's setup. */
export interface ReplayedBotOptions {
  readonly settings: Settings
  readonly playback: Playback
  /** When the log begins. */
  readonly began: ClockReading
  /** Whether the recorded times are followed: the recording was made under this configuration. */
  readonly exact: boolean
  /** Whether the recorded bot published nothing. */
  readonly dryRun: boolean
  /** Whether the recorded bot was of version 0.1. */
  readonly former: boolean
  /** What was restored of the bot's state, by name. */
  readonly states: Map<StateName, unknown>
  /** Answers requests that the recording holds no answer to. */
  readonly model: LlmClient["Service"]
}

/** The same bot in a deterministic runtime. */
export interface ReplayedBot {
  readonly world: DeterministicRuntime
  /** Gives it an event; false when it does not listen to the channel. */
  readonly offer: (delivery: IntakeMessage) => boolean
  /** The configuration it has now. */
  readonly active: () => ActiveSettings
  readonly configure: (settings: Settings) => Effect.Effect<void, ReplayStuck>
  /** NATS connects or disconnects. */
  readonly connect: (up: boolean) => Effect.Effect<void, ReplayStuck>
  /** The log is at its end: no further evaluation of a contextual entry. */
  readonly wrapUp: () => void
  /** Takes the decisions about what arrived before a time, epoch ms. */
  readonly decisions: (before: number) => ReadonlyArray<DecisionRecord>
  readonly answers: Answers
}

/** The replay keeps texts: the log holds them already, and its readers want to see them. */
const withTexts = (settings: Settings): ActiveSettings =>
  activate({ ...settings, telemetry: { ...settings.telemetry, log_content: true } })

/** Starts the bot on a log instead of NATS, a model and the clock. */
export const startReplayedBot = Effect.fnUntraced(function*(options: ReplayedBotOptions) {
  const { began, dryRun, exact, former, model, settings, playback } = options
  const world = makeDeterministicRuntime(began)
  const answers: Answers = { recorded: 0, stoodIn: 0 }
  const decisions = gatherDecisions()
  const active = yield* SubscriptionRef.make(withTexts(settings))
  const up = yield* SubscriptionRef.make(true)
  const intake = makeIntake(playback)
  let over = false

  // Without the room's echoes the delivery of a line is unknown.
  const keep = ({ record }: OpenDecision): void => decisions.add(record)
  const gathered = Effect.succeed<DecisionListener>({ closed: keep, ...(exact ? { delivered: keep } : {}) })
  const evaluations = exact
    ? recordedEvaluations(playback)
    : evaluationsUntil(() => over).pipe(Layer.provide(NextEvaluation.layer))
  const bot = botOn(intake.layer, [gathered]).pipe(
    Layer.provide(Layer.mergeAll(makeNats(playback, up), makeLlm(playback, model, answers), noRandom)),
    Layer.provide(Layer.mergeAll(evaluations, recordedSendTimes(playback), Ownership.alone())),
    Layer.provide(Layer.mergeAll(
      Layer.succeed(BotConfig, BotConfig.fromRef(active)),
      Layer.succeed(DryRun, dryRun),
      StateStore.layerMap(options.states, "nobody"),
      recordingClock,
      makeSharedLimits(playback),
      Layer.succeed(EarlierDelivery, former)
    )),
    Layer.provide([Logger.layer([]), Layer.succeed(References.MinimumLogLevel, "None")])
  )
  // Nothing of the bot outlives the replay, so its scope need not be closed.
  const built = Effect.flatMap(Scope.make(), (scope) => Layer.buildWithScope(bot, scope))
  yield* world.run("start", built)
  world.settle()

  return {
    world,
    offer: intake.offer,
    active: () => SubscriptionRef.getUnsafe(active),
    configure: (next) => world.run("configuration", SubscriptionRef.set(active, withTexts(next))),
    connect: (connected) => world.run("connection", SubscriptionRef.set(up, connected)),
    wrapUp: () => {
      over = true
    },
    decisions: decisions.take,
    answers
  } satisfies ReplayedBot
})
