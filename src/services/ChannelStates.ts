import { Context, Layer } from "effect"
import { type ChannelState, emptyChannel } from "../domain/ChannelState.ts"
import type { ChannelKey } from "../domain/Ids.ts"

/** The state of each channel, one value a channel. */
export class ChannelStates extends Context.Service<ChannelStates, {
  /** A channel's state; empty at first. */
  readonly of: (channel: ChannelKey) => ChannelState
  /** Every channel that has a state. */
  readonly all: () => ReadonlyArray<ChannelState>
  /** Drops all state of a channel. */
  readonly forget: (channel: ChannelKey) => void
}>()("llm-bot/ChannelStates") {
  static readonly layer = Layer.sync(ChannelStates, () => {
    // One a configured channel.
    const states = new Map<ChannelKey, ChannelState>()
    return ChannelStates.of({
      of: (channel) => {
        const state = states.get(channel)
        if (state !== undefined) return state
        const fresh = emptyChannel(channel)
        states.set(channel, fresh)
        return fresh
      },
      all: () => [...states.values()],
      forget: (channel) => void states.delete(channel)
    })
  })
}
