import { Schema } from "effect"
import { contextual, ContextualEntry } from "./Contextual.ts"
import { keyword, KeywordEntry } from "./Keyword.ts"
import { mention, MentionEntry } from "./Mention.ts"
import { pm, PmEntry } from "./Pm.ts"
import type { TriggerType } from "./TriggerType.ts"

/**
 * One entry of a trigger list, of one of the types there are, in the order in which they are tried (F3). An omitted
 * field takes the schema's default, not the built-in list's figure.
 */
export const TriggerEntry = Schema.Union([MentionEntry, PmEntry, KeywordEntry, ContextualEntry])
export type TriggerEntry = typeof TriggerEntry.Type
/** The name of a trigger type. */
export type TriggerName = TriggerEntry["type"]

/** The entry of each type, by the type's name. */
export type TriggerEntries = { readonly [Entry in TriggerEntry as Entry["type"]]: Entry }

/** What each type does. */
export const triggerTypes: { readonly [Name in TriggerName]: TriggerType<TriggerEntries[Name]> } = {
  mention,
  pm,
  keyword,
  contextual
}

/** The names of the types in the order of testing, independent of the order in the file (F3). */
export const triggerOrder: ReadonlyArray<TriggerName> = TriggerEntry.members.map(({ fields }) => fields.type.literal)

/** The default list, used when `triggers` is absent (F3). */
export const builtInTriggers: ReadonlyArray<typeof TriggerEntry.Encoded> = [
  {
    type: "mention",
    fire_probability: 1,
    cooldown_seconds: 10,
    rate_limit: { max_per_user_per_minute: 2, max_per_channel_per_minute: 5 }
  },
  { type: "pm", fire_probability: 1, cooldown_seconds: 5, rate_limit: { max_per_user_per_minute: 3 } }
]
