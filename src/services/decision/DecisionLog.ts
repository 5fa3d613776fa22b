import { Clock, Context, Effect, Layer, PubSub, Stream } from "effect"
import { type ChannelState, keepDecision } from "../../domain/ChannelState.ts"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { type ChannelKey, channelKey } from "../../domain/Ids.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { type DecisionListener, DecisionListeners, traceListener } from "./DecisionListener.ts"
import { type DecisionOpening, type DecisionRecorder, makeDecisionRecorder, openingRecord } from "./DecisionRecorder.ts"
import { makeTraceOpener } from "./DecisionTrace.ts"

/** Records a reader of a stream may be behind: then it misses the oldest. */
const streamSize = 256

/** Every decision, step by step: kept per channel, told to its listeners and streamed as it happens (F12). */
export class DecisionLog extends Context.Service<DecisionLog, {
  readonly open: (opening: DecisionOpening) => DecisionRecorder
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
}>()("llm-bot/DecisionLog") {
  static readonly layerNoDeps = Layer.effect(
    DecisionLog,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const clock = yield* Clock.Clock
      const openTrace = yield* makeTraceOpener
      const run = Effect.runSyncWith(yield* Effect.context<never>())
      const published = yield* PubSub.sliding<DecisionRecord>(streamSize)
      const growing = yield* PubSub.sliding<DecisionRecord>(streamSize)

      // A sliding one never waits, so it can be run at once.
      const publish = (readers: PubSub.PubSub<DecisionRecord>, record: DecisionRecord): void => {
        if (!PubSub.publishUnsafe(readers, record)) run(PubSub.publish(readers, record))
      }
      // A record under way is copied for readers only: it grows in place.
      let progressReaders = 0
      const grown = (record: DecisionRecord): void => {
        if (progressReaders > 0) publish(growing, { ...record, steps: [...record.steps] })
      }
      const streams: DecisionListener = {
        closed: ({ record }) => publish(published, record()),
        delivered: ({ record }) => publish(published, record())
      }
      const listeners = [traceListener, ...(yield* DecisionListeners), streams]

      const recordsOf = ({ decisions }: ChannelState) => decisions.map(({ record }) => record)
      const recent = (channel: ChannelKey) => recordsOf(states.of(channel))

      return DecisionLog.of({
        open: (opening) => {
          const cell = keepDecision(states.of(channelKey(opening.channel)), openingRecord(opening))
          return makeDecisionRecorder(opening, { cell, trace: openTrace(opening), clock, listeners, grown })
        },
        recent: (channel) => Effect.sync(() => recent(channel)),
        all: Effect.sync(() => states.all().flatMap(recordsOf)),
        follow: (channel) =>
          Stream.unwrap(
            Effect.map(PubSub.subscribe(published), (subscription) =>
              Stream.concat(Stream.fromIterable(recent(channel)), Stream.fromSubscription(subscription)))
          ),
        changes: Stream.fromPubSub(published),
        progress: Stream.unwrap(Effect.sync(() => {
          progressReaders++
          return Stream.fromPubSub(growing)
        })).pipe(Stream.ensuring(Effect.sync(() => void progressReaders--)))
      })
    })
  )
}
