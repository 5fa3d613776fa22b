import { Context, Exit, Option, Predicate, Tracer } from "effect"
import { attribute } from "../../domain/telemetry/TraceNames.ts"
import { Exported, type SpanFailure } from "../../services/telemetry/Traces.ts"

type SpanOptions = Parameters<Tracer.Tracer["span"]>[0]

const interrupted: SpanFailure = { _tag: "Interrupted", message: "given up before it ended" }
const defect: SpanFailure = { _tag: "Defect", message: "an internal error" }

const isFailure = (error: unknown): error is SpanFailure =>
  Predicate.hasProperty(error, "_tag") && Predicate.isString(error._tag) &&
  Predicate.hasProperty(error, "message") && Predicate.isString(error.message)

const failureOf = (exit: Exit.Exit<unknown, unknown>): SpanFailure | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const reason = exit.cause.reasons.find(({ _tag }) => _tag !== "Interrupt")
  if (reason === undefined) return interrupted
  return reason._tag === "Fail" && isFailure(reason.error) ? reason.error : defect
}

/** Ends with an error's name and message only: a stack and a cause would be exported along. */
const strip = (span: Tracer.Span): Tracer.Span => {
  const end = span.end.bind(span)
  span.end = (at, exit) => {
    const failure = failureOf(exit)
    if (failure === undefined) return end(at, Exit.void)
    span.attribute(attribute.errorType, failure._tag)
    end(at, Exit.fail({ name: failure._tag, message: failure.message }))
  }
  return span
}

/** A span nobody sees: the spans below it are children of the one above it. */
const insideSpan = (options: SpanOptions): Tracer.Span =>
  Tracer.nativeTracer.span({
    ...options,
    sampled: false,
    annotations: Context.add(options.annotations, Tracer.DisablePropagation, true)
  })

/** Exports the spans that ask for it, each within a trace that is sampled; all others stay inside the process. */
export const exportTracer = (exporter: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    span: (options) => {
      const sampled = options.root || Option.exists(options.parent, (parent) => parent.sampled)
      return sampled && Context.get(options.annotations, Exported)
        ? strip(exporter.span(options))
        : insideSpan(options)
    }
  })
