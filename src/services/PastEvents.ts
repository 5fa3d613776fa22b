import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChatMsg, Pm } from "../domain/ChatEvent.ts"
import { conversationOf } from "../domain/Conversation.ts"
import { userKey } from "../domain/Ids.ts"
import type { Arrival } from "./Intake.ts"
import { RoomUpdates } from "./RoomUpdates.ts"
import { ContextStore } from "./state/ContextStore.ts"
import { Screening } from "./triggers/Screening.ts"

/** Rebuilds what a channel was from events that another process, or this one earlier, has handled (N2). */
export class PastEvents extends Context.Service<PastEvents, {
  /** Takes over what an event changed, and decides nothing. */
  readonly apply: (arrival: Arrival, channel: ChannelSettings) => void
}>()("llm-bot/PastEvents") {
  static readonly layerNoDeps = Layer.effect(
    PastEvents,
    Effect.gen(function*() {
      const screening = yield* Screening
      const store = yield* ContextStore
      const updates = yield* RoomUpdates

      const remember = (line: ChatMsg | Pm, arrival: Arrival, channel: ChannelSettings): void => {
        const refusal = Option.getOrUndefined(screening.check(line, arrival, channel))
        if (line.text === "" || refusal?.context === false) return
        const conversation = conversationOf(line, channel.key, channel.bot.key)
        const { key, text, time, username } = line
        const bot = userKey(username) === channel.bot.key
        store.append(conversation, { username, text, time, bot, key }, channel.context)
      }

      return PastEvents.of({
        apply: (arrival, channel) => {
          const { arrivedAt, event } = arrival
          switch (event._tag) {
            case "ChatMsg":
            case "Pm":
              if (!screening.foreign(arrival, channel)) remember(event, arrival, channel)
              return
            case "ChangeMedia":
              store.setMedia(channel.key, event.media, arrivedAt.monotonic)
              return
            case "UserList":
            case "AddUser":
            case "UserLeave":
            case "SetUserRank":
            case "SetUserMeta":
            case "ChannelOpts":
              return updates.apply(event, channel, arrivedAt.monotonic)
            // They were about lines and a bridge of that time.
            case "Login":
            case "Refusal":
            case "Other":
              return undefined
          }
        }
      })
    })
  )
}
