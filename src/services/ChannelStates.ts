import { Context, Layer } from "effect"
import { type ChannelState, emptyChannel } from "../domain/ChannelState.ts"
import type { ChannelKey } from "../domain/Ids.ts"

/** What the bot keeps of each channel, one value a channel. */
export class ChannelStates extends Context.Service<ChannelStates, {
  /** A channel's state; empty when nothing is known of it yet. */
  readonly of: (channel: ChannelKey) => ChannelState
  /** Every channel something is known of. */
  readonly all: () => ReadonlyArray<ChannelState>
  /** Lets go of everything that is known of a channel. */
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
