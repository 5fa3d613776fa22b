import { Option } from "effect"
import { type TriggerEntries, type TriggerEntry, type TriggerName, triggerTypes } from "../triggers/TriggerEntry.ts"
import type { EntryWarning } from "../triggers/TriggerType.ts"
import { type Diagnostic, type FieldPath, warning } from "./Diagnostic.ts"

interface ListedEntry {
  readonly entry: TriggerEntry
  readonly path: FieldPath
}

/** Always fires when its condition is met, so later entries of its type never do (F3). */
const takesAll = ({ cooldown_seconds, fire_probability }: TriggerEntry): boolean =>
  fire_probability === 1 && cooldown_seconds === 0

const covers = <Name extends TriggerName>(
  name: Name,
  earlier: TriggerEntries[Name],
  later: TriggerEntries[Name]
): boolean => triggerTypes[name].covers(earlier, later)

const shadowed = (entries: ReadonlyArray<ListedEntry>): ReadonlyArray<Diagnostic> =>
  entries.flatMap(({ entry, path }, index) =>
    entries.slice(0, index).some(({ entry: earlier }) =>
        earlier.type === entry.type && takesAll(earlier) && covers(entry.type, earlier, entry)
      )
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

const own = <Name extends TriggerName>(
  name: Name,
  entry: TriggerEntries[Name],
  contextSize: number
): ReadonlyArray<EntryWarning> => triggerTypes[name].lint(entry, contextSize)

const entryWarnings = (listed: ListedEntry, contextSize: number): ReadonlyArray<Diagnostic> => {
  const { entry, path } = listed
  const warnings = own(entry.type, entry, contextSize)
  return [
    ...never(listed),
    ...spent(listed),
    ...warnings.map(({ field, message }) => warning([...path, ...field], message))
  ]
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
