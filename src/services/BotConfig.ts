import { Context, Effect, Layer, Option, Stream, SubscriptionRef } from "effect"
import { activate, type ActiveSettings, type ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChannelKey } from "../domain/Ids.ts"
import type { Settings } from "../domain/settings/Settings.ts"

/** The configuration in force. Read it once per message, so that a reload never splits a decision (F9). */
export class BotConfig extends Context.Service<BotConfig, {
  readonly current: Effect.Effect<ActiveSettings>
  /** The same for plain code. */
  readonly read: () => ActiveSettings
  /** A channel's settings; none when it is not configured (any more). */
  readonly channel: (key: ChannelKey) => Effect.Effect<Option.Option<ChannelSettings>>
  /** The configuration in force, then every later one. */
  readonly changes: Stream.Stream<ActiveSettings>
}>()("llm-bot/BotConfig") {
  /** Serves the reference's value, which the configuration loader sets. */
  static readonly fromRef = (ref: SubscriptionRef.SubscriptionRef<ActiveSettings>) =>
    BotConfig.of({
      current: SubscriptionRef.get(ref),
      read: () => SubscriptionRef.getUnsafe(ref),
      channel: (key) => Effect.map(SubscriptionRef.get(ref), ({ channels }) => Option.fromNullishOr(channels.get(key))),
      changes: SubscriptionRef.changes(ref)
    })

  /** A configuration that never changes. */
  static readonly layerFixed = (settings: Settings) =>
    Layer.effect(BotConfig, Effect.map(SubscriptionRef.make(activate(settings)), BotConfig.fromRef))
}
