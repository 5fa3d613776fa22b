import { Schema } from "effect"
import type { SlidingWindow, Windows } from "../limits/SlidingWindow.ts"
import { Age } from "./Restart.ts"

/** Sliding windows as they are stored: when each reply was admitted and sent, as ages. */
export const StoredWindows = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    keepMs: Age,
    entries: Schema.Array(Schema.Tuple([Age, Age]))
  })
)
export type StoredWindows = typeof StoredWindows.Type

/** Takes a snapshot of windows. The places that running replies hold are theirs, and left out. `now` is monotonic ms. */
export const snapshotWindows = (windows: Windows, now: number): StoredWindows => {
  const stored: Array<StoredWindows[number]> = []
  for (const [name, { entries, keepMs }] of windows) {
    const sent = entries.flatMap(({ admittedAt, sentAt }) =>
      sentAt === undefined ? [] : [[Math.max(0, now - admittedAt), Math.max(0, now - sentAt)] as const]
    )
    if (sent.length > 0) stored.push({ name, keepMs, entries: sent })
  }
  return stored
}

/** No reply holds a place any more, so no entry needs its own id. */
const sentId = 0

/** Restores what still counts; `now` is monotonic ms. */
export const restoreWindows = (
  stored: StoredWindows,
  momentOf: (age: number) => number,
  now: number
): ReadonlyArray<readonly [name: string, window: SlidingWindow]> =>
  stored.flatMap(({ entries, keepMs, name }) => {
    const kept = entries
      .map(([admitted, sent]) => ({ id: sentId, admittedAt: momentOf(admitted), sentAt: momentOf(sent) }))
      .filter(({ admittedAt, sentAt }) => Math.max(admittedAt, sentAt) > now - keepMs)
    return kept.length === 0 ? [] : [[name, { keepMs, entries: kept }] as const]
  })
