import { Context, Effect, Layer } from "effect"
import { type ChannelState, emptyChannel } from "../../domain/ChannelState.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import { earlierPace } from "../../domain/limits/FloodControl.ts"
import { EarlierDelivery } from "./EarlierDelivery.ts"

/** The state of each channel, one value a channel. */
export class ChannelStates extends Context.Service<ChannelStates, {
  /** A channel's state; empty at first. */
  readonly of: (channel: ChannelKey) => ChannelState
  /** Every channel that has a state. */
  readonly all: () => ReadonlyArray<ChannelState>
  /** Sets a channel's state, as it was before the process began. */
  readonly restore: (state: ChannelState) => void
  /** Drops all state of a channel. */
  readonly forget: (channel: ChannelKey) => void
}>()("llm-bot/ChannelStates") {
  static readonly layer = Layer.effect(
    ChannelStates,
    Effect.map(EarlierDelivery, (earlier) => {
      // One a configured channel.
      const states = new Map<ChannelKey, ChannelState>()
      return ChannelStates.of({
        of: (channel) => {
          const state = states.get(channel)
          if (state !== undefined) return state
          const fresh = { ...emptyChannel(channel), ...(earlier ? { pace: earlierPace } : {}) }
          states.set(channel, fresh)
          return fresh
        },
        all: () => [...states.values()],
        restore: (state) => void states.set(state.key, state),
        forget: (channel) => void states.delete(channel)
      })
    })
  )
}
