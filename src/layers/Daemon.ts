import { rm, writeFile } from "node:fs/promises"
import process from "node:process"
import { Context, Effect, Layer, Option, Scope, SubscriptionRef } from "effect"
import { SecureRandom } from "effect/crypto"
import { type ActiveSettings, activate } from "../domain/ChannelSettings.ts"
import type { ChannelName } from "../domain/Ids.ts"
import type { Settings } from "../domain/settings/Settings.ts"
import { BotConfig } from "../services/BotConfig.ts"
import { ChannelSupervisor } from "../services/ChannelSupervisor.ts"
import { DryRun } from "../services/DryRun.ts"
import { ChannelLabel, set } from "../services/Metrics.ts"
import { Nats } from "../services/Nats.ts"
import * as ConfigFile from "./ConfigFile.ts"
import * as HealthServer from "./HealthServer.ts"
import * as LlmOpenAi from "./LlmOpenAi.ts"
import * as Logging from "./Logging.ts"
import { bot } from "./Main.ts"
import * as NatsConnection from "./NatsConnection.ts"
import { version } from "./Package.ts"
import { Prometheus } from "./Prometheus.ts"
import { onHangup } from "./Reload.ts"
import { type SystemdNotify, systemdNotify } from "./SystemdNotify.ts"

/** What `llm-bot run` was told besides the configuration. */
export interface DaemonOptions {
  readonly file: string
  readonly logLevel: Option.Option<Settings["log_level"]>
  readonly pidFile: Option.Option<string>
  /** Decide and ask the model, but publish nothing. */
  readonly dryRun: boolean
}

type ActiveRef = SubscriptionRef.SubscriptionRef<ActiveSettings>

/** With more channels than `telemetry.channel_label_limit` metrics name none of them (N4). */
const labelOf = (active: ActiveRef) => (channel: ChannelName): string => {
  const { channels, settings } = SubscriptionRef.getUnsafe(active)
  const enabled = [...channels.values()].filter((entry) => entry.enabled).length
  return enabled > settings.telemetry.channel_label_limit ? "_all" : channel
}

const pidFile = (file: string) =>
  Effect.acquireRelease(
    Effect.tryPromise(() => writeFile(file, `${process.pid}\n`)).pipe(
      Effect.tapError(() => Effect.logWarning(`the PID file ${file} cannot be written`)),
      Effect.option
    ),
    (written) => Option.isNone(written) ? Effect.void : Effect.promise(() => rm(file, { force: true }))
  )

/** The bot on the real NATS and the real model, until it is interrupted or NATS is given up. */
const serve = Effect.fnUntraced(function*({ file }: DaemonOptions, active: ActiveRef, systemd: SystemdNotify) {
  const { settings } = yield* SubscriptionRef.get(active)
  // HTTP starts last and stops after NATS is closed: it lives in the outer scope, the bot in the inner one (F10).
  const outer = yield* Effect.scope
  const world = Layer.mergeAll(NatsConnection.layer(settings.nats), LlmOpenAi.layer, Prometheus.layer(settings.telemetry.service_name))
  return yield* Effect.scoped(Effect.gen(function*() {
    const services = yield* Layer.build(Layer.provideMerge(bot, world))
    if (settings.health.enabled) {
      yield* Scope.addFinalizer(outer, Effect.logInfo("HTTP stopped"))
      const http = HealthServer.layer(settings.health).pipe(Layer.provide(Layer.succeedContext(services)))
      yield* Layer.buildWithScope(http, outer)
    }
    yield* set("configLastReloadSuccessful", {}, true)
    yield* Effect.forkScoped(onHangup(file, active, systemd))
    yield* Effect.forkScoped(systemd.watchdog)
    const listening = yield* Context.get(services, ChannelSupervisor).active
    const channel = listening.map(({ room }) => room.name).join(",")
    yield* Effect.annotateLogs(Effect.logInfo("Bot ready"), { channel, version })
    yield* systemd.ready
    return yield* Context.get(services, Nats).lost.pipe(
      Effect.onInterrupt(() => Effect.andThen(Effect.logInfo("Shutdown initiated"), systemd.stopping))
    )
  }))
})

const configured = Effect.fnUntraced(function*(options: DaemonOptions) {
  const { settings, warnings } = yield* ConfigFile.load(options.file)
  const active = yield* SubscriptionRef.make(activate(settings))
  const log_level = Option.getOrElse(options.logLevel, () => settings.log_level)
  return yield* Effect.gen(function*() {
    for (const warning of warnings) yield* Effect.logWarning(ConfigFile.problemText(options.file, warning))
    if (Option.isSome(options.pidFile)) yield* pidFile(options.pidFile.value)
    return yield* serve(options, active, systemdNotify(process.env))
  }).pipe(
    Effect.tapError((error) => Effect.logFatal("Start failed", error.message)),
    Effect.provide(Layer.mergeAll(
      Layer.succeed(BotConfig, BotConfig.fromRef(active)),
      Layer.succeed(ChannelLabel, labelOf(active)),
      Layer.succeed(DryRun, options.dryRun),
      Logging.layer({ ...settings, log_level }),
      SecureRandom.layerWebCrypto
    ))
  )
})

/** The daemon of `llm-bot run`: every failure of the start is one CRITICAL line; the error names the exit code (F10). */
export const run = (options: DaemonOptions) =>
  configured(options).pipe(
    Effect.tapErrorTag("ConfigError", (error) =>
      Effect.forEach(error.problems, (problem) => Effect.logFatal("Start failed", problem))),
    Effect.tapDefect((defect) => Effect.logFatal("Stopped by an internal error, please report it", defect)),
    Effect.scoped,
    Effect.provide(Logging.layer({ log_level: "INFO", log_format: "json" }))
  )
