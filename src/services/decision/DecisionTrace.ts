import { Clock, Effect, Exit, Option, Tracer } from "effect"
import type { Outcome, Step } from "../../domain/decision/Decision.ts"
import type { ChannelName, CorrelationId } from "../../domain/Ids.ts"
import type { TracedMessage } from "../../domain/telemetry/TraceContext.ts"
import { attribute, messagingAttributes, ownAttribute, spanName } from "../../domain/telemetry/TraceNames.ts"
import { outcomeAttributes, stepEvent } from "../../domain/decision/DecisionSpan.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { exported, setAttributes, type SpanFailure } from "../telemetry/Traces.ts"

/** What the trace of a decision begins with. */
export interface DecisionTraceOpening {
  readonly correlationId: CorrelationId
  readonly channel: ChannelName
  readonly eventType: string
  readonly arrivedAt: ClockReading
  /** Absent where no message began it. */
  readonly message: TracedMessage | undefined
}

/** The decision as a trace: its steps are events, what it asks and sends are spans below it (OPERATIONS, traces). */
export interface DecisionTrace {
  /** Annotations of the decision's log lines. */
  readonly fields: Readonly<Record<string, string>>
  readonly step: (step: Step) => void
  /** Texts, where they may be kept at all (N4). */
  readonly content: (content: object) => void
  /** `atMs` is the time since the arrival. */
  readonly close: (outcome: Outcome, atMs: number) => void
  /** Runs something as part of the trace. */
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

const noTrace: DecisionTrace = {
  fields: {},
  step: () => undefined,
  content: () => undefined,
  close: () => undefined,
  within: Effect.withTracerEnabled(false)
}

const openSpan = (
  tracer: Tracer.Tracer,
  startTime: bigint,
  { channel, correlationId, eventType, message }: DecisionTraceOpening
): Tracer.Span => {
  // A link, not a parent: the bridge's own trace ends where the message was published.
  const links = message === undefined
    ? []
    : Option.toArray(message.sender).map((sender) => ({ span: Tracer.externalSpan(sender), attributes: {} }))
  const span = tracer.span({
    name: message === undefined ? spanName.look : spanName.process(message.template),
    kind: message === undefined ? "internal" : "consumer",
    parent: Option.none(),
    root: true,
    links,
    startTime,
    annotations: exported,
    sampled: true
  })
  if (message !== undefined) setAttributes(span, messagingAttributes("process", message.subject, message.template))
  setAttributes(span, {
    [attribute.correlationId]: correlationId,
    [attribute.channel]: channel,
    [attribute.eventType]: eventType
  })
  return span
}

const traceOf = (span: Tracer.Span, startTime: bigint, clock: Clock.Clock): DecisionTrace => {
  const after = (ms: number): bigint => startTime + BigInt(Math.round(ms * 1e6))
  const fields = { trace_id: span.traceId, span_id: span.spanId }
  return {
    fields,
    step: (step) => {
      // What becomes of the reply later is no part of the trace.
      if (span.status._tag === "Ended") return
      const { attributes, name } = stepEvent(step)
      span.event(name, after(step.at), attributes)
    },
    content: (content) => {
      const texts = Object.entries(content).map(([key, value]) => [
        ownAttribute(key),
        typeof value === "string" ? value : JSON.stringify(value)
      ])
      span.event("content", clock.currentTimeNanosUnsafe(), Object.fromEntries(texts))
    },
    close: (outcome, atMs) => {
      setAttributes(span, outcomeAttributes(outcome))
      const exit = outcome._tag === "Failed"
        ? Exit.fail<SpanFailure>({ _tag: outcome.error, message: outcome.message })
        : Exit.void
      span.end(after(atMs), exit)
    },
    within: (effect) =>
      effect.pipe(Effect.withParentSpan(span, { captureStackTrace: false }), Effect.annotateLogs(fields))
  }
}

/** Opens traces of decisions. */
export interface DecisionTraces {
  /** Whether any is exported. */
  readonly exported: boolean
  /** Opens one, from the moment its event arrived; without traces it does nothing. */
  readonly open: (opening: DecisionTraceOpening) => DecisionTrace
}

/** The traces of decisions by the tracer of the fiber that builds them. */
export const makeDecisionTraces: Effect.Effect<DecisionTraces> = Effect.gen(function*() {
  const tracer = yield* Tracer.Tracer
  const clock = yield* Clock.Clock
  // Effect's own tracer, the default, exports nothing.
  if (tracer === Tracer.nativeTracer) return { exported: false, open: () => noTrace }
  return {
    exported: true,
    open: (opening) => {
      const elapsed = Number(clock.monotonicTimeNanosUnsafe()) - opening.arrivedAt.monotonic * 1e6
      const startTime = clock.currentTimeNanosUnsafe() - BigInt(Math.max(0, Math.round(elapsed)))
      const span = openSpan(tracer, startTime, opening)
      return span.sampled ? traceOf(span, startTime, clock) : noTrace
    }
  }
})
