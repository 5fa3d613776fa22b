import { Effect, Option } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChatMsg, Pm } from "../domain/ChatEvent.ts"
import { conversationOf } from "../domain/Conversation.ts"
import type { SkipReason } from "../domain/decision/Decision.ts"
import type { SkipFacts } from "../domain/decision/SkipFacts.ts"
import { userKey } from "../domain/Ids.ts"
import type { Arrival } from "./Intake.ts"
import { RoomUpdates } from "./RoomUpdates.ts"
import { ContextStore } from "./state/ContextStore.ts"
import { Screening } from "./triggers/Screening.ts"

/** What became of a line before any trigger. */
export interface Heard {
  /** Lines in its conversation's context with it; absent where it did not enter that. */
  readonly lines: number | undefined
  /** Why it cannot trigger. */
  readonly refusal: SkipReason | undefined
  readonly facts: SkipFacts | undefined
}

const foreign: Heard = { lines: undefined, refusal: "wrong_domain", facts: undefined }

/** Sorts out what never triggers, and remembers the line (F1, F2). */
export const makeHearing = Effect.gen(function*() {
  const screening = yield* Screening
  const store = yield* ContextStore
  const updates = yield* RoomUpdates

  return (line: ChatMsg | Pm, arrival: Arrival, channel: ChannelSettings): Heard => {
    if (screening.foreign(arrival, channel)) return foreign
    const screened = Option.getOrUndefined(screening.check(line, arrival, channel))
    const conversation = conversationOf(line, channel.key, channel.bot.key)
    const isEcho = screened?.reason === "own_line" && updates.isEcho(conversation, line, arrival.arrivedAt)
    let lines: number | undefined
    if (!isEcho && line.text !== "" && (screened?.context ?? true)) {
      const bot = userKey(line.username) === channel.bot.key
      const { key, text, time, username } = line
      // Whoever began with it before may have left it in what was rebuilt.
      if (arrival.earlier === "unfinished") store.retract(conversation, key)
      lines = store.append(conversation, { username, text, time, bot, key }, channel.context)
    }
    return { lines, refusal: isEcho ? "echo" : screened?.reason, facts: isEcho ? undefined : screened?.facts }
  }
})
