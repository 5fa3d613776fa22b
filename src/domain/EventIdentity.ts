import { Brand } from "effect"
import type { ChatMsg, Pm } from "./ChatEvent.ts"
import { hash } from "./Hash.ts"
import { type ChannelKey, EventIdentity, type EventKey, userKey } from "./Ids.ts"

const eventTypes = { ChatMsg: "chatMsg", Pm: "pm" } as const

/** The identity of a line: channel, event type, user, `time` as it was sent, text (F1). Dice and message ids draw on it. */
export const identityOf = (channel: ChannelKey, line: ChatMsg | Pm): EventIdentity =>
  line.recorded ??
    EventIdentity.make(hash([channel, eventTypes[line._tag], userKey(line.username), line.sentAt, line.text]))

const asEventKey = Brand.nominal<EventKey>()

/** Two hashes of 32 bits over the same characters; by the finalizer of MurmurHash3 they do not go together. */
const mixed = (texts: ReadonlyArray<string>, number: number): EventKey => {
  let one = 0x9E3779B9 ^ number
  let other = 0x85EBCA6B ^ (number / 2 ** 32)
  for (const text of texts) {
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      one = Math.imul(one ^ unit, 0x9E3779B1)
      other = Math.imul(other ^ unit, 0x5F356495)
    }
    // What ends one text does not begin the next.
    one = Math.imul(one ^ 0x10000, 0x9E3779B1)
    other = Math.imul(other ^ 0x10000, 0x5F356495)
  }
  one = Math.imul(one ^ (one >>> 16), 0x85EBCA6B) ^ Math.imul(other ^ (other >>> 13), 0xC2B2AE35)
  other = Math.imul(other ^ (other >>> 16), 0x85EBCA6B) ^ Math.imul(one ^ (one >>> 13), 0xC2B2AE35)
  return asEventKey((other >>> 11) * 2 ** 32 + (one >>> 0))
}

/** The key of a line of a channel: equal where the identity is, at a fraction of its cost. */
export const keyOf = (type: "chatMsg" | "pm", username: string, sentAt: number, text: string): EventKey =>
  mixed([type, userKey(username), text], sentAt)

/** The key of an identity that was recorded. */
export const keyOfIdentity = (identity: EventIdentity): EventKey => mixed([identity], 0)
