import { Context, Effect, Layer, Result, Schema, Semaphore, Struct, SubscriptionRef } from "effect"
import { activate, type ActiveSettings, type ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import type { LocatedDiagnostic } from "../../domain/settings/Diagnostic.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import { editSettings, type SettingsEdit } from "../../domain/settings/SettingsEdit.ts"
import { type ParsedSettings, parseSettings } from "../../domain/settings/SettingsFile.ts"
import { settingsValues } from "../../domain/playground/SettingsValues.ts"
import type { Environment } from "../../domain/settings/Variables.ts"
import { maskedText } from "../../domain/settings/YamlText.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import * as ConfigFile from "../config/ConfigFile.ts"

/** The configuration that the playground starts with. */
export interface PlaygroundFile {
  /** Its name, for messages. */
  readonly file: string
  readonly text: string
  readonly environment: Environment
}

/** A problem of a setting, in the format of `check-config --format json`. */
export type EditDiagnostic = Omit<LocatedDiagnostic, "source">

/** The configuration in force, for people and for controls. */
export interface SettingsView {
  readonly yaml: string
  readonly values: ReturnType<typeof settingsValues>
  readonly problems: ReadonlyArray<EditDiagnostic>
  /** Whether it differs from the start. */
  readonly changed: boolean
}

/** The settings would be an invalid configuration: nothing has changed. */
export class SettingsRefused extends Schema.TaggedError<SettingsRefused>()("SettingsRefused", {
  problems: Schema.Array(Schema.Struct({
    severity: Schema.Literals(["error", "warning"]),
    path: Schema.String,
    line: Schema.Int,
    column: Schema.Int,
    message: Schema.String,
    suggestion: Schema.optionalKey(Schema.String)
  }))
}) {}

const problemsOf = (problems: ReadonlyArray<LocatedDiagnostic>): ReadonlyArray<EditDiagnostic> =>
  problems.map(Struct.omit(["source"]))

// Fixed for the playground: the in-memory bus speaks the `cytube` protocol, and the page shows texts.
const inRoom = (settings: Settings): Settings => ({
  ...settings,
  nats: { ...settings.nats, protocol: "cytube" },
  telemetry: { ...settings.telemetry, log_content: true }
})

interface Held extends ParsedSettings {
  readonly text: string
}

/** The configuration of the room, editable while it runs. */
export class PlaygroundSettings extends Context.Service<PlaygroundSettings, {
  /** The room: the first channel that is enabled. */
  readonly channel: Effect.Effect<ChannelSettings>
  readonly view: Effect.Effect<SettingsView>
  /** Sets fields, all or none; limits, windows and context stay as a reload leaves them (F9). */
  readonly set: (edits: ReadonlyArray<SettingsEdit>) => Effect.Effect<SettingsView, SettingsRefused>
  /** Resets the configuration to the start. */
  readonly reset: Effect.Effect<SettingsView>
}>()("llm-bot/PlaygroundSettings") {
  /** The settings, and the bot's configuration made from them. */
  static readonly layer = (file: PlaygroundFile) =>
    Layer.effectContext(Effect.gen(function*() {
      const parse = (text: string): Result.Result<Held, ReadonlyArray<LocatedDiagnostic>> =>
        Result.map(
          parseSettings(text, file.environment),
          (parsed) => ({ ...parsed, settings: inRoom(parsed.settings), text })
        )

      const parsed = parse(file.text)
      if (Result.isFailure(parsed)) return yield* ConfigFile.errorOf(file.file, parsed.failure)
      const start = parsed.success
      const index = start.settings.channels.findIndex(({ enabled }) => enabled)
      const active = yield* SubscriptionRef.make(activate(start.settings))
      const key = [...SubscriptionRef.getUnsafe(active).channels.keys()][index]
      if (key === undefined) {
        return yield* new ConfigFile.ConfigError({
          file: file.file,
          problems: [`${file.file}: no channel is enabled; the playground needs one for its room`]
        })
      }
      const one = yield* Semaphore.make(1)
      let current = start

      const view = Effect.map(SubscriptionRef.get(active), (settings): SettingsView => ({
        yaml: maskedText(current.text),
        values: settingsValues(settings, roomOf(settings, key)),
        problems: problemsOf(current.warnings),
        changed: current.text !== start.text
      }))

      const take = Effect.fnUntraced(function*(next: Held) {
        current = next
        yield* SubscriptionRef.set(active, activate(next.settings))
        return yield* view
      })

      const set = Effect.fnUntraced(function*(edits: ReadonlyArray<SettingsEdit>) {
        const next = Result.flatMap(editSettings(current.text, edits, index), parse)
        return Result.isSuccess(next)
          ? yield* take(next.success)
          : yield* new SettingsRefused({ problems: problemsOf(next.failure) })
      })

      const settings = PlaygroundSettings.of({
        channel: Effect.map(SubscriptionRef.get(active), (settings) => roomOf(settings, key)),
        view,
        set: (edits) => one.withPermit(set(edits)),
        reset: one.withPermit(Effect.suspend(() => take(start)))
      })
      return Context.make(BotConfig, BotConfig.fromRef(active)).pipe(Context.add(PlaygroundSettings, settings))
    }))
}

/** The room's channel can be neither renamed nor removed while it is open. */
const roomOf = ({ channels }: ActiveSettings, key: ChannelKey): ChannelSettings => {
  const channel = channels.get(key)
  if (channel === undefined) throw new Error("the playground's room is gone from its configuration")
  return channel
}
