import { Context, Effect, Layer, PubSub, Stream } from "effect"
import type { EventType } from "../domain/ChatEvent.ts"
import type { Content, DecisionRecord, Delivery, Outcome, Step } from "../domain/Decision.ts"
import { type DecisionLogLine, deliveryLogLine, outcomeLogLine, stepLogLine } from "../domain/DecisionLogLine.ts"
import { type ChannelKey, channelKey, type ChannelName, type CorrelationId, type Username } from "../domain/Ids.ts"
import type { TracedMessage } from "../domain/telemetry/TraceContext.ts"
import { countOutcome, countStep } from "./DecisionMetrics.ts"
import { type DecisionTrace, openDecisionTrace } from "./DecisionTrace.ts"
import { makeLogSampler } from "./LogSampling.ts"
import { type Moment, monotonicOf } from "./Moment.ts"

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
  /** The message as NATS brought it; absent where none did. */
  readonly message: TracedMessage | undefined
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
  /** The model's answer so far, where content may be kept: shown while it grows, never logged. */
  readonly answering: (answer: string) => Effect.Effect<void>
  readonly close: (outcome: Outcome) => Effect.Effect<void>
  /** Runs something as part of the decision's trace: its log lines name it, its spans stand below it. */
  readonly within: DecisionTrace["within"]
  /** Amends the closed record with what became of the reply (F8). */
  readonly deliver: (delivery: Delivery) => Effect.Effect<void>
}

type Fields = Readonly<Record<string, unknown>>

const write = (line: DecisionLogLine | undefined, about: Fields): Effect.Effect<void> => {
  if (line === undefined) return Effect.void
  return Effect.annotateLogs(Effect.logWithLevel(line.level)(line.message), { ...about, ...line.fields })
}

/** The only place where texts of people, prompts and replies are logged: there, where they may be kept at all (N4). */
const writeContent = (content: Partial<Content>, about: Fields): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logDebug("Content"), { ...about, ...content })

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
  static readonly layer = Layer.effect(DecisionLog, Effect.gen(function*() {
    // One ring of `ringSize` a configured channel.
    const rings = new Map<ChannelKey, Array<Cell>>()
    const sampler = makeLogSampler()
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
    const publish = (to: PubSub.PubSub<DecisionRecord>, record: DecisionRecord): Effect.Effect<unknown> =>
      PubSub.publishUnsafe(to, record) ? Effect.void : PubSub.publish(to, record)

    /** What the maker of a decision has in hand: each step is kept, counted and logged at once. */
    const decisionOn = (cell: Cell, { arrivedAt, correlationId }: DecisionOpening, trace: DecisionTrace): Decision => {
      const about = { ...fieldsOf(cell.record), ...trace.fields }
      const grow = (change: Partial<DecisionRecord>): Effect.Effect<unknown> => {
        cell.record = { ...cell.record, ...change }
        return publish(growing, cell.record)
      }
      const keepContent = (added: Omit<Content, "line">, tell: Effect.Effect<void>): Effect.Effect<void> =>
        Effect.suspend(() => {
          const { content } = cell.record
          return content === undefined ? Effect.void : Effect.andThen(grow({ content: { ...content, ...added } }), tell)
        })
      /** With the ms since the arrival. This runs at each step of each event, so it is kept lean. */
      const timed = (make: (at: number) => Effect.Effect<void>): Effect.Effect<void> =>
        Effect.clockWith((clock) => make(Math.max(0, monotonicOf(clock) - arrivedAt.monotonic)))
      return {
        correlationId,
        arrivedAt,
        within: trace.within,
        step: (step) =>
          timed((at) => {
            const taken: Step = { ...step, at }
            const grown = grow({ steps: [...cell.record.steps, taken] })
            trace.step(taken)
            const told = Effect.andThen(countStep(cell.record, taken), write(stepLogLine(taken, cell.record), about))
            return Effect.andThen(grown, told)
          }),
        content: (content) =>
          keepContent(content, Effect.andThen(trace.content(content), writeContent(content, about))),
        answering: (answer) => keepContent({ answer }, Effect.void),
        close: (outcome) =>
          timed((at) => {
            cell.record = { ...cell.record, outcome }
            trace.close(outcome, at)
            const told = Effect.andThen(countOutcome(cell.record, outcome, at), writeOutcome(outcome, cell.record, about))
            return Effect.andThen(told, Effect.suspend(() => publish(published, cell.record)))
          }),
        deliver: (delivery) =>
          Effect.suspend(() => {
            cell.record = { ...cell.record, delivery }
            return Effect.andThen(write(deliveryLogLine(delivery), about), publish(published, cell.record))
          })
      }
    }

    /** A flood of refusals is one story: repeats of a reason are sampled. */
    const writeOutcome = (outcome: Outcome, record: DecisionRecord, about: Fields): Effect.Effect<void> => {
      const line = outcomeLogLine(outcome, record)
      return line === undefined || outcome._tag !== "Skipped"
        ? write(line, about)
        : sampler(outcome.reason, (leftOut) => write(line, { ...about, ...leftOut }))
    }

    const open = Effect.fnUntraced(function*(opening: DecisionOpening) {
      const cell = keep(opened(opening))
      const { content } = cell.record
      const trace = yield* openDecisionTrace(opening)
      const about = { ...fieldsOf(cell.record), ...trace.fields }
      yield* Effect.annotateLogs(Effect.logDebug("Event received"), about)
      if (content !== undefined) yield* Effect.andThen(trace.content(content), writeContent(content, about))
      return decisionOn(cell, opening, trace)
    })

    const recent = (channel: ChannelKey) => (rings.get(channel) ?? []).map(({ record }) => record)

    return DecisionLog.of({
      open,
      recent: (channel) => Effect.sync(() => recent(channel)),
      all: Effect.sync(() => [...rings.keys()].flatMap(recent)),
      follow: (channel) =>
        Stream.unwrap(Effect.map(PubSub.subscribe(published), (subscription) =>
          Stream.concat(Stream.fromIterable(recent(channel)), Stream.fromSubscription(subscription)))),
      changes: Stream.fromPubSub(published),
      progress: Stream.fromPubSub(growing),
      forget: (channel) => Effect.sync(() => void rings.delete(channel))
    })
  }))
}
