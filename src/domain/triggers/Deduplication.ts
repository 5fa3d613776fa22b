import type { EventIdentity } from "../Ids.ts"

const keptEvents = 1_000
const keptMs = 2 * 3_600_000

/** The identities of a channel's last events and their arrival, monotonic ms: 1,000 of at most 2 h (F1). */
export type SeenEvents = Map<EventIdentity, number>

/** Adds an event; true if it is a duplicate. `now` is monotonic ms. */
export const noteEvent = (seen: SeenEvents, identity: EventIdentity, now: number): boolean => {
  const at = seen.get(identity)
  if (at !== undefined && now - at < keptMs) return true
  seen.delete(identity)
  seen.set(identity, now)
  // Oldest first: a map keeps the order of insertion.
  for (const [oldest, seenAt] of seen) {
    if (now - seenAt < keptMs && seen.size <= keptEvents) break
    seen.delete(oldest)
  }
  return false
}
