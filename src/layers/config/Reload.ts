import { Cause, Effect, Equivalence, Option, Queue, Schema, SubscriptionRef } from "effect"
import { activate, type ActiveSettings } from "../../domain/ChannelSettings.ts"
import { channelKey } from "../../domain/Ids.ts"
import { Settings } from "../../domain/settings/Settings.ts"
import { count, set } from "../../services/telemetry/Metrics.ts"
import * as ConfigFile from "./ConfigFile.ts"
import type { SystemdNotify } from "../process/SystemdNotify.ts"

const same = Schema.toEquivalence(Settings)
const sameSection = {
  nats: Schema.toEquivalence(Settings.fields.nats),
  health: Schema.toEquivalence(Settings.fields.health)
}

const sameDirectory = Option.makeEquivalence(Equivalence.strictEqual<string>())
const sameTraces = Schema.toEquivalence(Settings.fields.telemetry)

/** The new telemetry settings with the old tracing: the exporter is made once, at start. */
const withTracesOf = (before: Settings["telemetry"], after: Settings["telemetry"]): Settings["telemetry"] => ({
  ...after,
  otlp_endpoint: before.otlp_endpoint,
  service_name: before.service_name,
  sample_ratio: before.sample_ratio
})

/** Sections that are read once, at start (F9). */
const needRestart = (before: Settings, after: Settings): ReadonlyArray<string> => [
  ...(sameSection.nats(before.nats, after.nats) ? [] : ["nats"]),
  ...(sameSection.health(before.health, after.health) ? [] : ["health"]),
  ...(sameDirectory(before.state.directory, after.state.directory) ? [] : ["state.directory"]),
  ...(sameTraces(after.telemetry, withTracesOf(before.telemetry, after.telemetry)) ? [] : ["telemetry (traces)"])
]

/** More rooms are counted. */
const mostNamed = 20

const named = (rooms: ReadonlyArray<string>): string =>
  rooms.length <= mostNamed
    ? rooms.join(",")
    : `${rooms.slice(0, mostNamed).join(",")} and ${rooms.length - mostNamed} more`

/** The rooms that are listened to in one configuration and not in the other. */
const roomsOnlyIn = (one: Settings, other: Settings): ReadonlyArray<string> => {
  const others = new Set(other.channels.flatMap(({ enabled, name }) => enabled ? [channelKey(name)] : []))
  return one.channels.flatMap(({ enabled, name }) => enabled && !others.has(channelKey(name)) ? [name] : [])
}

/** The rooms that came or went, for the log. */
const roomChanges = (before: Settings, after: Settings): Record<string, string> => {
  const [added, removed] = [roomsOnlyIn(after, before), roomsOnlyIn(before, after)]
  return {
    ...(added.length === 0 ? {} : { channels_added: named(added) }),
    ...(removed.length === 0 ? {} : { channels_removed: named(removed) })
  }
}

const reload = Effect.fn("Reload")(function*(file: string, active: SubscriptionRef.SubscriptionRef<ActiveSettings>) {
  const { settings, warnings } = yield* ConfigFile.load(file)
  for (const warning of warnings) yield* Effect.logWarning(ConfigFile.problemText(file, warning))
  const { settings: before } = yield* SubscriptionRef.get(active)
  for (const section of needRestart(before, settings)) {
    yield* Effect.logWarning(`${section} changed; restart to apply it`)
  }
  const after: Settings = {
    ...settings,
    nats: before.nats,
    health: before.health,
    state: { ...settings.state, directory: before.state.directory },
    telemetry: withTracesOf(before.telemetry, settings.telemetry)
  }
  if (same(before, after)) {
    yield* Effect.logInfo("Configuration unchanged")
    return "unchanged"
  }
  yield* SubscriptionRef.set(active, activate(after))
  yield* Effect.annotateLogs(Effect.logInfo("Configuration reloaded"), roomChanges(before, after))
  return "success"
})

/** On any failure the old configuration stays in force; every reason is a log line. */
const reportFailure = (cause: Cause.Cause<ConfigFile.ConfigError>) =>
  Effect.as(
    Option.match(Cause.findErrorOption(cause), {
      onNone: () => Effect.logError("Configuration reload failed", cause),
      onSome: ({ problems }) =>
        Effect.forEach(problems, (problem) => Effect.logError("Configuration reload failed", problem))
    }),
    "failure" as const
  )

/**
 * Reloads the configuration on every SIGHUP: a valid one replaces the old one as a whole, an invalid one is refused
 * (F9).
 */
export const onHangup = Effect.fnUntraced(function*(
  hangups: Queue.Dequeue<NodeJS.Signals>,
  file: string,
  active: SubscriptionRef.SubscriptionRef<ActiveSettings>,
  systemd: SystemdNotify,
  /** Run after a reload, even of an unchanged file. */
  reloaded: Effect.Effect<void>
) {
  yield* set("configLastReloadSuccessful", true)
  for (;;) {
    yield* Queue.take(hangups)
    yield* systemd.reloading
    const result = yield* Effect.catchCause(reload(file, active), reportFailure)
    if (result !== "failure") yield* reloaded
    yield* count("configReloads", { result })
    yield* set("configLastReloadSuccessful", result !== "failure")
    yield* systemd.ready
  }
}, Effect.annotateLogs({ logger: "Reload" }))
