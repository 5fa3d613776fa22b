import { Option, Schema } from "effect"

/**
 * Why a model stopped, as one of a closed set: servers write free text there, and it goes into logs,
 * metrics and traces.
 */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "error" | "other"

// The words of OpenAI, Anthropic, Azure, Bedrock, Cohere, DeepSeek, Gemini, GLM, Mistral, Ollama, SGLang, TGI and vLLM.
const words: Readonly<Record<Exclude<FinishReason, "other">, string>> = {
  stop: "stop eos eos_token end_turn stop_sequence stop_word complete completed finish finished done",
  length:
    "length max_tokens max_output_tokens max_length model_length token_limit model_context_window_exceeded context_length_exceeded",
  tool_calls: "tool_calls tool_call tool_use function_call unexpected_tool_call",
  content_filter:
    "content_filter content_filtered content_filter_error filtered safety image_safety recitation sensitive blocklist prohibited_content spii moderation flagged refusal guardrail_intervened error_toxic policy_violation",
  error:
    "error failed failure abort aborted cancel cancelled canceled network_error insufficient_system_resource timeout server_error internal_error interrupted disconnected exception overloaded malformed_function_call error_limit"
}

const reasonOfWord: ReadonlyMap<string, FinishReason> = new Map(
  (["stop", "length", "tool_calls", "content_filter", "error"] as const).flatMap((reason) =>
    words[reason].split(" ").map((word) => [word, reason] as const)
  )
)

// SGLang's own form is an object.
const decodeTyped = Schema.decodeUnknownOption(Schema.Struct({ type: Schema.String }))

/** Reads a finish reason; undefined as long as the answer continues (null, absent, empty). */
export const finishReasonOf = (value: unknown): FinishReason | undefined => {
  const word = typeof value === "string" ? value : Option.getOrUndefined(decodeTyped(value))?.type
  if (word === undefined) return undefined
  const key = word.slice(0, 64).trim().toLowerCase().replace(/[\s-]+/g, "_")
  return key === "" || key === "null" || key === "none" ? undefined : reasonOfWord.get(key) ?? "other"
}
