import { Schema } from "effect"
import {
  AtLeastOne,
  Between,
  Count,
  field,
  Maximum,
  optional,
  PositiveSeconds,
  required,
  Seconds,
  Text,
  Whole
} from "./Field.ts"

/** The limits of one trigger entry (F4). User limits count over all channels, for this trigger type. */
export const EntryRateLimit = Schema.Struct({
  max_per_user_per_minute: field(Maximum, null, "replies to one user in a minute"),
  max_per_user_per_hour: field(Maximum, null, "replies to one user in an hour"),
  max_per_channel_per_minute: field(Maximum, null, "replies in the channel in a minute"),
  max_per_channel_per_hour: field(Maximum, null, "replies in the channel in an hour"),
  max_per_hour: field(Maximum, null, "the same as max_per_channel_per_hour")
})
export type EntryRateLimit = typeof EntryRateLimit.Type

const common = {
  enabled: field(Schema.Boolean, true, "false: as if the entry were not there"),
  fire_probability: field(Between(0, 1), 1, "how often a match fires: 0 never, 1 always"),
  cooldown_seconds: field(Seconds, 0, "silence of this entry after it fired; 0 = off"),
  max_unlucky_draws: optional(Count, "after so many losing draws for one user the next wins; null = off"),
  rate_limit: field(EntryRateLimit, {}, "limits of this entry alone")
}

/** `@name`, the bot's name or an alias as a whole word. */
export const MentionEntry = Schema.Struct({ type: required(Schema.Literal("mention"), "the bot is named"), ...common })

/** A private message to the bot. */
export const PmEntry = Schema.Struct({
  type: required(Schema.Literal("pm"), "a private message to the bot"),
  ...common
})

/** One of the words or phrases. */
export const KeywordEntry = Schema.Struct({
  type: required(Schema.Literal("keyword"), "one of the words or phrases"),
  ...common,
  keywords: required(AtLeastOne(Text), "words or phrases that fire the trigger"),
  case_sensitive: field(Schema.Boolean, false, "true: upper and lower case differ"),
  match: field(Schema.Literals(["word", "substring"]), "word", "whole words, or anywhere in the text")
})
export type KeywordEntry = typeof KeywordEntry.Type

/** The room as a whole, on a timer: the model is asked whether a comment would fit. */
export const ContextualEntry = Schema.Struct({
  type: required(Schema.Literal("contextual"), "the room as a whole, on a timer"),
  ...common,
  evaluation_interval_seconds: field(PositiveSeconds, 120, "seconds between two evaluations"),
  min_messages_since_last_bot_message: field(Whole, 5, "lines of people needed since the bot's last line"),
  participation_prompt: field(
    Text,
    "Would a short comment from you fit naturally into this chat right now? Answer only yes or no.",
    "what the model is asked; only an answer that begins with yes counts"
  )
})
export type ContextualEntry = typeof ContextualEntry.Type

/** One entry of a trigger list. An omitted field takes the schema's default, not the built-in list's figure (F3). */
export const TriggerEntry = Schema.Union([MentionEntry, PmEntry, KeywordEntry, ContextualEntry])
export type TriggerEntry = typeof TriggerEntry.Type
export type TriggerType = TriggerEntry["type"]

/** The types in the order in which they are tried, whatever the order in the file (F3): that of the union above. */
export const triggerOrder: ReadonlyArray<TriggerType> = TriggerEntry.members.map(({ fields }) => fields.type.literal)

/** The list that is used when `triggers` is absent (F3). */
export const builtInTriggers: ReadonlyArray<typeof TriggerEntry.Encoded> = [
  {
    type: "mention",
    fire_probability: 1,
    cooldown_seconds: 10,
    rate_limit: { max_per_user_per_minute: 2, max_per_channel_per_minute: 5 }
  },
  { type: "pm", fire_probability: 1, cooldown_seconds: 5, rate_limit: { max_per_user_per_minute: 3 } }
]
