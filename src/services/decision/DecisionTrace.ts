import { Clock, Effect, Option } from "effect"
import type { Outcome, Step } from "../../domain/decision/Decision.ts"
import type { ChannelName, CorrelationId } from "../../domain/Ids.ts"
import type { TraceContext, TracedMessage } from "../../domain/telemetry/TraceContext.ts"
import { attribute, messagingAttributes, ownAttribute, spanName } from "../../domain/telemetry/TraceNames.ts"
import { outcomeAttributes, stepEvent } from "../../domain/decision/DecisionSpan.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import {
  beginTrace,
  CurrentTrace,
  end,
  setAttributes,
  SpanMaker,
  type SpanOpening,
  type Trace
} from "../telemetry/Traces.ts"

/** What the trace of a decision names. */
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
  /** What a log line about the decision names. */
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
  within: (effect) => effect
}

const openingOf = ({ channel, correlationId, eventType, message }: DecisionTraceOpening): SpanOpening => {
  const about = {
    [attribute.correlationId]: correlationId,
    [attribute.channel]: channel,
    [attribute.eventType]: eventType
  }
  return message === undefined
    ? { name: spanName.look, kind: "internal", attributes: about }
    : {
      name: spanName.process(message.template),
      kind: "consumer",
      attributes: { ...messagingAttributes("process", message.subject, message.template), ...about }
    }
}

const traceOf = (trace: Trace, startTime: bigint, clock: Clock.Clock): DecisionTrace => {
  const { span } = trace
  const after = (ms: number): bigint => startTime + BigInt(Math.round(ms * 1e6))
  const fields = { trace_id: span.traceId, span_id: span.spanId }
  return {
    fields,
    step: (step) => {
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
      const failure = outcome._tag === "Failed" ? { _tag: outcome.error, message: outcome.message } : undefined
      end(span, after(atMs), failure)
    },
    within: (effect) =>
      effect.pipe(Effect.provideService(CurrentTrace, Option.some(trace)), Effect.annotateLogs(fields))
  }
}

/** Opens traces of decisions, each from the moment its event arrived; without traces it does nothing. */
export const makeTraceOpener: Effect.Effect<(opening: DecisionTraceOpening) => DecisionTrace> = Effect.gen(function*() {
  const maker = yield* SpanMaker
  const clock = yield* Clock.Clock
  if (Option.isNone(maker)) return () => noTrace
  return (opening: DecisionTraceOpening) => {
    const elapsed = Number(clock.monotonicTimeNanosUnsafe()) - opening.arrivedAt.monotonic * 1e6
    const startTime = clock.currentTimeNanosUnsafe() - BigInt(Math.max(0, Math.round(elapsed)))
    const { channel, message } = opening
    const cause = message === undefined ? Option.none<TraceContext>() : message.sender
    return Option.match(beginTrace(maker.value, openingOf(opening), { channel, cause, startTime }), {
      onNone: () => noTrace,
      onSome: (trace) => traceOf(trace, startTime, clock)
    })
  }
})
