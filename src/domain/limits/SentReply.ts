import { HashMap, Schema } from "effect"
import { hourMs } from "./LimitCheck.ts"
import { type ChannelLimits, isCooldown, renameWindow, type UserLimits } from "./LimitState.ts"
import { entriesOf, type Windows } from "./SlidingWindow.ts"

/** A line that was sent, as it counts: what another replica, or this process after a restart, knows of it (N2). */
export const SentReply = Schema.Struct({
  /** Its place among all that were sent. */
  sequence: Schema.Int,
  /** Monotonic ms. */
  at: Schema.Finite,
  channelWindows: Schema.Array(Schema.String),
  userWindows: Schema.Array(Schema.String),
  cooldownMs: Schema.Finite
})
export type SentReply = typeof SentReply.Type

/** How a line counts, as it stands with the line itself. */
export const Counted = Schema.fromJsonString(
  Schema.Struct({
    channelWindows: Schema.Array(Schema.String),
    userWindows: Schema.Array(Schema.String),
    cooldownMs: Schema.Finite
  })
)

/** Ids below 0: no reservation has one. */
const idOf = ({ sequence }: SentReply): number => -sequence

const count = (
  windows: Windows,
  names: ReadonlyArray<string>,
  reply: SentReply
): Windows =>
  names.reduce((all, name) => {
    const entries = entriesOf(all, name)
    if (entries.some(({ id }) => id === idOf(reply))) return all
    return HashMap.set(all, name, {
      keepMs: isCooldown(name) ? reply.cooldownMs : hourMs,
      entries: [...entries, { id: idOf(reply), admittedAt: reply.at, sentAt: reply.at }]
    })
  }, windows)

/** Counts what was sent to a channel before this process had it. A line that counts already is not counted again. */
export const recallChannel = (limits: ChannelLimits, replies: ReadonlyArray<SentReply>): ChannelLimits => ({
  ...limits,
  windows: replies.reduce((windows, reply) => count(windows, reply.channelWindows, reply), limits.windows),
  lastSentAt: replies.reduce<number | undefined>((last, { at }) => Math.max(last ?? at, at), limits.lastSentAt)
})

/** The same for the people who were answered there. */
export const recallUsers = (limits: UserLimits, replies: ReadonlyArray<SentReply>): UserLimits => ({
  ...limits,
  windows: replies.reduce((windows, reply) => count(windows, reply.userWindows, reply), limits.windows)
})

/** A line that counts for people under other names. */
export const renameReply = (reply: SentReply, rename: (user: string) => string): SentReply => ({
  ...reply,
  channelWindows: reply.channelWindows.map((name) => renameWindow(name, rename)),
  userWindows: reply.userWindows.map((name) => renameWindow(name, rename))
})
