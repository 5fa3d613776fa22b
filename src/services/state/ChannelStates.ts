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
      // An event asks for its channel's many times.
      let last: ChannelState | undefined

      const begin = (channel: ChannelKey): ChannelState => {
        const state = { ...emptyChannel(channel), ...(earlier ? { pace: earlierPace } : {}) }
        states.set(channel, state)
        return state
      }
      return ChannelStates.of({
        of: (channel) => last?.key === channel ? last : last = states.get(channel) ?? begin(channel),
        all: () => [...states.values()],
        restore: (state) => {
          states.set(state.key, state)
          last = undefined
        },
        forget: (channel) => {
          states.delete(channel)
          last = undefined
        }
      })
    })
  )
}
