import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import { ChannelSnapshot, restoreChannel, snapshotChannel } from "../../domain/ChannelSnapshot.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import { BotConfig } from "../BotConfig.ts"
import { readClock } from "../Time.ts"
import { ChannelStates } from "./ChannelStates.ts"
import { Checkpoints } from "./Checkpoints.ts"
import { StateName, StateStore } from "./StateStore.ts"
import { loadValue, storedShape } from "./StoredValue.ts"

const prefix = "channel."
const shape = storedShape(1, ChannelSnapshot)
/** What was saved of a channel that is in no configuration any more goes after so long, ms; it might be a mistake. */
const keptMs = 24 * 3_600_000

/** The name a channel is saved under. */
const channelName = (key: ChannelKey): StateName => StateName.make(`${prefix}${key}`)

/**
 * Keeps the channels' states beyond the process (F13). Not between replicas: whoever gains a channel there rebuilds it
 * from the streams.
 */
export class ChannelKeeper extends Context.Service<ChannelKeeper, {
  /** Restores a channel before it is listened to. */
  readonly open: (channel: ChannelSettings) => Effect.Effect<void>
  /** Keeps a channel no longer, which another replica goes on with: what was saved stays. */
  readonly leave: (channel: ChannelKey) => void
  /** Drops all that is kept of a channel. */
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/ChannelKeeper") {
  static readonly layerNoDeps = Layer.effect(
    ChannelKeeper,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const checkpoints = yield* Checkpoints
      const store = yield* StateStore
      const config = yield* BotConfig

      /** Removes what was saved of channels that left the configuration long ago. */
      const sweep = Effect.gen(function*() {
        const { channels } = yield* config.current
        const known = new Set([...channels.keys()].map(channelName))
        const strangers = (yield* store.names).filter((name) => name.startsWith(prefix) && !known.has(name))
        for (const name of strangers) {
          const stored = yield* Effect.provideService(loadValue(name, shape), StateStore, store)
          const { wall } = yield* readClock
          if (Option.exists(stored, ({ savedAt }) => wall - savedAt.wall > keptMs)) yield* store.remove(name)
        }
      }).pipe(Effect.catch(({ message }) => Effect.logWarning(message)))
      if (store.reach === "next_process") yield* Effect.forkScoped(sweep)

      return ChannelKeeper.of({
        open: Effect.fnUntraced(function*({ context, key }: ChannelSettings) {
          const restored = yield* checkpoints.keep({
            name: channelName(key),
            shape,
            snapshot: ({ monotonic }) =>
              snapshotChannel(states.of(key), config.read().settings.context_window.size, monotonic),
            takeChange: () => {
              const state = states.of(key)
              const { changed } = state
              state.changed = false
              return changed
            }
          })
          if (Option.isNone(restored)) return
          const { restart, value } = restored.value
          states.restore(restoreChannel(key, value, restart, context.max_age_seconds * 1000))
        }),
        leave: (key) => {
          checkpoints.leave(channelName(key))
          states.forget(key)
        },
        forget: (key) => Effect.andThen(checkpoints.forget(channelName(key)), Effect.sync(() => states.forget(key)))
      })
    })
  )
}
