import { Option } from "effect"
import { compilePhrases, foldCase } from "../PhraseMatch.ts"
import { type Diagnostic, type FieldPath, warning } from "./Diagnostic.ts"
import type { ContextualEntry, KeywordEntry, TriggerEntry } from "./TriggerSettings.ts"

interface ListedEntry {
  readonly entry: TriggerEntry
  readonly path: FieldPath
}

/** Fires on whatever meets its condition, so nothing is left for later entries of its type (F3). */
const takesAll = ({ cooldown_seconds, fire_probability }: TriggerEntry): boolean =>
  fire_probability === 1 && cooldown_seconds === 0

const catches = (earlier: KeywordEntry, keyword: string, later: KeywordEntry): boolean => {
  const comparable = earlier.match === later.match || earlier.match === "substring"
  const same = (one: string): boolean =>
    earlier.case_sensitive ? later.case_sensitive && one === keyword : foldCase(one) === foldCase(keyword)
  return comparable && earlier.keywords.some(same)
}

/** Whether every message that meets the later entry's condition meets the earlier one's. */
const covers = (earlier: TriggerEntry, later: TriggerEntry): boolean => {
  switch (later.type) {
    case "mention":
    case "pm":
      return earlier.type === later.type
    case "keyword":
      return earlier.type === "keyword" && later.keywords.every((keyword) => catches(earlier, keyword, later))
    // Contextual entries are no message's: each has a timer of its own.
    case "contextual":
      return false
  }
}

const shadowed = (entries: ReadonlyArray<ListedEntry>): ReadonlyArray<Diagnostic> =>
  entries.flatMap(({ entry, path }, index) =>
    entries.slice(0, index).some((earlier) => takesAll(earlier.entry) && covers(earlier.entry, entry))
      ? [warning([...path, "type"], "no message can reach this entry: an earlier one takes them all")]
      : []
  )

const never = ({ entry, path }: ListedEntry): ReadonlyArray<Diagnostic> =>
  entry.fire_probability === 0
    ? [warning([...path, "fire_probability"], "0 means that this entry never fires")]
    : []

const spent = ({ entry, path }: ListedEntry): ReadonlyArray<Diagnostic> =>
  Object.entries(entry.rate_limit).flatMap(([name, maximum]) =>
    Option.contains(maximum, 0)
      ? [warning([...path, "rate_limit", name], "0 allows no reply at all; null is no limit")]
      : []
  )

const unmatchable = (entry: KeywordEntry, path: FieldPath): ReadonlyArray<Diagnostic> =>
  entry.keywords.flatMap((keyword, index) =>
    compilePhrases([keyword], { caseSensitive: entry.case_sensitive, match: entry.match })(keyword) === undefined
      ? [warning([...path, "keywords", index], "no message can match this keyword")]
      : []
  )

const tooMany = (entry: ContextualEntry, path: FieldPath, contextSize: number): ReadonlyArray<Diagnostic> =>
  entry.min_messages_since_last_bot_message > contextSize
    ? [
      warning(
        [...path, "min_messages_since_last_bot_message"],
        `never reached: context_window.size keeps ${contextSize} lines`
      )
    ]
    : []

const entryWarnings = (listed: ListedEntry, contextSize: number): ReadonlyArray<Diagnostic> => {
  const { entry, path } = listed
  const own = entry.type === "keyword"
    ? unmatchable(entry, path)
    : entry.type === "contextual"
    ? tooMany(entry, path, contextSize)
    : []
  return [...never(listed), ...spent(listed), ...own]
}

/** What looks wrong with a trigger list: above all entries that no message can reach (F3). */
export const triggerWarnings = (
  triggers: ReadonlyArray<TriggerEntry>,
  path: FieldPath,
  contextSize: number
): ReadonlyArray<Diagnostic> => {
  const enabled = triggers.map((entry, index) => ({ entry, path: [...path, index] })).filter(({ entry }) =>
    entry.enabled
  )
  if (enabled.length === 0) return [warning(path, "no entry is enabled, so the bot never speaks")]
  return [...shadowed(enabled), ...enabled.flatMap((listed) => entryWarnings(listed, contextSize))]
}
