import { Layer } from "effect"
import type { SecureRandom } from "effect/crypto"
import { Announcements } from "../services/Announcements.ts"
import type { BotConfig } from "../services/BotConfig.ts"
import { ChannelSupervisor } from "../services/ChannelSupervisor.ts"
import { ConnectionGate } from "../services/ConnectionGate.ts"
import { ContextStore } from "../services/ContextStore.ts"
import { ContextualTimer } from "../services/ContextualTimer.ts"
import { DecisionLog } from "../services/DecisionLog.ts"
import { Echoes } from "../services/Echoes.ts"
import { Explain } from "../services/Explain.ts"
import { Gates } from "../services/Gates.ts"
import { Health } from "../services/Health.ts"
import type { Intake } from "../services/Intake.ts"
import type { LlmClient } from "../services/LlmClient.ts"
import { MessagePipeline } from "../services/MessagePipeline.ts"
import type { Nats } from "../services/Nats.ts"
import { Outbox } from "../services/Outbox.ts"
import { PromptBuilder } from "../services/PromptBuilder.ts"
import { RateLimiter } from "../services/RateLimiter.ts"
import { Replies } from "../services/Replies.ts"
import { ResponseProcessor } from "../services/ResponseProcessor.ts"
import { Screening } from "../services/Screening.ts"
import { SeenEvents } from "../services/SeenEvents.ts"
import { Triggers } from "../services/Triggers.ts"
import * as IntakeCore from "./IntakeCore.ts"

/** What the bot remembers and counts. */
const state = Layer.mergeAll(
  ContextStore.layer,
  SeenEvents.layer,
  Echoes.layer,
  RateLimiter.layer,
  DecisionLog.layer
)

/** The bot itself, without the world: give it events, a configuration, a bus and a model. */
export const botOn = <R>(intake: Layer.Layer<Intake, never, R>): Layer.Layer<
  Announcements | ChannelSupervisor | DecisionLog | Explain | Health | Replies,
  never,
  BotConfig | LlmClient | Nats | SecureRandom.SecureRandom | R
> => Layer.mergeAll(Health.layerNoDeps, Explain.layerNoDeps).pipe(
  Layer.provideMerge(ChannelSupervisor.layerNoDeps),
  Layer.provideMerge(Layer.mergeAll(MessagePipeline.layerNoDeps, ContextualTimer.layerNoDeps)),
  Layer.provideMerge(Layer.mergeAll(Replies.layerNoDeps, intake)),
  Layer.provideMerge(Layer.mergeAll(
    PromptBuilder.layerNoDeps,
    ResponseProcessor.layerNoDeps,
    Outbox.layerNoDeps.pipe(Layer.provide(ConnectionGate.layerNoDeps)),
    Gates.layerNoDeps,
    Screening.layerNoDeps,
    Triggers.layerNoDeps
  )),
  // It says goodbye when all above has stopped.
  Layer.provideMerge(Announcements.layerNoDeps),
  Layer.provideMerge(state)
)

/** The bot that takes events from NATS as they come. */
export const bot = botOn(IntakeCore.layer)
