import { Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { BotConfig } from "../services/BotConfig.ts"
import { ChannelSupervisor } from "../services/ChannelSupervisor.ts"
import { ConnectionGate } from "../services/ConnectionGate.ts"
import { ContextStore } from "../services/ContextStore.ts"
import { ContextualTimer } from "../services/ContextualTimer.ts"
import { DecisionLog } from "../services/DecisionLog.ts"
import { Echoes } from "../services/Echoes.ts"
import { Gates } from "../services/Gates.ts"
import { Health } from "../services/Health.ts"
import type { LlmClient } from "../services/LlmClient.ts"
import { MessagePipeline } from "../services/MessagePipeline.ts"
import { Nats } from "../services/Nats.ts"
import { Outbox } from "../services/Outbox.ts"
import { PromptBuilder } from "../services/PromptBuilder.ts"
import { RateLimiter } from "../services/RateLimiter.ts"
import { Replies } from "../services/Replies.ts"
import { ResponseProcessor } from "../services/ResponseProcessor.ts"
import { Screening } from "../services/Screening.ts"
import { SeenEvents } from "../services/SeenEvents.ts"
import { Triggers } from "../services/Triggers.ts"
import * as ConfigFile from "./ConfigFile.ts"
import * as HealthServer from "./HealthServer.ts"
import * as IntakeCore from "./IntakeCore.ts"
import * as LlmOpenAi from "./LlmOpenAi.ts"
import * as Logging from "./Logging.ts"
import * as NatsConnection from "./NatsConnection.ts"
import { version } from "./Package.ts"

/** What the bot remembers and counts. */
const state = Layer.mergeAll(
  ContextStore.layer,
  SeenEvents.layer,
  Echoes.layer,
  RateLimiter.layer,
  DecisionLog.layer
)

/** The bot itself, without the world: give it a configuration, a bus and a model. */
export const bot: Layer.Layer<
  ChannelSupervisor | DecisionLog | Health | Replies,
  never,
  BotConfig | LlmClient | Nats | SecureRandom.SecureRandom
> = Health.layerNoDeps.pipe(
  Layer.provideMerge(ChannelSupervisor.layerNoDeps),
  Layer.provideMerge(Layer.mergeAll(MessagePipeline.layerNoDeps, ContextualTimer.layerNoDeps)),
  Layer.provideMerge(Layer.mergeAll(Replies.layerNoDeps, IntakeCore.layer)),
  Layer.provideMerge(Layer.mergeAll(
    PromptBuilder.layerNoDeps,
    ResponseProcessor.layerNoDeps,
    Outbox.layerNoDeps.pipe(Layer.provide(ConnectionGate.layerNoDeps)),
    Gates.layerNoDeps,
    Screening.layerNoDeps,
    Triggers.layerNoDeps
  )),
  Layer.provideMerge(state)
)

/** The bot on the real NATS and the real model, until it is interrupted or NATS is given up. */
const serve = Effect.gen(function*() {
  const { settings } = yield* Effect.flatMap(BotConfig, (config) => config.current)
  // HTTP starts last and stops after NATS is closed: it lives in the outer scope, the bot in the inner one (F10).
  const outer = yield* Effect.scope
  const world = Layer.mergeAll(NatsConnection.layer(settings.nats), LlmOpenAi.layer)
  return yield* Effect.scoped(Effect.gen(function*() {
    const services = yield* Layer.build(Layer.provideMerge(bot, world))
    if (settings.health.enabled) {
      const http = HealthServer.layer(settings.health).pipe(Layer.provide(Layer.succeedContext(services)))
      yield* Layer.buildWithScope(http, outer)
    }
    const active = yield* Context.get(services, ChannelSupervisor).active
    yield* Effect.annotateLogs(Effect.logInfo("Bot ready"), {
      channel: active.map(({ room }) => room.name).join(","),
      version
    })
    return yield* Context.get(services, Nats).lost.pipe(
      Effect.onInterrupt(() => Effect.logInfo("Shutdown initiated"))
    )
  }))
})

/** The daemon of `llm-bot run`: every failure of the start is one CRITICAL line; the error names the exit code (F10). */
export const run = (file: string) =>
  Effect.gen(function*() {
    const config = yield* Layer.build(ConfigFile.layer(file))
    const { settings } = yield* Context.get(config, BotConfig).current
    return yield* serve.pipe(
      Effect.tapError((error) => Effect.logFatal("Start failed", error.message)),
      Effect.provide(Layer.mergeAll(
        Layer.succeedContext(config),
        Logging.layer(settings),
        SecureRandom.layerWebCrypto
      ))
    )
  }).pipe(
    Effect.tapErrorTag("ConfigError", (error) =>
      Effect.forEach(error.problems, (problem) => Effect.logFatal("Start failed", problem))),
    Effect.tapDefect((defect) => Effect.logFatal("Stopped by an internal error, please report it", defect)),
    Effect.provide(Logging.layer({ log_level: "INFO", log_format: "json" })),
    Effect.scoped
  )
