import { Option } from "effect"
import { compilePhrases, foldCase } from "../WordMatch.ts"
import type { FieldPath } from "./ConfigProblem.ts"
import type { ContextualEntry, KeywordEntry, TriggerEntry } from "./TriggerSettings.ts"

/** What looks wrong with a field although every value is allowed. */
export interface Doubt {
  readonly path: FieldPath
  readonly message: string
}

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

const shadowed = (entries: ReadonlyArray<ListedEntry>): ReadonlyArray<Doubt> =>
  entries.flatMap(({ entry, path }, index) =>
    entries.slice(0, index).some((earlier) => takesAll(earlier.entry) && covers(earlier.entry, entry))
      ? [{ path: [...path, "type"], message: "no message can reach this entry: an earlier one takes them all" }]
      : []
  )

const never = ({ entry, path }: ListedEntry): ReadonlyArray<Doubt> =>
  entry.fire_probability === 0
    ? [{ path: [...path, "fire_probability"], message: "0 means that this entry never fires" }]
    : []

const spent = ({ entry, path }: ListedEntry): ReadonlyArray<Doubt> =>
  Object.entries(entry.rate_limit).flatMap(([name, maximum]) =>
    Option.contains(maximum, 0)
      ? [{ path: [...path, "rate_limit", name], message: "0 allows no reply at all; null is no limit" }]
      : []
  )

const unmatchable = (entry: KeywordEntry, path: FieldPath): ReadonlyArray<Doubt> =>
  entry.keywords.flatMap((keyword, index) =>
    compilePhrases([keyword], { caseSensitive: entry.case_sensitive, match: entry.match })(keyword) === undefined
      ? [{ path: [...path, "keywords", index], message: "no message can match this keyword" }]
      : []
  )

const tooMany = (entry: ContextualEntry, path: FieldPath, contextSize: number): ReadonlyArray<Doubt> =>
  entry.min_messages_since_last_bot_message > contextSize
    ? [{
      path: [...path, "min_messages_since_last_bot_message"],
      message: `never reached: context_window.size keeps ${contextSize} lines`
    }]
    : []

const entryDoubts = (listed: ListedEntry, contextSize: number): ReadonlyArray<Doubt> => {
  const { entry, path } = listed
  const own = entry.type === "keyword"
    ? unmatchable(entry, path)
    : entry.type === "contextual" ? tooMany(entry, path, contextSize) : []
  return [...never(listed), ...spent(listed), ...own]
}

/** What looks wrong with a trigger list: above all entries that no message can reach (F3). */
export const triggerDoubts = (
  triggers: ReadonlyArray<TriggerEntry>,
  path: FieldPath,
  contextSize: number
): ReadonlyArray<Doubt> => {
  const enabled = triggers.map((entry, index) => ({ entry, path: [...path, index] })).filter(({ entry }) => entry.enabled)
  if (enabled.length === 0) return [{ path, message: "no entry is enabled, so the bot never speaks" }]
  return [...shadowed(enabled), ...enabled.flatMap((listed) => entryDoubts(listed, contextSize))]
}
