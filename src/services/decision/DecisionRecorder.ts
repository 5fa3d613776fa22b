import type { Clock } from "effect"
import type { DecisionCell } from "../../domain/ChannelState.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { Content, DecisionRecord, Delivery, Outcome, Step } from "../../domain/decision/Decision.ts"
import type { ChannelName, CorrelationId, Username } from "../../domain/Ids.ts"
import type { TracedMessage } from "../../domain/telemetry/TraceContext.ts"
import { monotonicOf } from "../Time.ts"
import type { DecisionListener, OpenDecision } from "./DecisionListener.ts"
import type { DecisionTrace } from "./DecisionTrace.ts"

/** A step as its maker knows it: the recorder adds the time since arrival. */
export type NewStep = Step extends infer S ? S extends Step ? Omit<S, "at"> : never : never

/** What a decision begins with. */
export interface DecisionOpening {
  readonly correlationId: CorrelationId
  readonly channel: ChannelName
  readonly eventType: DecisionRecord["eventType"]
  readonly username: Username | undefined
  readonly rank: number | undefined
  readonly arrivedAt: ClockReading
  /** The message from NATS; absent where no message began the decision. */
  readonly message: TracedMessage | undefined
  /** The line's text; kept only when `logContent`. */
  readonly line: string
  readonly logContent: boolean
}

/** Records the decision about one event while it is made; every listener hears of it at once (F12). */
export interface DecisionRecorder {
  readonly correlationId: CorrelationId
  readonly arrivedAt: ClockReading
  readonly step: (step: NewStep) => void
  /** Adds texts to the record where content may be kept, else does nothing. */
  readonly content: (content: Omit<Content, "line">) => void
  /** The model's answer so far, where content may be kept: shown while it grows, never logged. */
  readonly answering: (answer: string) => void
  readonly close: (outcome: Outcome) => void
  /** Runs something as part of the decision's trace: its log lines name it, its spans stand below it. */
  readonly within: DecisionTrace["within"]
  /** Amends the closed record with what became of the reply (F8). */
  readonly deliver: (delivery: Delivery) => void
}

/** The record of a decision as it begins. */
export const openingRecord = (opening: DecisionOpening): DecisionRecord => ({
  correlationId: opening.correlationId,
  channel: opening.channel,
  eventType: opening.eventType,
  ...(opening.username === undefined ? {} : { username: opening.username }),
  ...(opening.rank === undefined ? {} : { rank: opening.rank }),
  arrivedAt: opening.arrivedAt.wall,
  steps: [],
  ...(opening.logContent ? { content: { line: opening.line } } : {})
})

/** A recorder's dependencies. */
export interface RecorderParts {
  readonly cell: DecisionCell
  readonly trace: DecisionTrace
  readonly clock: Clock.Clock
  readonly listeners: ReadonlyArray<DecisionListener>
  /** Called each time the record has grown. */
  readonly grown: (record: DecisionRecord) => void
}

/** Begins to record a decision: every listener hears that it is open. */
export const makeDecisionRecorder = (opening: DecisionOpening, parts: RecorderParts): DecisionRecorder => {
  const { cell, clock, grown, listeners, trace } = parts
  const { arrivedAt, correlationId } = opening
  const open: OpenDecision = { arrivedAt, trace, record: () => cell.record }
  const elapsed = (): number => Math.max(0, monotonicOf(clock) - arrivedAt.monotonic)
  // Grown in place: this runs at each step of each event.
  const steps: Array<Step> = []
  cell.record = { ...cell.record, steps }
  const grow = (content: Content): void => {
    cell.record = { ...cell.record, content }
    grown(cell.record)
  }
  const tell = (call: (listener: DecisionListener) => void): void => {
    for (const listener of listeners) call(listener)
  }
  const tellContent = (added: Partial<Content>): void => tell((listener) => listener.content?.(open, added))

  tell((listener) => listener.opened?.(open))
  if (cell.record.content !== undefined) tellContent(cell.record.content)
  return {
    correlationId,
    arrivedAt,
    within: trace.within,
    step: (made) => {
      const step: Step = { ...made, at: elapsed() }
      steps.push(step)
      grown(cell.record)
      tell((listener) => listener.step?.(open, step))
    },
    content: (added) => {
      const { content } = cell.record
      if (content === undefined) return
      grow({ ...content, ...added })
      tellContent(added)
    },
    answering: (answer) => {
      const { content } = cell.record
      if (content !== undefined) grow({ ...content, answer })
    },
    close: (outcome) => {
      cell.record = { ...cell.record, outcome }
      const atMs = elapsed()
      tell((listener) => listener.closed?.(open, outcome, atMs))
    },
    deliver: (delivery) => {
      cell.record = { ...cell.record, delivery }
      tell((listener) => listener.delivered?.(open, delivery))
    }
  }
}
