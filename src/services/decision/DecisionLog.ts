import { Clock, Context, Effect, Layer, PubSub, Stream } from "effect"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { type ExplainQuery, selectNewest } from "../../domain/decision/Explain.ts"
import { skipped } from "../../domain/decision/Decision.ts"
import { keepQuiet } from "../../domain/decision/DecisionRing.ts"
import { lastDecisions } from "../../domain/decision/KeptDecisions.ts"
import type { QuietDecision } from "../../domain/decision/QuietDecision.ts"
import { type ChannelKey, channelKey, type Username } from "../../domain/Ids.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { monotonicOf } from "../Time.ts"
import { type DecisionListener, DecisionListeners, traceListener } from "./DecisionListener.ts"
import {
  audienceOf,
  type DecisionAudience,
  type DecisionOpening,
  type DecisionRecorder,
  elapsedSince,
  makeDecisionRecorder
} from "./DecisionRecorder.ts"
import { makeDecisionTraces } from "./DecisionTrace.ts"

/** Records a reader of a stream may be behind: then it misses the oldest. */
const streamSize = 256

/** Channels searched before other work has its turn: at worst some ms. */
const atOnce = 32

/** What a quiet decision begins with. */
export interface QuietOpening extends DecisionOpening {
  readonly eventType: QuietDecision["eventType"]
  readonly username: Username
}

/** Every decision, step by step: kept per channel, told to its listeners and streamed as it happens (F12). */
export class DecisionLog extends Context.Service<DecisionLog, {
  readonly open: (opening: DecisionOpening) => DecisionRecorder
  /** Opens and closes the decision about a line that met no trigger's condition: no more is made than listeners want. */
  readonly closeQuiet: (opening: QuietOpening, figures: Pick<QuietDecision, "lines" | "unmet">) => void
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
      const traces = yield* makeDecisionTraces
      const run = Effect.runSyncWith(yield* Effect.context<never>())
      const published = yield* PubSub.sliding<DecisionRecord>(streamSize)
      const growing = yield* PubSub.sliding<DecisionRecord>(streamSize)

      // A sliding one never waits, so it can be run at once.
      const publish = (readers: PubSub.PubSub<DecisionRecord>, record: DecisionRecord): void => {
        if (!PubSub.publishUnsafe(readers, record)) run(PubSub.publish(readers, record))
      }
      // A record under way is copied for readers only: it grows in place.
      const grown = (record: DecisionRecord): void => {
        if (growing.subscribers.size > 0) publish(growing, { ...record, steps: [...record.steps] })
      }
      const streams: DecisionListener = {
        quiet: () => published.subscribers.size === 0 && growing.subscribers.size === 0,
        closed: ({ record }) => publish(published, record),
        delivered: ({ record }) => publish(published, record)
      }
      const listeners = [...(traces.exported ? [traceListener] : []), ...(yield* DecisionListeners), streams]
      const audience = audienceOf(listeners, grown)

      const keptOf = ({ channel }: DecisionOpening) => states.of(channelKey(channel)).decisions
      const open = (opening: DecisionOpening, to: DecisionAudience): DecisionRecorder =>
        makeDecisionRecorder(opening, { kept: keptOf(opening), trace: traces.open(opening), clock, audience: to })

      /** Those that are not done with the figures. */
      const wantsMore = (quiet: QuietDecision, now: number): ReadonlyArray<DecisionListener> =>
        listeners.filter((listener) => listener.quiet === undefined || !listener.quiet(quiet, now))

      const closeQuiet = (opening: QuietOpening, { lines, unmet }: Pick<QuietDecision, "lines" | "unmet">): void => {
        const { channel, correlationId, eventType, rank, username } = opening
        const now = monotonicOf(clock)
        const at = elapsedSince(opening.arrivedAt, now)
        const arrivedAt = opening.arrivedAt.wall
        const quiet = { correlationId, channel, eventType, username, rank, arrivedAt, lines, unmet, at }
        // The line's text is no figure.
        const others = opening.logContent ? listeners : wantsMore(quiet, now)
        if (others.length === 0) return keepQuiet(keptOf(opening).closed, quiet)
        const decision = open(opening, audienceOf(others, grown))
        if (lines !== undefined) decision.step({ _tag: "Context", lines, private: eventType === "pm" })
        for (const test of unmet.tests) decision.step({ _tag: "Trigger", ...test })
        decision.close(skipped("no_match"))
      }

      const recent = (channel: ChannelKey) => lastDecisions(states.of(channel).decisions)

      return DecisionLog.of({
        open: (opening) => open(opening, audience),
        closeQuiet,
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
        progress: Stream.fromPubSub(growing)
      })
    })
  )
}
