import { Effect, Option, type Tracer } from "effect"
import { chatAnswerAttributes, type ChatRequest, chatRequestAttributes } from "../../domain/llm/CompletionSpan.ts"
import { attribute, spanName } from "../../domain/telemetry/TraceNames.ts"
import type { Completion, LlmError } from "../LlmClient.ts"
import { exported, setAttributes } from "./Traces.ts"

/** A conversation is the room that the trace is about. */
const setConversation = (span: Tracer.Span): void => {
  const trace = Option.getOrUndefined(span.parent)
  if (trace?._tag === "Span") span.attribute(attribute.conversationId, trace.attributes.get(attribute.channel))
}

/** Makes one request to a model in its own span; no header tells the server, a third party, about the trace. */
export const tracedChat = (
  request: ChatRequest,
  /** ms until the first text of a streamed answer, once known. */
  firstTextMs: () => number | undefined,
  ask: Effect.Effect<Completion, LlmError>
): Effect.Effect<Completion, LlmError> =>
  Effect.useSpan(spanName.chat(request.model), { kind: "client", annotations: exported }, (span) => {
    if (!span.sampled) return ask
    setConversation(span)
    setAttributes(span, chatRequestAttributes(request))
    return Effect.tap(
      ask,
      (answer) =>
        Effect.sync(() => setAttributes(span, chatAnswerAttributes({ ...answer, firstTextMs: firstTextMs() })))
    )
  })
