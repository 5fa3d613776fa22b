import { Schema } from "effect"
import { Between, Count, field, Maximum, optional, Seconds } from "../Field.ts"
import type { PhraseMatcher } from "../PhraseMatch.ts"

/** The limits of one trigger entry (F4). User limits count over all channels, for this trigger type. */
const EntryRateLimit = Schema.Struct({
  max_per_user_per_minute: field(Maximum, null, "replies to one user in a minute"),
  max_per_user_per_hour: field(Maximum, null, "replies to one user in an hour"),
  max_per_channel_per_minute: field(Maximum, null, "replies in the channel in a minute"),
  max_per_channel_per_hour: field(Maximum, null, "replies in the channel in an hour"),
  max_per_hour: field(Maximum, null, "the same as max_per_channel_per_hour")
})
export type EntryRateLimit = typeof EntryRateLimit.Type

/** The fields that an entry of any type has. */
export const commonFields = {
  enabled: field(Schema.Boolean, true, "false: as if the entry were not there"),
  fire_probability: field(Between(0, 1), 1, "how often a match fires: 0 never, 1 always"),
  cooldown_seconds: field(Seconds, 0, "silence of this entry after it fired; 0 = off"),
  max_unlucky_draws: optional(Count, "after so many losing draws for one user the next wins; null = off"),
  rate_limit: field(EntryRateLimit, {}, "limits of this entry alone")
}

/** What looks wrong with an entry: a field of it, and why. */
export interface EntryWarning {
  readonly field: ReadonlyArray<PropertyKey>
  readonly message: string
}

/** One trigger type as a record; `Entry` is an entry of a trigger list. */
export interface TriggerType<Entry> {
  /** What its entries are tested against: lines of the room, private messages, or the room on a timer (F3). */
  readonly on: "line" | "pm" | "timer"
  /** Whether a person prompted the bot (F7, `drop_after_media_change: unprompted`). */
  readonly asked: boolean
  /**
   * Compiles an entry once per configuration; `names` are the bot's name and aliases. The matcher says what met the
   * condition in the words of the configuration or our own, since it is logged: never what a person wrote (N4).
   */
  readonly compile: (entry: Entry, names: ReadonlyArray<string>) => PhraseMatcher
  /** Whether every message that meets the later entry's condition meets the earlier one's. */
  readonly covers: (earlier: Entry, later: Entry) => boolean
  /** What looks wrong with the type's own fields; `contextSize` is the number of lines that are kept of a room. */
  readonly lint: (entry: Entry, contextSize: number) => ReadonlyArray<EntryWarning>
}
