import type { ChatMsg, Pm } from "./ChatEvent.ts"
import { type ChannelKey, type UserKey, userKey } from "./Ids.ts"

/** A conversation: the channel, or one person's private one. */
export interface Conversation {
  readonly channel: ChannelKey
  /** Absent for the channel itself. */
  readonly with: UserKey | undefined
}

/** The conversation of a line: the room's, or the private one with the other person. */
export const conversationOf = (line: ChatMsg | Pm, channel: ChannelKey, bot: UserKey): Conversation => {
  if (line._tag === "ChatMsg") return { channel, with: undefined }
  const sender = userKey(line.username)
  return { channel, with: sender === bot ? userKey(line.to) : sender }
}
