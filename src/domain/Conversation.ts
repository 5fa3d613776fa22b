import type { ChatMsg, Pm } from "./ChatEvent.ts"
import { type ChannelKey, type UserKey, userKey } from "./Ids.ts"

/** A conversation: the channel, or one person's private one. */
export interface Conversation {
  readonly channel: ChannelKey
  /** Absent for the channel itself. */
  readonly with: UserKey | undefined
}

/** Where a line belongs: the room, or the private conversation with the person at its other end. */
export const conversationOf = (line: ChatMsg | Pm, channel: ChannelKey, bot: UserKey): Conversation => {
  if (line._tag === "ChatMsg") return { channel, with: undefined }
  const sender = userKey(line.username)
  return { channel, with: sender === bot ? userKey(line.to) : sender }
}
