import { Context, Effect, Layer, PubSub, Stream } from "effect"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { type ChannelKey, channelKey } from "../../domain/Ids.ts"
import { makeLogSampler } from "../telemetry/LogSampling.ts"
import { begun, type Cell, type Decision, type DecisionOpening, openDecision } from "./DecisionRecorder.ts"

/** How many decisions of a channel are kept. */
const ringSize = 200

/** Told of every decision when it closes and again when delivery amends it, none left out: for whoever takes it all down. */
export const DecisionSink = Context.Reference<(record: DecisionRecord) => Effect.Effect<void>>("llm-bot/DecisionSink", {
  defaultValue: () => () => Effect.void
})

/** Every decision, step by step: kept per channel, logged, counted and streamed as it happens (F12). */
export class DecisionLog extends Context.Service<DecisionLog, {
  readonly open: (opening: DecisionOpening) => Effect.Effect<Decision>
  /** A channel's last decisions, oldest first. */
  readonly recent: (channel: ChannelKey) => Effect.Effect<ReadonlyArray<DecisionRecord>>
  /** The last decisions of every channel, each channel's oldest first. */
  readonly all: Effect.Effect<ReadonlyArray<DecisionRecord>>
  /** Every record when it closes and again when delivery amends it; a slow reader misses the oldest. */
  readonly changes: Stream.Stream<DecisionRecord>
  /** A channel's last decisions, then the changes of all channels, without a gap between. */
  readonly follow: (channel: ChannelKey) => Stream.Stream<DecisionRecord>
  /** Every record under way each time it grows; a slow reader misses the oldest. */
  readonly progress: Stream.Stream<DecisionRecord>
  /** Forgets a channel's decisions. */
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/DecisionLog") {
  static readonly layer = Layer.effect(
    DecisionLog,
    Effect.gen(function*() {
      // One ring of `ringSize` a configured channel.
      const rings = new Map<ChannelKey, Array<Cell>>()
      const published = yield* PubSub.sliding<DecisionRecord>(256)
      const growing = yield* PubSub.sliding<DecisionRecord>(256)

      const keep = (record: DecisionRecord): Cell => {
        const key = channelKey(record.channel)
        const ring = rings.get(key) ?? []
        const cell = { record }
        ring.push(cell)
        if (ring.length > ringSize) ring.shift()
        rings.set(key, ring)
        return cell
      }

      // Most of the time nobody reads along, or there is room.
      const tell = (readers: PubSub.PubSub<DecisionRecord>) => (record: DecisionRecord): Effect.Effect<void> =>
        PubSub.publishUnsafe(readers, record) ? Effect.void : Effect.asVoid(PubSub.publish(readers, record))
      const sink = yield* DecisionSink
      const publish = tell(published)
      const readers = {
        grown: tell(growing),
        closed: (record: DecisionRecord) => Effect.andThen(sink(record), publish(record)),
        sampler: makeLogSampler()
      }

      const recent = (channel: ChannelKey) => (rings.get(channel) ?? []).map(({ record }) => record)

      return DecisionLog.of({
        open: (opening) => Effect.suspend(() => openDecision(keep(begun(opening)), opening, readers)),
        recent: (channel) => Effect.sync(() => recent(channel)),
        all: Effect.sync(() => [...rings.keys()].flatMap(recent)),
        follow: (channel) =>
          Stream.unwrap(
            Effect.map(PubSub.subscribe(published), (subscription) =>
              Stream.concat(Stream.fromIterable(recent(channel)), Stream.fromSubscription(subscription)))
          ),
        changes: Stream.fromPubSub(published),
        progress: Stream.fromPubSub(growing),
        forget: (channel) => Effect.sync(() => void rings.delete(channel))
      })
    })
  )
}
