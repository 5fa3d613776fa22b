import { Context, Effect, Layer, Stream } from "effect"
import type { ClockReading } from "../domain/ClockReading.ts"
import type { Conversation } from "../domain/Conversation.ts"
import type { ChannelOpts, ChatMsg, Login, Pm, Presence, Refusal, SetUserMeta } from "../domain/ChatEvent.ts"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import { endGuestWindows } from "../domain/ChannelState.ts"
import { mutedAfter } from "../domain/Presence.ts"
import { ChannelStates } from "./state/ChannelStates.ts"
import { ContextStore } from "./state/ContextStore.ts"
import { RateLimiter } from "./limits/RateLimiter.ts"
import { Nats } from "./Nats.ts"
import { DeliveryTracker } from "./reply/DeliveryTracker.ts"
import { Screening } from "./triggers/Screening.ts"

/** What the room tells besides lines and media. */
export type RoomUpdate = Presence | SetUserMeta | Login | Refusal | ChannelOpts

/** Keeps up with the room: who is there, whether the bot may speak and how fast, what it was refused (F1, F8). */
export class RoomUpdates extends Context.Service<RoomUpdates, {
  /** Whether a line of the bot's account is the echo of a reply; else somebody else spoke with it, which counts. */
  readonly isEcho: (conversation: Conversation, line: ChatMsg | Pm, arrivedAt: ClockReading) => boolean
  /** Takes in one update; `now` is its arrival, monotonic ms. */
  readonly apply: (update: RoomUpdate, channel: ChannelSettings, now: number) => void
}>()("llm-bot/RoomUpdates") {
  static readonly layerNoDeps = Layer.effect(
    RoomUpdates,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const store = yield* ContextStore
      const limiter = yield* RateLimiter
      const deliveries = yield* DeliveryTracker
      const screening = yield* Screening
      const nats = yield* Nats

      // While nothing is heard, what comes back or is lifted is missed.
      yield* nats.connection.pipe(
        Stream.filter((connected) => !connected),
        Stream.runForEach(() =>
          Effect.sync(() => {
            for (const state of states.all()) {
              state.muted = false
              endGuestWindows(state, () => false)
              for (const echo of state.expected) echo.unheard = true
            }
          })
        ),
        Effect.forkScoped
      )

      const noteMuted = (update: Presence | SetUserMeta, { bot, key }: ChannelSettings): void => {
        const state = states.of(key)
        state.muted = mutedAfter(state.muted, update, bot.key)
      }

      return RoomUpdates.of({
        isEcho: (conversation, { text, time }, arrivedAt) => {
          const isEcho = deliveries.confirm(conversation, text)
          if (!isEcho) limiter.foreignLine(conversation.channel, time, arrivedAt)
          return isEcho
        },
        apply: (update, channel, now) => {
          switch (update._tag) {
            case "UserList":
            case "AddUser":
            case "UserLeave":
            case "SetUserRank":
              store.presence(channel.key, update)
              return noteMuted(update, channel)
            case "SetUserMeta":
              return noteMuted(update, channel)
            case "Login":
              screening.login(update, channel)
              if (!update.success) return
              // Those who left while the bridge was away were not heard leaving.
              endGuestWindows(states.of(channel.key), () => false)
              deliveries.rejoin(channel.key)
              return
            case "ChannelOpts":
              return limiter.flood(channel.key, update.flood)
            case "Refusal":
              if (update.muted === true) states.of(channel.key).muted = true
              if (update.waitMs !== undefined) limiter.refused(channel.key, update.waitMs, now)
              return deliveries.refuse(channel.key, update)
          }
        }
      })
    })
  )
}
