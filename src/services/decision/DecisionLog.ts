import { Clock, Context, Effect, Layer, PubSub, Stream } from "effect"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { type ExplainQuery, selectNewest } from "../../domain/decision/Explain.ts"
import { lastDecisions } from "../../domain/decision/KeptDecisions.ts"
import { type ChannelKey, channelKey } from "../../domain/Ids.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { type DecisionListener, DecisionListeners, traceListener } from "./DecisionListener.ts"
import { audienceOf, type DecisionOpening, type DecisionRecorder, makeDecisionRecorder } from "./DecisionRecorder.ts"
import { makeTraceOpener } from "./DecisionTrace.ts"

/** Records a reader of a stream may be behind: then it misses the oldest. */
const streamSize = 256

/** Channels searched before other work has its turn: at worst some ms. */
const atOnce = 32

/** Every decision, step by step: kept per channel, told to its listeners and streamed as it happens (F12). */
export class DecisionLog extends Context.Service<DecisionLog, {
  readonly open: (opening: DecisionOpening) => DecisionRecorder
  /** A channel's last decisions, oldest first. */
  readonly recent: (channel: ChannelKey) => Effect.Effect<ReadonlyArray<DecisionRecord>>
  /** The newest decisions that match a request, oldest first. Other work goes on between the channels. */
  readonly select: (query: ExplainQuery) => Effect.Effect<ReadonlyArray<DecisionRecord>>
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
        closed: ({ record }) => publish(published, record),
        delivered: ({ record }) => publish(published, record)
      }
      const audience = audienceOf([traceListener, ...(yield* DecisionListeners), streams], grown)

      const recent = (channel: ChannelKey) => lastDecisions(states.of(channel).decisions)

      return DecisionLog.of({
        open: (opening) =>
          makeDecisionRecorder(opening, {
            kept: states.of(channelKey(opening.channel)).decisions,
            trace: openTrace(opening),
            clock,
            audience
          }),
        recent: (channel) => Effect.sync(() => recent(channel)),
        select: Effect.fnUntraced(function*(query) {
          const asked = query.channel === undefined ? undefined : channelKey(query.channel)
          const channels = states.all().filter(({ key }) => asked === undefined || key === asked)
          let newest: ReadonlyArray<DecisionRecord> = []
          for (const [index, { decisions }] of channels.entries()) {
            if (index % atOnce === atOnce - 1) yield* Effect.yieldNow
            newest = selectNewest(newest, (since) => lastDecisions(decisions, since), query)
          }
          return newest
        }),
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
