import { Effect, Schema, Stream, SubscriptionRef } from "effect"
import { type ActiveSettings, activate } from "../domain/ChannelSettings.ts"
import { Settings } from "../domain/settings/Settings.ts"
import { count, set } from "../services/Metrics.ts"
import * as ConfigFile from "./ConfigFile.ts"
import { signals } from "./Signals.ts"
import type { SystemdNotify } from "./SystemdNotify.ts"

const same = Schema.toEquivalence(Settings)
const sameSection = {
  nats: Schema.toEquivalence(Settings.fields.nats),
  health: Schema.toEquivalence(Settings.fields.health)
}

/** Sections that are read once, at start (F9). */
const needRestart = (before: Settings, after: Settings): ReadonlyArray<string> => [
  ...(sameSection.nats(before.nats, after.nats) ? [] : ["nats"]),
  ...(sameSection.health(before.health, after.health) ? [] : ["health"])
]

const reload = Effect.fn("Reload")(function*(file: string, active: SubscriptionRef.SubscriptionRef<ActiveSettings>) {
  const { settings, warnings } = yield* ConfigFile.load(file)
  for (const warning of warnings) yield* Effect.logWarning(ConfigFile.problemText(file, warning))
  const { settings: before } = yield* SubscriptionRef.get(active)
  for (const section of needRestart(before, settings)) {
    yield* Effect.logWarning(`${section} has changed: that takes a restart, until then the old setting holds`)
  }
  const after: Settings = { ...settings, nats: before.nats, health: before.health }
  if (same(before, after)) {
    yield* count("configReloads", { result: "unchanged" })
    return yield* Effect.logInfo("Configuration unchanged")
  }
  yield* SubscriptionRef.set(active, activate(after))
  yield* count("configReloads", { result: "success" })
  yield* Effect.logInfo("Configuration reloaded")
})

/** Reads the configuration again on every SIGHUP: unchanged is left, bad is refused, good is taken as a whole (F9). */
export const onHangup = (
  file: string,
  active: SubscriptionRef.SubscriptionRef<ActiveSettings>,
  systemd: SystemdNotify
): Effect.Effect<void> =>
  signals("SIGHUP").pipe(
    Stream.runForEach(() =>
      Effect.andThen(systemd.reloading, reload(file, active)).pipe(
        Effect.andThen(set("configLastReloadSuccessful", {}, true)),
        Effect.catchTag("ConfigError", ({ problems }) =>
          Effect.forEach(problems, (problem) => Effect.logError("Configuration reload failed", problem)).pipe(
            Effect.andThen(count("configReloads", { result: "failure" })),
            Effect.andThen(set("configLastReloadSuccessful", {}, false))
          )),
        Effect.andThen(systemd.ready)
      )
    ),
    Effect.annotateLogs({ logger: "Reload" })
  )
