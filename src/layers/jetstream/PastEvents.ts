import type { ConsumerInfo, JsMsg } from "@nats-io/jetstream"
import { Clock, Effect } from "effect"
import type { ChannelKey } from "../../domain/Ids.ts"
import { eventsOf, streamName } from "../../domain/jetstream/StreamNames.ts"
import type { Partition } from "../../domain/ownership/Partition.ts"
import type { JetStreamSettings } from "../../domain/settings/JetStreamSettings.ts"
import { readStored } from "./StoredMessages.ts"

/** Events of one channel that are kept while it is still to open; the newest stay. */
const mostOfChannel = 2_000

/** The events of a partition that were delivered before it was opened here. */
export interface PastEvents {
  /** A channel's, oldest first; each is given once. */
  readonly take: (channel: ChannelKey) => ReadonlyArray<JsMsg>
}

/** Reads what a partition's consumer has delivered already: context, never a trigger (N2). */
export const readPast = Effect.fnUntraced(
  function*(
    { prefix, replay_seconds }: JetStreamSettings,
    partition: Partition,
    { delivered }: ConsumerInfo,
    channelOf: (message: JsMsg) => ChannelKey | undefined
  ) {
    const events = new Map<ChannelKey, Array<JsMsg>>()
    if (delivered.stream_seq > 0) {
      const since = (yield* Clock.currentTimeMillis) - replay_seconds * 1000
      const extent = {
        stream: streamName(prefix, "IN"),
        subject: eventsOf(prefix, partition),
        since,
        last: delivered.stream_seq
      }
      yield* readStored(extent, (message) => {
        const channel = channelOf(message)
        if (channel === undefined) return
        const kept = events.get(channel) ?? []
        events.set(channel, kept)
        kept.push(message)
        if (kept.length >= 2 * mostOfChannel) kept.splice(0, mostOfChannel)
      })
    }
    return {
      take: (channel) => {
        const kept = events.get(channel) ?? []
        events.delete(channel)
        return kept
      }
    } satisfies PastEvents
  }
)
