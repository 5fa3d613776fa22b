import { hostname } from "node:os"
import process from "node:process"
import { Context, Effect, Layer, Option, type Queue, Scope, SubscriptionRef } from "effect"
import { activate, type ActiveSettings } from "../domain/ChannelSettings.ts"
import type { Settings } from "../domain/settings/Settings.ts"
import { Announcements } from "../services/Announcements.ts"
import { BotConfig } from "../services/BotConfig.ts"
import { BridgeWatch } from "../services/bridge/BridgeWatch.ts"
import { ChannelSupervisor } from "../services/ChannelSupervisor.ts"
import { DryRun } from "../services/reply/DryRun.ts"
import type { Health } from "../services/Health.ts"
import { LogLoss } from "../services/telemetry/LogLoss.ts"
import { ChannelLabel, channelLabels } from "../services/telemetry/Metrics.ts"
import { LlmClient } from "../services/LlmClient.ts"
import { Nats } from "../services/Nats.ts"
import { Ownership } from "../services/ownership/Ownership.ts"
import { BootClock } from "../services/state/BootClock.ts"
import { StateStore } from "../services/state/StateStore.ts"
import { StopLimits } from "../services/Stopping.ts"
import * as ConfigFile from "./config/ConfigFile.ts"
import { UsageError } from "./process/Exit.ts"
import { exitCodes } from "./process/ExitCodes.ts"
import * as HealthServer from "./telemetry/HealthServer.ts"
import * as LlmOpenAi from "./llm/LlmOpenAi.ts"
import * as Logging from "./telemetry/Logging.ts"
import { replica } from "./Main.ts"
import type { NatsClient } from "./nats/NatsClient.ts"
import * as NatsConnection from "./nats/NatsConnection.ts"
import { outputFailure } from "./process/Output.ts"
import { version } from "./process/Package.ts"
import { pidFile } from "./process/PidFile.ts"
import { recordedBot } from "./replay/RecordedBot.ts"
import { onHangup } from "./config/Reload.ts"
import { randomBytes } from "./process/RandomBytes.ts"
import { arrivals, tellUnused } from "./process/Signals.ts"
import { machineClock } from "./state/MachineClock.ts"
import * as StateFile from "./state/StateFile.ts"
import type { StateInUse } from "./state/StateLock.ts"
import { warnOfLoss } from "./state/Volatile.ts"
import { type SystemdNotify, systemdNotify } from "./process/SystemdNotify.ts"
import * as Tracing from "./telemetry/Tracing.ts"

/** The options of `llm-bot run`. */
export interface DaemonOptions {
  readonly file: string
  readonly logLevel: Option.Option<Settings["log_level"]>
  readonly pidFile: Option.Option<string>
  /** Decide and ask the model, but publish nothing. */
  readonly dryRun: boolean
  /** The recording's file, if any, and whether user names are replaced in it. */
  readonly record: Option.Option<string>
  readonly recordAnonymous: boolean
}

type ActiveRef = SubscriptionRef.SubscriptionRef<ActiveSettings>

/** Builds the starter of the HTTP server, which stops after the bot (F10). */
const makeHttp = Effect.fnUntraced(function*({ health }: Settings) {
  const scope = yield* Effect.scope
  yield* Effect.addFinalizer(() => Effect.logInfo("Telemetry stopped"))
  const server = HealthServer.layer(health)
  return Effect.fnUntraced(function*(services: Context.Context<Health>) {
    if (!health.enabled) return
    yield* Effect.addFinalizer(() => Effect.logInfo("HTTP stopped"))
    yield* Layer.build(Layer.provide(server, Layer.succeedContext(services)))
  }, Scope.provide(scope))
})

/** The process ends even if a step hangs: shutdown has a time limit (F10). */
const endInTime = Effect.gen(function*() {
  const { all } = yield* StopLimits
  yield* Effect.sleep(all)
  yield* Effect.logError("Shutdown timed out")
  return process.exit(exitCodes.runtime)
})

const initiateStop = (systemd: SystemdNotify) =>
  Effect.logInfo("Shutdown initiated").pipe(
    Effect.andThen(Effect.forkDetach(endInTime)),
    Effect.andThen(systemd.stopping)
  )

interface Life {
  readonly options: DaemonOptions
  readonly active: ActiveRef
  readonly hangups: Queue.Dequeue<NodeJS.Signals>
  readonly systemd: SystemdNotify
}

/** What the process owns: everything, or its share of what its replicas do. Core mode loads nothing of the cluster. */
const ownership = ({ jetstream }: Settings["nats"]): Layer.Layer<Ownership, never, NatsClient> =>
  jetstream.enabled
    ? Layer.unwrap(Effect.map(
      Effect.promise(() => import("./ownership/OwnershipCluster.ts")),
      ({ layer }) => layer(jetstream)
    ))
    : Ownership.alone()

/** Where the state outlives the process: a bucket of all replicas, a directory, or nowhere (F13). */
const stateStore = ({ nats: { jetstream }, state }: Settings): Layer.Layer<StateStore, StateInUse, NatsClient> =>
  jetstream.enabled
    ? Layer.unwrap(Effect.map(Effect.promise(() => import("./state/StateKv.ts")), ({ layer }) => layer(jetstream)))
    : Option.match(state.directory, {
      onNone: () => StateStore.layerNone,
      onSome: (directory) => Layer.provideMerge(Layer.effectDiscard(warnOfLoss(directory)), StateFile.layer(directory))
    })

/** NATS → model → subscriptions → HTTP → ready (F10). */
const start = Effect.fnUntraced(function*(
  settings: Settings,
  { record, recordAnonymous }: DaemonOptions,
  startHttp: Effect.Success<ReturnType<typeof makeHttp>>
) {
  const { health, nats } = settings
  const world = Layer.mergeAll(LlmOpenAi.layer, ownership(nats)).pipe(Layer.provideMerge(NatsConnection.layer(nats)))
  const botLayer = Option.match(record, {
    onNone: () => replica(nats),
    onSome: (file) => recordedBot(nats, { file, anonymous: recordAnonymous })
  })
  const services = yield* Layer.build(botLayer.pipe(
    Layer.provide(Layer.merge(stateStore(settings), Layer.effect(BootClock, machineClock))),
    Layer.provideMerge(world)
  ))
  yield* startHttp(services)
  const httpPort = health.enabled ? health.port : undefined
  yield* Context.get(services, Announcements).begin({ version, hostname: hostname(), httpPort })
  yield* Context.get(services, BridgeWatch).begin
  const listening = yield* Context.get(services, ChannelSupervisor).active
  const channel = listening.map(({ room }) => room.name).join(",")
  yield* Effect.annotateLogs(Effect.logInfo("Bot ready"), { channel, version })
  return services
})

/** The bot on the real NATS and the real model, until it is interrupted or reconnecting is given up. */
const live = Effect.fnUntraced(function*({ active, hangups, options, systemd }: Life) {
  const { settings } = yield* SubscriptionRef.get(active)
  const startHttp = yield* makeHttp(settings)
  return yield* Effect.gen(function*() {
    const services = yield* start(settings, options, startHttp)
    const nats = Context.get(services, Nats)
    // A reload may come after a repair at the model's server, even where the file is the same (F5).
    const { reopen } = Context.get(services, LlmClient)
    yield* Effect.forkScoped(onHangup(hangups, options.file, active, systemd, reopen))
    yield* Effect.forkScoped(systemd.watchdog)
    yield* systemd.ready
    return yield* nats.lost
  }).pipe(
    Effect.onInterrupt(() => initiateStop(systemd)),
    Effect.scoped,
    // Outside the scope: the last spans end during shutdown.
    Effect.provide(Tracing.layer(settings.telemetry))
  )
}, Effect.scoped)

/** Logs by the configuration in force; the command line wins. */
const logging = (active: ActiveRef, { logLevel }: DaemonOptions): Layer.Layer<never> =>
  Logging.layerFollowing(() => {
    const { settings } = SubscriptionRef.getUnsafe(active)
    return { ...settings, log_level: Option.getOrElse(logLevel, () => settings.log_level) }
  })

const configured = Effect.fnUntraced(function*(options: DaemonOptions) {
  const hangups = yield* arrivals("SIGHUP")
  const { settings, warnings } = yield* ConfigFile.load(options.file)
  const active = yield* SubscriptionRef.make(activate(settings))
  return yield* Effect.gen(function*() {
    for (const warning of warnings) yield* Effect.logWarning(ConfigFile.problemText(options.file, warning))
    yield* tellUnused
    if (Option.isSome(options.pidFile)) yield* pidFile(options.pidFile.value)
    return yield* live({ options, active, hangups, systemd: systemdNotify(process.env) })
  }).pipe(
    Effect.tapError((error) =>
      Effect.logFatal(error._tag === "NatsGivenUp" ? "Bot stopped" : "Start failed", error.message)
    ),
    Effect.provide(Layer.mergeAll(
      Layer.succeed(BotConfig, BotConfig.fromRef(active)),
      Layer.succeed(ChannelLabel, channelLabels(() => SubscriptionRef.getUnsafe(active))),
      Layer.succeed(DryRun, options.dryRun),
      Layer.succeed(LogLoss, outputFailure),
      logging(active, options),
      randomBytes
    ))
  )
})

/** Options of a recording need `--record`. */
const recordable = ({ record, recordAnonymous }: DaemonOptions): Effect.Effect<void, UsageError> =>
  recordAnonymous && Option.isNone(record)
    ? Effect.fail(
      new UsageError({ message: "--record-anonymous says how to record; where to is missing: --record FILE" })
    )
    : Effect.void

/** The daemon of `llm-bot run`: every failure of the start is one CRITICAL line; the error names the exit code (F10). */
export const run = (options: DaemonOptions) =>
  Effect.andThen(recordable(options), configured(options)).pipe(
    Effect.tapErrorTag("UsageError", ({ message }) => Effect.logFatal("Start failed", message)),
    Effect.tapErrorTag("ConfigError", (error) =>
      Effect.forEach(error.problems, (problem) => Effect.logFatal("Start failed", problem))),
    Effect.tapDefect((defect) =>
      Effect.logFatal("Internal error; please report it", defect)
    ),
    Effect.scoped,
    Effect.provide(Logging.layer({ log_level: "INFO", log_format: "json" }))
  )
