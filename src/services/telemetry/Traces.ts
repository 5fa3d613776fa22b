import { type Clock, Context, Effect, Exit, Option, Tracer } from "effect"
import type { ChannelName } from "../../domain/Ids.ts"
import type { TraceContext } from "../../domain/telemetry/TraceContext.ts"
import { attribute, type Attributes } from "../../domain/telemetry/TraceNames.ts"

/**
 * Tracer for exported spans; none when tracing is off. It is not Effect's own tracer, so that function spans stay inside
 * the process and a trace holds only the spans of a decision.
 */
export const SpanMaker: Context.Reference<Option.Option<Tracer.Tracer>> = Context.Reference("llm-bot/SpanMaker", {
  defaultValue: () => Option.none<Tracer.Tracer>()
})

/** The trace in which something happens, and the room it is about. */
export interface Trace {
  readonly maker: Tracer.Tracer
  readonly span: Tracer.Span
  readonly channel: ChannelName
}

/** The trace of the message in hand, if it has one. */
export const CurrentTrace: Context.Reference<Option.Option<Trace>> = Context.Reference("llm-bot/CurrentTrace", {
  defaultValue: () => Option.none<Trace>()
})

/** What a span begins with. */
export interface SpanOpening {
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly attributes: Attributes
}

/** How a span failed: an error's name and a message made for people, never what was said. */
export interface SpanFailure {
  readonly _tag: string
  readonly message: string
}

const givenUp: SpanFailure = { _tag: "Interrupted", message: "given up before it ended" }
const bug: SpanFailure = { _tag: "Defect", message: "an internal error" }

export const setAttributes = (span: Tracer.Span, attributes: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) span.attribute(name, value)
}

const begin = (
  maker: Tracer.Tracer,
  { attributes, kind, name }: SpanOpening,
  parent: Option.Option<Tracer.AnySpan>,
  links: Array<Tracer.SpanLink>,
  startTime: bigint
): Tracer.Span => {
  const span = maker.span({
    name,
    kind,
    parent,
    links,
    startTime,
    annotations: Context.empty(),
    root: Option.isNone(parent),
    sampled: true
  })
  setAttributes(span, attributes)
  return span
}

/** Ends a span; a failure gives it the error status and the error's name. */
export const end = (span: Tracer.Span, at: bigint, failure?: SpanFailure): void => {
  if (failure === undefined) return span.end(at, Exit.void)
  span.attribute(attribute.errorType, failure._tag)
  // Without a stack: the exporter would send it along.
  span.end(at, Exit.fail({ name: failure._tag, message: failure.message }))
}

/** Begins a trace, linked to what led to it; none where there are no traces or this one is not among those kept. */
export const beginTrace = (
  maker: Tracer.Tracer,
  opening: SpanOpening,
  { channel, cause, startTime }: {
    readonly channel: ChannelName
    readonly cause: Option.Option<TraceContext>
    readonly startTime: bigint
  }
): Option.Option<Trace> => {
  const links = Option.toArray(cause).map((context) => ({ span: Tracer.externalSpan(context), attributes: {} }))
  const span = begin(maker, opening, Option.none(), links, startTime)
  return span.sampled ? Option.some({ maker, span, channel }) : Option.none()
}

const endWith = <A, E extends SpanFailure>(span: Tracer.Span, clock: Clock.Clock) => (exit: Exit.Exit<A, E>) =>
  Effect.sync(() => {
    const at = clock.currentTimeNanosUnsafe()
    if (Exit.isSuccess(exit)) return end(span, at)
    const reason = exit.cause.reasons.find(({ _tag }) => _tag !== "Interrupt")
    end(span, at, reason === undefined ? givenUp : reason._tag === "Fail" ? reason.error : bug)
  })

/** Runs something in a span of its own within the trace of the message in hand; without a trace, just runs it. */
export const inSpan = <A, E extends SpanFailure, R>(
  opening: (trace: Trace) => SpanOpening,
  run: (span: Option.Option<Tracer.Span>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    CurrentTrace,
    Option.match({
      onNone: () => run(Option.none()),
      onSome: (trace) =>
        Effect.clockWith((clock) => {
          const parent = Option.some(trace.span)
          const span = begin(trace.maker, opening(trace), parent, [], clock.currentTimeNanosUnsafe())
          return Effect.onExit(run(Option.some(span)), endWith(span, clock))
        })
    })
  )
