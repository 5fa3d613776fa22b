import type { Clock, Effect } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import {
  type Content,
  type DecisionRecord,
  type Delivery,
  internalError,
  type Outcome,
  type Step
} from "../../domain/decision/Decision.ts"
import { amendRecord } from "../../domain/decision/DecisionRing.ts"
import {
  beginDecision,
  type DecisionUnderWay,
  endDecision,
  type KeptDecisions
} from "../../domain/decision/KeptDecisions.ts"
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

/** Does a part of a decision; a defect still closes it, and goes on to whoever handles the event. */
export const closing = <A>(decision: DecisionRecorder, act: () => A): A => {
  try {
    return act()
  } catch (defect) {
    decision.close(internalError)
    throw defect
  }
}

/** What a recorder tells of its decision, in the order of its listeners. */
export interface DecisionAudience {
  readonly opened: ReadonlyArray<NonNullable<DecisionListener["opened"]>>
  readonly step: ReadonlyArray<NonNullable<DecisionListener["step"]>>
  readonly content: ReadonlyArray<NonNullable<DecisionListener["content"]>>
  readonly closed: ReadonlyArray<NonNullable<DecisionListener["closed"]>>
  readonly delivered: ReadonlyArray<NonNullable<DecisionListener["delivered"]>>
  /** Called each time the record has grown. */
  readonly grown: (record: DecisionRecord) => void
}

/** Who listens to what: most want little of it. */
export const audienceOf = (
  listeners: ReadonlyArray<DecisionListener>,
  grown: DecisionAudience["grown"]
): DecisionAudience => ({
  opened: listeners.flatMap(({ opened }) => opened ?? []),
  step: listeners.flatMap(({ step }) => step ?? []),
  content: listeners.flatMap(({ content }) => content ?? []),
  closed: listeners.flatMap(({ closed }) => closed ?? []),
  delivered: listeners.flatMap(({ delivered }) => delivered ?? []),
  grown
})

/** A recorder's dependencies. */
export interface RecorderParts {
  /** Where the channel's decisions are kept. */
  readonly kept: KeptDecisions
  readonly trace: DecisionTrace
  readonly clock: Clock.Clock
  readonly audience: DecisionAudience
}

/** A record as it grows: in place, since this runs at each step of each event. */
type GrowingRecord = { -readonly [Field in keyof DecisionRecord]: DecisionRecord[Field] } & {
  readonly steps: Array<Step>
}

const openingRecord = (opening: DecisionOpening): GrowingRecord => {
  const { channel, correlationId, eventType, rank, username } = opening
  const record: GrowingRecord = { correlationId, channel, eventType, arrivedAt: opening.arrivedAt.wall, steps: [] }
  if (username !== undefined) record.username = username
  if (rank !== undefined) record.rank = rank
  if (opening.logContent) record.content = { line: opening.line }
  return record
}

/** ms since an arrival, to the µs. `now` is monotonic ms. */
export const elapsedSince = ({ monotonic }: ClockReading, now: number): number =>
  Math.max(0, Math.round((now - monotonic) * 1000) / 1000)

// A class: there is one for each event, and its methods are shared.
class Recorder implements DecisionRecorder, OpenDecision, DecisionUnderWay {
  readonly correlationId: CorrelationId
  readonly arrivedAt: ClockReading
  readonly trace: DecisionTrace
  readonly #parts: RecorderParts
  #record: GrowingRecord
  /** Among the channel's decisions as they begin. */
  readonly #place: number
  /** Of the closed record. */
  #number: number | undefined = undefined

  constructor(opening: DecisionOpening, parts: RecorderParts) {
    this.correlationId = opening.correlationId
    this.arrivedAt = opening.arrivedAt
    this.trace = parts.trace
    this.#parts = parts
    this.#record = openingRecord(opening)
    this.#place = beginDecision(parts.kept, this)
    for (const tell of parts.audience.opened) tell(this)
    if (this.#record.content !== undefined) this.#tellContent(this.#record.content)
  }

  get record(): DecisionRecord {
    return this.#record
  }

  within<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.trace.within(effect)
  }

  step(made: NewStep): void {
    const step: Step = { ...made, at: this.#elapsed() }
    this.#record.steps.push(step)
    this.#grown()
    for (const tell of this.#parts.audience.step) tell(this, step)
  }

  content(added: Omit<Content, "line">): void {
    const { content } = this.#record
    if (content === undefined) return
    this.#record.content = { ...content, ...added }
    this.#grown()
    this.#tellContent(added)
  }

  answering(answer: string): void {
    const { content } = this.#record
    if (content === undefined) return
    this.#record.content = { ...content, answer }
    this.#grown()
  }

  close(outcome: Outcome): void {
    this.#record.outcome = outcome
    this.#number = endDecision(this.#parts.kept, this, this.#place)
    const atMs = this.#elapsed()
    for (const tell of this.#parts.audience.closed) tell(this, outcome, atMs)
  }

  deliver(delivery: Delivery): void {
    // Readers have the closed one.
    this.#record = { ...this.#record, delivery }
    this.#amend()
    for (const tell of this.#parts.audience.delivered) tell(this, delivery)
  }

  #elapsed(): number {
    return elapsedSince(this.arrivedAt, monotonicOf(this.#parts.clock))
  }

  #grown(): void {
    this.#amend()
    this.#parts.audience.grown(this.#record)
  }

  /** A reply may be said again after its decision is closed. */
  #amend(): void {
    if (this.#number !== undefined) amendRecord(this.#parts.kept.closed, this.#number, this.#record)
  }

  #tellContent(added: Partial<Content>): void {
    for (const tell of this.#parts.audience.content) tell(this, added)
  }
}

/** Begins to record a decision: every listener hears that it is open. */
export const makeDecisionRecorder = (opening: DecisionOpening, parts: RecorderParts): DecisionRecorder =>
  new Recorder(opening, parts)
