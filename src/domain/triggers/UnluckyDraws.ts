import { Option } from "effect"
import type { EntryKey, UserKey } from "../Ids.ts"
import type { TriggerTest } from "./Trigger.ts"

/** Counts kept per channel; the least recently changed is evicted. */
const keptCounts = 1_000

/** Losing draws in a row, by entry and user (F3, `max_unlucky_draws`). */
export type UnluckyDraws = Map<string, number>

const keyOf = (entry: EntryKey, user: UserKey): string => `${entry} ${user}`

/** An entry's losing draws in a row for a user. */
export const unluckyDraws = (draws: UnluckyDraws, entry: EntryKey, user: UserKey): number =>
  draws.get(keyOf(entry, user)) ?? 0

/** Counts a losing draw; a winning one resets the count. Counted only where the entry asks for it. */
export const noteDraw = (draws: UnluckyDraws, { result, trigger }: TriggerTest, user: UserKey): void => {
  if (Option.isNone(trigger.entry.max_unlucky_draws)) return
  const key = keyOf(trigger.key, user)
  const before = draws.get(key) ?? 0
  if (result._tag === "Fired" || result._tag === "Probability") draws.delete(key)
  if (result._tag === "Probability") draws.set(key, before + 1)
  const [oldest] = draws.keys()
  if (draws.size > keptCounts && oldest !== undefined) draws.delete(oldest)
}
