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
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    Option.match<unknown, Array<[string, unknown]>>(value, { onNone: () => [], onSome: (some) => [[name, some]] })
  )
  return { model, messages, ...Object.fromEntries(given), ...api.extra_body }
}

/** Tokens as a server counts them. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}

// No model reads or writes more at once; what is more, or no number, is a server's mistake and would stay in the sums.
const Count = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 }))
const decodeTokens = Schema.decodeUnknownOption(Schema.Struct({ prompt_tokens: Count, completion_tokens: Count }))

/** The tokens a server says it used, as far as it can be believed. */
export const decodeUsage = (usage: unknown): Option.Option<Usage> =>
  Option.map(decodeTokens(usage), ({ completion_tokens, prompt_tokens }) => ({
    inputTokens: Math.round(prompt_tokens),
    outputTokens: Math.round(completion_tokens)
  }))

/** Tokens of a text when the server does not say: about four characters each. */
export const estimateTokens = (characters: number): number => Math.ceil(characters / 4)

/** ms a `Retry-After` header asks for: seconds or an HTTP date; none when it is absent or unreadable. */
export const retryAfterMs = (header: string | undefined, now: number): Option.Option<number> => {
  if (header === undefined) return Option.none()
  // Nine digits are thirty years: more is no time to wait for.
  if (/^\s*\d{1,9}(\.\d+)?\s*$/.test(header)) return Option.some(Number(header) * 1000)
  // `Date.parse` makes something of nearly anything ("foo 5"), HTTP dates have one shape.
  const at = /^\s*[a-z]+, [\w :-]+ gmt\s*$/i.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? Option.none() : Option.some(Math.max(0, at - now))
}
