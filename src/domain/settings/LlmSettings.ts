import { Schema } from "effect"
import { unknownPlaceholders } from "../PromptTemplate.ts"
import {
  Between,
  Count,
  field,
  HttpUrl,
  PositiveSeconds,
  required,
  rule,
  Seconds,
  Secret,
  Text,
  Whole
} from "../Field.ts"

const Template = Text.check(rule((template: string) => {
  const unknown = unknownPlaceholders(template)
  return unknown.length === 0 ? undefined : `no such placeholder: ${unknown.join(", ")}`
}))

const Parameters = Schema.Struct({
  temperature: field(Schema.OptionFromNullOr(Between(0, 2)), 0.7, "0 is dry, 2 is wild; null = not sent"),
  max_tokens: field(
    Schema.OptionFromNullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4096 }))),
    100,
    "longest answer in tokens; null = not sent"
  ),
  top_p: field(Schema.OptionFromNullOr(Between(0, 1)), 0.9, "nucleus sampling; null = not sent"),
  frequency_penalty: field(Schema.OptionFromNullOr(Between(-2, 2)), 0.5, "against repeated words; null = not sent"),
  presence_penalty: field(Schema.OptionFromNullOr(Between(-2, 2)), 0.3, "towards new topics; null = not sent"),
  stop: field(
    Schema.OptionFromNullOr(Schema.Array(Text).check(Schema.isMaxLength(4))),
    null,
    "at most 4 texts that end the answer, wherever they stand: in its thinking too; null = not sent"
  ),
  max_completion_tokens: field(
    Schema.OptionFromNullOr(Count),
    null,
    "for servers that want it in place of max_tokens; null = not sent"
  )
})
/** Sampling parameters; one of none is not sent (F5). */
export type LlmParameters = typeof Parameters.Type

const Fallback = Schema.Struct({
  base_url: required(HttpUrl, "the endpoint's URL, up to and with /v1"),
  api_key: required(Secret("llm_api.fallbacks.api_key"), "the endpoint's key"),
  model: required(Text, "the model's name there"),
  timeout_seconds: field(PositiveSeconds, 20, "longest wait for one answer")
})

/** The OpenAI-compatible server and how it is asked (F5, F6). */
export const LlmApi = Schema.Struct({
  base_url: required(HttpUrl, "the server's URL, up to and with /v1"),
  api_key: required(Secret("llm_api.api_key"), "the server's key, from the environment: ${LLM_API_KEY}"),
  model: required(Text, "the model's name"),
  timeout_seconds: field(PositiveSeconds, 20, "longest wait for one answer"),
  retry_attempts: field(Whole, 2, "tries after a failed one"),
  retry_delay_seconds: field(Seconds, 1, "wait before the first retry; doubles with each"),
  stream: field(Schema.Boolean, true, "true: read the answer as it is written and stop when it is long enough"),
  system_prompt: field(
    Text,
    "You are {bot_name}, one of the people chatting in a room that watches videos together. Answer with one short, friendly line of at most 200 characters in the language of the chat. Plain text: no lists, no links, no commands. Do not repeat what was said.",
    "who the bot is"
  ),
  user_prompt_template: field(
    Template,
    "Recent chat:\n{context_window}\n\nAnswer this line from {username}: {trigger_message}",
    "what the model is asked"
  ),
  include_context_in_prompt: field(Schema.Boolean, true, "false: {context_window} is empty"),
  max_context_messages: field(Count, 20, "how many lines {context_window} holds"),
  parameters: field(Parameters, {}, "sampling"),
  extra_body: field(Schema.Record(Schema.String, Schema.Unknown), {}, "further fields of the request, merged last"),
  max_concurrent_per_channel: field(Count, 10, "replies of a channel under way at once"),
  fallbacks: field(Schema.Array(Fallback), [], "further endpoints, tried in order")
})
export type LlmApi = typeof LlmApi.Type
