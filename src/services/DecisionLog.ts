import { Context, Effect, Layer, PubSub, Stream } from "effect"
import type { EventType } from "../domain/ChatEvent.ts"
import type { Content, DecisionRecord, Delivery, Outcome, Step } from "../domain/Decision.ts"
import { type DecisionLogLine, deliveryLogLine, outcomeLogLine, stepLogLine } from "../domain/DecisionLogLine.ts"
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

/** The only place where texts of people, prompts and replies are logged: there, where they may be kept at all (N4). */
const writeContent = (content: Partial<Content>): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logDebug("Content"), content)

/** Where a record stands while it grows. */
interface Cell {
  record: DecisionRecord
}

/** A record as it begins. */
const opened = (opening: DecisionOpening): DecisionRecord => ({
  correlationId: opening.correlationId,
  channel: opening.channel,
  eventType: opening.eventType,
  ...(opening.username === undefined ? {} : { username: opening.username }),
  ...(opening.rank === undefined ? {} : { rank: opening.rank }),
  arrivedAt: opening.arrivedAt.wall,
  steps: [],
  ...(opening.logContent ? { content: { line: opening.line } } : {})
})

/** What every line about a decision names. */
const fieldsOf = ({ channel, correlationId, eventType, username }: DecisionRecord) => ({
  correlation_id: correlationId,
  channel,
  event_type: eventType,
  ...(username === undefined ? {} : { username })
})

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
    const rings = new Map<ChannelKey, Array<Cell>>()
    const sampler = makeLogSampler()
    const published = yield* PubSub.sliding<DecisionRecord>(256)

    const keep = (record: DecisionRecord): Cell => {
      const key = channelKey(record.channel)
      const ring = rings.get(key) ?? []
      const cell = { record }
      ring.push(cell)
      if (ring.length > ringSize) ring.shift()
      rings.set(key, ring)
      return cell
    }

    /** What the maker of a decision has in hand: each step is kept, counted and logged at once. */
    const decisionOn = (cell: Cell, { arrivedAt, correlationId }: DecisionOpening): Decision => {
      const about = Effect.annotateLogs(fieldsOf(cell.record))
      const elapsed = Effect.map(monotonicMillis, (now) => Math.max(0, now - arrivedAt.monotonic))
      const publish = Effect.suspend(() => PubSub.publish(published, cell.record))
      return {
        correlationId,
        arrivedAt,
        step: Effect.fnUntraced(function*(step: NewStep) {
          const timed: Step = { ...step, at: yield* elapsed }
          cell.record = { ...cell.record, steps: [...cell.record.steps, timed] }
          yield* countStep(cell.record, timed)
          yield* write(stepLogLine(timed, cell.record))
        }, about),
        content: Effect.fnUntraced(function*(content: Omit<Content, "line">) {
          if (cell.record.content === undefined) return
          cell.record = { ...cell.record, content: { ...cell.record.content, ...content } }
          yield* writeContent(content)
        }, about),
        close: Effect.fnUntraced(function*(outcome: Outcome) {
          cell.record = { ...cell.record, outcome }
          yield* countOutcome(cell.record, outcome, yield* elapsed)
          yield* writeOutcome(outcome, cell.record)
          yield* publish
        }, about),
        deliver: Effect.fnUntraced(function*(delivery: Delivery) {
          cell.record = { ...cell.record, delivery }
          yield* write(deliveryLogLine(delivery))
          yield* publish
        }, about)
      }
    }

    /** A flood of refusals is one story: repeats of a reason are sampled. */
    const writeOutcome = (outcome: Outcome, record: DecisionRecord): Effect.Effect<void> => {
      const line = outcomeLogLine(outcome, record)
      return line === undefined || outcome._tag !== "Skipped"
        ? write(line)
        : sampler(outcome.reason, (leftOut) => write({ ...line, fields: { ...line.fields, ...leftOut } }))
    }

    const open = Effect.fnUntraced(function*(opening: DecisionOpening) {
      const cell = keep(opened(opening))
      const { content } = cell.record
      yield* Effect.annotateLogs(
        Effect.andThen(Effect.logDebug("Event received"), content === undefined ? Effect.void : writeContent(content)),
        fieldsOf(cell.record)
      )
      return decisionOn(cell, opening)
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
