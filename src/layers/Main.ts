import { type Effect, Layer } from "effect"
import type { SecureRandom } from "effect/crypto"
import type { JetStreamFault } from "../domain/jetstream/JetStreamFault.ts"
import type { NatsSettings } from "../domain/settings/Settings.ts"
import { Announcements } from "../services/Announcements.ts"
import { BridgeWatch } from "../services/bridge/BridgeWatch.ts"
import { BridgeSightings } from "../services/bridge/BridgeSightings.ts"
import type { BotConfig } from "../services/BotConfig.ts"
import { ChannelSupervisor } from "../services/ChannelSupervisor.ts"
import { ConnectionGate } from "../services/reply/ConnectionGate.ts"
import { ChannelKeeper } from "../services/state/ChannelKeeper.ts"
import { ChannelStates } from "../services/state/ChannelStates.ts"
import { Checkpoints } from "../services/state/Checkpoints.ts"
import { ContextStore } from "../services/state/ContextStore.ts"
import { ContextualTimer } from "../services/triggers/ContextualTimer.ts"
import { type DecisionListener, DecisionListeners } from "../services/decision/DecisionListener.ts"
import { DecisionLog } from "../services/decision/DecisionLog.ts"
import { decisionLogLines } from "../services/decision/DecisionLogLines.ts"
import { decisionMetrics } from "../services/decision/DecisionMetrics.ts"
import { DeliveryTracker } from "../services/reply/DeliveryTracker.ts"
import { Explain } from "../services/decision/Explain.ts"
import { Admission } from "../services/limits/Admission.ts"
import { Health } from "../services/Health.ts"
import type { Intake } from "../services/Intake.ts"
import type { LlmClient } from "../services/LlmClient.ts"
import { MessagePipeline } from "../services/MessagePipeline.ts"
import type { Nats } from "../services/Nats.ts"
import { Outbox } from "../services/reply/Outbox.ts"
import { Ownership } from "../services/ownership/Ownership.ts"
import { PromptBuilder } from "../services/reply/PromptBuilder.ts"
import { PastEvents } from "../services/PastEvents.ts"
import { RateLimiter } from "../services/limits/RateLimiter.ts"
import { Replies } from "../services/reply/Replies.ts"
import { ResponseProcessor } from "../services/reply/ResponseProcessor.ts"
import { SendTime } from "../services/reply/SendTime.ts"
import { NextEvaluation } from "../services/triggers/NextEvaluation.ts"
import { Screening } from "../services/triggers/Screening.ts"
import { Triggers } from "../services/triggers/Triggers.ts"
import type { StateStore } from "../services/state/StateStore.ts"
import { RoomUpdates } from "../services/RoomUpdates.ts"
import { LineSender } from "../services/reply/LineSender.ts"
import * as IntakeCore from "./nats/IntakeCore.ts"
import type { NatsClient } from "./nats/NatsClient.ts"
import { intakeOf, outletOf } from "./Transport.ts"

/** The state that the bot decides by. */
const memory = Layer.mergeAll(
  BridgeSightings.layerNoDeps,
  ContextStore.layerNoDeps,
  DeliveryTracker.layerNoDeps,
  RateLimiter.layerNoDeps
)

/** The timing of evaluations and sends: by the clock. */
export const byTheClock: Layer.Layer<NextEvaluation | SendTime> = Layer.mergeAll(
  NextEvaluation.layer,
  SendTime.layer
)

type Bot = Announcements | BridgeWatch | ChannelSupervisor | DecisionLog | Explain | Health | Replies
type World = BotConfig | LlmClient | Nats | Ownership | SecureRandom.SecureRandom | StateStore

/** Builds a listener of decisions. */
type Listening<R> = Effect.Effect<DecisionListener, never, R>

/**
 * The bot itself, without I/O: it needs events, their times, a configuration, a bus and a model. `listeners` hear of
 * decisions besides the log and the metrics.
 */
export const botOn = <R, L = never>(
  intake: Layer.Layer<Intake, never, R | BridgeSightings>,
  listeners: ReadonlyArray<Listening<L>> = []
): Layer.Layer<Bot, never, World | NextEvaluation | SendTime | R | L> =>
  Layer.mergeAll(Health.layerNoDeps, Explain.layerNoDeps).pipe(
    Layer.provideMerge(ChannelSupervisor.layerNoDeps),
    Layer.provideMerge(Layer.mergeAll(
      MessagePipeline.layerNoDeps.pipe(Layer.provide(PastEvents.layerNoDeps), Layer.provide(RoomUpdates.layerNoDeps)),
      ContextualTimer.layerNoDeps,
      BridgeWatch.layerNoDeps
    )),
    // Replies under way are acknowledged at their end: the intake closes after them.
    Layer.provideMerge(Replies.layerNoDeps),
    Layer.provideMerge(intake),
    Layer.provideMerge(Layer.mergeAll(
      PromptBuilder.layerNoDeps,
      ResponseProcessor.layerNoDeps,
      Outbox.layerNoDeps.pipe(Layer.provide(Layer.mergeAll(ConnectionGate.layerNoDeps, LineSender.layerNoDeps))),
      Admission.layerNoDeps,
      Screening.layerNoDeps,
      Triggers.layerNoDeps
    )),
    // It announces the stop after all above has stopped.
    Layer.provideMerge(Announcements.layerNoDeps),
    Layer.provideMerge(Layer.mergeAll(
      memory,
      DecisionLog.layerNoDeps.pipe(
        Layer.provide(DecisionListeners.layer<L>([decisionLogLines, decisionMetrics, ...listeners]))
      )
    )),
    // It saves what all above has left behind.
    Layer.provideMerge(ChannelKeeper.layerNoDeps),
    Layer.provideMerge(Layer.mergeAll(ChannelStates.layer, Checkpoints.layerNoDeps))
  )

/** The bot on core NATS or on streams, as the configuration says, for the channels it owns. */
export const replica = (nats: NatsSettings): Layer.Layer<Bot, JetStreamFault, World | NatsClient> =>
  botOn(intakeOf(nats)).pipe(Layer.provide(byTheClock), Layer.provide(outletOf(nats)))

/** The bot as the only one, on core NATS. */
export const bot: Layer.Layer<Bot, never, Exclude<World, Ownership>> = botOn(IntakeCore.layer).pipe(
  Layer.provide(byTheClock),
  Layer.provide(Ownership.alone())
)
