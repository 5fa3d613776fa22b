import { Context, type Tracer } from "effect"
import type { Attributes } from "../../domain/telemetry/TraceNames.ts"

/** True for the spans of a trace as it is exported; every other span stays inside the process (OPERATIONS, traces). */
export const Exported: Context.Reference<boolean> = Context.Reference("llm-bot/Exported", { defaultValue: () => false })

/** The annotations of an exported span. */
export const exported: Context.Context<never> = Context.make(Exported, true)

/** How a span failed: an error's name and a message made for people, never what was said. */
export interface SpanFailure {
  readonly _tag: string
  readonly message: string
}

/** Sets several attributes of a span. */
export const setAttributes = (span: Tracer.Span, attributes: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) span.attribute(name, value)
}
