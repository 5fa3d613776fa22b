import { Context, Effect, Layer } from "effect"
import {
  type BridgeAddress,
  bridgeAddress,
  sightBridge,
  type SightedEvent
} from "../../domain/bridge/BridgeSighting.ts"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { makeLogWriter } from "../telemetry/LogWriter.ts"

/** What each channel's events tell of the bridge, remembered with the channel (WIRE, protocols). */
export class BridgeSightings extends Context.Service<BridgeSightings, {
  /** An event of the channel came. */
  readonly note: (channel: ChannelSettings, event: SightedEvent) => void
  /** How commands reach the channel's bridge now. */
  readonly address: (channel: ChannelSettings) => BridgeAddress
}>()("llm-bot/BridgeSightings") {
  static readonly layerNoDeps = Layer.effect(
    BridgeSightings,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const log = yield* makeLogWriter("BridgeSightings")
      return BridgeSightings.of({
        note: ({ key, room }, event) => {
          const state = states.of(key)
          const before = state.bridge
          state.bridge = sightBridge(before, event, room)
          const { protocol } = state.bridge
          if (protocol === before.protocol) return
          const change = before.protocol === undefined ? "" : `, no more ${before.protocol}`
          log("Info", `The bridge speaks ${protocol}${change}`, { channel: room.name })
        },
        address: ({ key, protocol, room }) => bridgeAddress(protocol, room, states.of(key).bridge)
      })
    })
  )
}
