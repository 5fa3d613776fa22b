import { Brand, Schema } from "effect"

/** A room's name as the operator wrote it: 1–30 of `[a-zA-Z0-9_-]` (F9). */
export const ChannelName = Schema.String.check(
  Schema.isPattern(/^[a-zA-Z0-9_-]{1,30}$/, {
    message: "must be 1 to 30 of the characters a-z, A-Z, 0-9, _ and -"
  })
).pipe(Schema.brand("ChannelName"))
export type ChannelName = typeof ChannelName.Type

/** A room's identity: its name in lower case. Subjects, state and limits are keyed by it. */
export const ChannelKey = Schema.String.pipe(Schema.brand("ChannelKey"))
export type ChannelKey = typeof ChannelKey.Type
const asChannelKey = Brand.nominal<ChannelKey>()

/** The key of a channel name (CyTube channel names are case-insensitive). */
export const channelKey = (name: string): ChannelKey => asChannelKey(name.toLowerCase())

/** A person's name as the room shows it, 1–50 characters (WIRE, bounds). */
export const Username = Schema.String.check(Schema.isBetweenCodePoints(1, 50)).pipe(Schema.brand("Username"))
export type Username = typeof Username.Type

/** A person's identity: the name in lower case (F1, F4: names are compared in lower case). */
export const UserKey = Schema.String.pipe(Schema.brand("UserKey"))
export type UserKey = typeof UserKey.Type
// Any text is a key: nothing to check, which every line would pay for.
const asUserKey = Brand.nominal<UserKey>()

/** The key of a username. */
export const userKey = (name: string): UserKey => asUserKey(name.toLowerCase())

const correlationIds = /^[A-Za-z0-9._:-]{1,128}$/

/** Follows one message through logs, decision and command: 1–128 of `[A-Za-z0-9._:-]` (F1). */
export const CorrelationId = Schema.String.check(Schema.isPattern(correlationIds)).pipe(Schema.brand("CorrelationId"))
export type CorrelationId = typeof CorrelationId.Type
const isCorrelationId = (id: string): id is CorrelationId => correlationIds.test(id)

/** The correlation id that a message brought; none where it is none. Plain code, since every message is asked. */
export const correlationIdOf = (id: unknown): CorrelationId | undefined =>
  typeof id === "string" && isCorrelationId(id) ? id : undefined

/** What makes two events the same event: a hash of channel, type, user, time and text (F1). */
export const EventIdentity = Schema.String.pipe(Schema.brand("EventIdentity"))
export type EventIdentity = typeof EventIdentity.Type

/** Tells the events of a channel apart: 53 bits of what makes the identity, for comparing alone (F1). */
export const EventKey = Schema.Int.pipe(Schema.brand("EventKey"))
export type EventKey = typeof EventKey.Type

/** Names one entry of a channel's trigger list: its type, numbered from the second of a type on. */
export const EntryKey = Schema.String.pipe(Schema.brand("EntryKey"))
export type EntryKey = typeof EntryKey.Type

/** The trigger type of an entry. */
export const entryType = (key: EntryKey): string => key.split(" ")[0] ?? key
