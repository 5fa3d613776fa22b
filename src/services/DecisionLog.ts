import { Context, Effect, Layer, PubSub, Stream } from "effect"
import type { EventType } from "../domain/ChatEvent.ts"
import type { Content, DecisionRecord, Delivery, Outcome, Step } from "../domain/Decision.ts"
import { type DecisionLogLine, outcomeLogLine, stepLogLine } from "../domain/DecisionLogLine.ts"
import { type ChannelKey, channelKey, type ChannelName, type CorrelationId, type Username } from "../domain/Ids.ts"
import { countOutcome, countStep } from "./DecisionMetrics.ts"
import { makeLogSampler } from "./LogSampling.ts"
import { type Moment, monotonicMillis } from "./Moment.ts"

/** How many decisions of a channel are kept. */
const ringSize = 200

/** A step as its maker knows it: the log adds the time since arrival. */
export type NewStep = Step extends infer S ? S extends Step ? Omit<S, "at"> : never : never

/** What a decision begins with. */
export interface DecisionOpening {
  readonly correlationId: CorrelationId
  readonly channel: ChannelName
  readonly eventType: Extract<EventType, "chatMsg" | "pm" | "changeMedia"> | "contextual"
  readonly username: Username | undefined
  readonly rank: number | undefined
  readonly arrivedAt: Moment
  /** The line's text; kept only when `logContent`. */
  readonly line: string
  readonly logContent: boolean
}

/** The decision about one event while it is made. */
export interface Decision {
  readonly correlationId: CorrelationId
  readonly arrivedAt: Moment
  readonly step: (step: NewStep) => Effect.Effect<void>
  /** Adds texts to the record where content may be kept, else does nothing. */
  readonly content: (content: Omit<Content, "line">) => Effect.Effect<void>
  readonly close: (outcome: Outcome) => Effect.Effect<void>
  /** Amends the closed record with what became of the reply (F8). */
  readonly deliver: (delivery: Delivery) => Effect.Effect<void>
}

const write = (line: DecisionLogLine | undefined): Effect.Effect<void> => {
  if (line === undefined) return Effect.void
  return Effect.annotateLogs(Effect.logWithLevel(line.level)(line.message), line.fields)
}

/** Every decision, step by step: kept per channel, logged, counted and streamed as it happens (F12). */
export class DecisionLog extends Context.Service<DecisionLog, {
  readonly open: (opening: DecisionOpening) => Effect.Effect<Decision>
  /** A channel's last decisions, oldest first. */
  readonly recent: (channel: ChannelKey) => Effect.Effect<ReadonlyArray<DecisionRecord>>
  /** Every record when it closes and again when delivery amends it; a slow reader misses the oldest. */
  readonly changes: Stream.Stream<DecisionRecord>
  /** A channel's last decisions, then the changes of all channels, without a gap between. */
  readonly follow: (channel: ChannelKey) => Stream.Stream<DecisionRecord>
  /** Forgets a channel's decisions. */
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/DecisionLog") {
  static readonly layer = Layer.effect(DecisionLog, Effect.gen(function*() {
    // One ring of `ringSize` a configured channel.
    const rings = new Map<ChannelKey, Array<{ record: DecisionRecord }>>()
    const sampler = makeLogSampler()
    const published = yield* PubSub.sliding<DecisionRecord>(256)

    const keep = (record: DecisionRecord): { record: DecisionRecord } => {
      const key = channelKey(record.channel)
      const ring = rings.get(key) ?? []
      const cell = { record }
      ring.push(cell)
      if (ring.length > ringSize) ring.shift()
      rings.set(key, ring)
      return cell
    }

    const open = Effect.fnUntraced(function*(opening: DecisionOpening) {
      const { arrivedAt, channel, correlationId, eventType, rank, username } = opening
      const cell = keep({
        correlationId,
        channel,
        eventType,
        ...(username === undefined ? {} : { username }),
        ...(rank === undefined ? {} : { rank }),
        arrivedAt: arrivedAt.wall,
        steps: [],
        ...(opening.logContent ? { content: { line: opening.line } } : {})
      })
      const about = Effect.annotateLogs({
        correlation_id: correlationId,
        channel,
        event_type: eventType,
        ...(username === undefined ? {} : { username })
      })
      yield* about(Effect.logDebug("Event received"))
      const decision: Decision = {
        correlationId,
        arrivedAt,
        step: Effect.fnUntraced(function*(step: NewStep) {
          const at = Math.max(0, (yield* monotonicMillis) - arrivedAt.monotonic)
          const timed: Step = { ...step, at }
          cell.record = { ...cell.record, steps: [...cell.record.steps, timed] }
          yield* countStep(cell.record, timed)
          yield* about(write(stepLogLine(timed)))
        }),
        content: (content) =>
          Effect.sync(() => {
            if (cell.record.content !== undefined) {
              cell.record = { ...cell.record, content: { ...cell.record.content, ...content } }
            }
          }),
        close: Effect.fnUntraced(function*(outcome: Outcome) {
          cell.record = { ...cell.record, outcome }
          yield* countOutcome(cell.record, outcome, (yield* monotonicMillis) - arrivedAt.monotonic)
          const line = outcomeLogLine(outcome, cell.record)
          // A flood of refusals is one story: repeats of a reason are sampled.
          yield* line === undefined || outcome._tag !== "Skipped"
            ? about(write(line))
            : sampler(outcome.reason, (leftOut) =>
              about(write({ ...line, fields: { ...line.fields, ...leftOut } })))
          yield* PubSub.publish(published, cell.record)
        }),
        deliver: Effect.fnUntraced(function*(delivery: Delivery) {
          cell.record = { ...cell.record, delivery }
          if (delivery._tag === "Unconfirmed") {
            yield* about(write({ level: "Warn", message: "Delivery unconfirmed", fields: { reason: delivery.cause } }))
          }
          yield* PubSub.publish(published, cell.record)
        })
      }
      return decision
    })

    const recent = (channel: ChannelKey) => (rings.get(channel) ?? []).map(({ record }) => record)

    return DecisionLog.of({
      open,
      recent: (channel) => Effect.sync(() => recent(channel)),
      follow: (channel) =>
        Stream.unwrap(Effect.map(PubSub.subscribe(published), (subscription) =>
          Stream.concat(Stream.fromIterable(recent(channel)), Stream.fromSubscription(subscription)))),
      changes: Stream.fromPubSub(published),
      forget: (channel) => Effect.sync(() => void rings.delete(channel))
    })
  }))
}
