import { Effect } from "effect"
import type { EventType } from "../../domain/ChatEvent.ts"
import type { Content, DecisionRecord, Delivery, Outcome, Step } from "../../domain/decision/Decision.ts"
import {
  type DecisionLogLine,
  deliveryLogLine,
  outcomeLogLine,
  stepLogLine
} from "../../domain/decision/DecisionLogLine.ts"
import type { ChannelName, CorrelationId, Username } from "../../domain/Ids.ts"
import type { TracedMessage } from "../../domain/telemetry/TraceContext.ts"
import { countOutcome, countStep } from "./DecisionMetrics.ts"
import { type DecisionTrace, openDecisionTrace } from "./DecisionTrace.ts"
import type { LogSampler } from "../telemetry/LogSampling.ts"
import { type ClockReading, monotonicOf } from "../Time.ts"

/** A step as its maker knows it: the log adds the time since arrival. */
export type NewStep = Step extends infer S ? S extends Step ? Omit<S, "at"> : never : never

/** What a decision begins with. */
export interface DecisionOpening {
  readonly correlationId: CorrelationId
  readonly channel: ChannelName
  readonly eventType: Extract<EventType, "chatMsg" | "pm" | "changeMedia"> | "contextual"
  readonly username: Username | undefined
  readonly rank: number | undefined
  readonly arrivedAt: ClockReading
  /** The message as NATS brought it; absent where none did. */
  readonly message: TracedMessage | undefined
  /** The line's text; kept only when `logContent`. */
  readonly line: string
  readonly logContent: boolean
}

/** The decision about one event while it is made. */
export interface Decision {
  readonly correlationId: CorrelationId
  readonly arrivedAt: ClockReading
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
export interface Cell {
  record: DecisionRecord
}

/** The record of a decision as it begins. */
export const begun = (opening: DecisionOpening): DecisionRecord => ({
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

/** Who is told of a record while it grows. */
export interface DecisionReaders {
  readonly grown: (record: DecisionRecord) => Effect.Effect<void>
  readonly closed: (record: DecisionRecord) => Effect.Effect<void>
  readonly sampler: LogSampler
}

/** A flood of refusals is one story: repeats of a reason are sampled. */
const writeOutcome = (
  outcome: Outcome,
  record: DecisionRecord,
  about: Fields,
  sampler: LogSampler
): Effect.Effect<void> => {
  const line = outcomeLogLine(outcome, record)
  return line === undefined || outcome._tag !== "Skipped"
    ? write(line, about)
    : sampler(outcome.reason, (leftOut) => write(line, { ...about, ...leftOut }))
}

/** What the maker of a decision has in hand: each step is kept, counted, traced and logged at once. */
const decisionOn = (
  cell: Cell,
  { arrivedAt, correlationId }: DecisionOpening,
  trace: DecisionTrace,
  about: Fields,
  readers: DecisionReaders
): Decision => {
  const grow = (change: Partial<DecisionRecord>): Effect.Effect<void> => {
    cell.record = { ...cell.record, ...change }
    return readers.grown(cell.record)
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
    content: (content) => keepContent(content, Effect.andThen(trace.content(content), writeContent(content, about))),
    answering: (answer) => keepContent({ answer }, Effect.void),
    close: (outcome) =>
      timed((at) => {
        const record = { ...cell.record, outcome }
        cell.record = record
        trace.close(outcome, at)
        const told = Effect.andThen(
          countOutcome(record, outcome, at),
          writeOutcome(outcome, record, about, readers.sampler)
        )
        return Effect.andThen(told, readers.closed(record))
      }),
    deliver: (delivery) =>
      Effect.suspend(() => {
        cell.record = { ...cell.record, delivery }
        return Effect.andThen(write(deliveryLogLine(delivery), about), readers.closed(cell.record))
      })
  }
}

/** Opens a decision on a record: its trace begins, and the log tells of the event. */
export const openDecision = Effect.fnUntraced(
  function*(cell: Cell, opening: DecisionOpening, readers: DecisionReaders) {
    const { content } = cell.record
    const trace = yield* openDecisionTrace(opening)
    const about = { ...fieldsOf(cell.record), ...trace.fields }
    yield* Effect.annotateLogs(Effect.logDebug("Event received"), about)
    if (content !== undefined) yield* Effect.andThen(trace.content(content), writeContent(content, about))
    return decisionOn(cell, opening, trace, about, readers)
  }
)
