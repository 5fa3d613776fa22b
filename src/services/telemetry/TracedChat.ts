import { Effect, Option } from "effect"
import { chatAnswerAttributes, type ChatRequest, chatRequestAttributes } from "../../domain/llm/CompletionSpan.ts"
import { spanName } from "../../domain/telemetry/TraceNames.ts"
import type { Completion, LlmError } from "../LlmClient.ts"
import { inSpan, setAttributes } from "./Traces.ts"

/** Makes one request to a model in a span of its own; the server, which belongs to somebody else, is told nothing of it. */
export const tracedChat = (
  request: Omit<ChatRequest, "conversation">,
  /** ms until the first text of a streamed answer, once it is known. */
  firstTextMs: () => number | undefined,
  ask: Effect.Effect<Completion, LlmError>
): Effect.Effect<Completion, LlmError> =>
  inSpan(
    ({ channel }) => ({
      name: spanName.chat(request.model),
      kind: "client",
      attributes: chatRequestAttributes({ ...request, conversation: channel })
    }),
    Option.match({
      onNone: () => ask,
      onSome: (span) =>
        Effect.tap(ask, (answer) =>
          Effect.sync(() =>
            setAttributes(span, chatAnswerAttributes({ ...answer, firstTextMs: firstTextMs() }))
          ))
    })
  )
