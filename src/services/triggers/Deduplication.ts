import { Context, Effect, Layer } from "effect"
import type { ChannelKey, EventIdentity } from "../../domain/Ids.ts"

const keptEvents = 1_000
const keptMs = 2 * 3_600_000

/** The identities of each channel's last events: 1,000 of at most 2 h (F1). */
export class Deduplication extends Context.Service<Deduplication, {
  /** Notes an event and says whether it was there before. `now` is monotonic ms. */
  readonly note: (channel: ChannelKey, identity: EventIdentity, now: number) => Effect.Effect<boolean>
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/SeenEvents") {
  static readonly layer = Layer.sync(Deduplication, () => {
    // One map a configured channel, oldest first.
    const channels = new Map<ChannelKey, Map<EventIdentity, number>>()

    const note = (channel: ChannelKey, identity: EventIdentity, now: number): boolean => {
      const seen = channels.get(channel) ?? new Map<EventIdentity, number>()
      channels.set(channel, seen)
      const at = seen.get(identity)
      if (at !== undefined && now - at < keptMs) return true
      seen.delete(identity)
      seen.set(identity, now)
      for (const [oldest, seenAt] of seen) {
        if (now - seenAt < keptMs && seen.size <= keptEvents) break
        seen.delete(oldest)
      }
      return false
    }

    return Deduplication.of({
      note: (channel, identity, now) => Effect.sync(() => note(channel, identity, now)),
      forget: (channel) => Effect.sync(() => void channels.delete(channel))
    })
  })
}
