import { Option, Schema } from "effect"
import type { PromptMessage } from "./Prompt.ts"
import type { LlmApi, LlmParameters } from "../settings/LlmSettings.ts"

/** The body of a chat completion request: null parameters are not sent, `extra_body` is merged last (F5). */
export const completionBody = (
  api: Pick<LlmApi, "parameters" | "extra_body">,
  model: string,
  messages: ReadonlyArray<PromptMessage>
): Record<string, unknown> => {
  const parameters: LlmParameters = api.parameters
  const values = Object.entries(parameters).flatMap(([name, value]) =>
    Option.match<unknown, Array<[string, unknown]>>(value, { onNone: () => [], onSome: (some) => [[name, some]] })
  )
  return { model, messages, ...Object.fromEntries(values), ...api.extra_body }
}

/** Tokens as the server reports them. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}

// No model reads or writes more at once; more, or no number, is a server's mistake and would spoil the sums.
const Count = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 }))
const decodeTokens = Schema.decodeUnknownOption(Schema.Struct({ prompt_tokens: Count, completion_tokens: Count }))

/** The reported usage, if plausible. */
export const decodeUsage = (usage: unknown): Option.Option<Usage> =>
  Option.map(Option.flatMap(Option.fromNullishOr(usage), decodeTokens), ({ completion_tokens, prompt_tokens }) => ({
    inputTokens: Math.round(prompt_tokens),
    outputTokens: Math.round(completion_tokens)
  }))

/** An estimate of a text's tokens when the server reports none: about four characters each. */
export const estimateTokens = (characters: number): number => Math.ceil(characters / 4)

/** ms a `Retry-After` header asks for: seconds or an HTTP date; none when it is absent or unreadable. */
export const retryAfterMs = (header: string | undefined, now: number): Option.Option<number> => {
  if (header === undefined) return Option.none()
  // Nine digits are thirty years: no wait is longer.
  if (/^\s*\d{1,9}(\.\d+)?\s*$/.test(header)) return Option.some(Number(header) * 1000)
  // `Date.parse` accepts nearly anything ("foo 5"), HTTP dates have one shape.
  const at = /^\s*[a-z]+, [\w :-]+ gmt\s*$/i.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? Option.none() : Option.some(Math.max(0, at - now))
}
