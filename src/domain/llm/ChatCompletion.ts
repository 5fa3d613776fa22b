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

// Servers differ in what they leave out and what they make of content: only the path to the text is fixed.
const Lenient = Schema.Struct({ choices: Schema.Array(Schema.Unknown), usage: Schema.optionalKey(Schema.Unknown) })
const Choice = Schema.Struct({
  message: Schema.optionalKey(Schema.NullOr(Schema.Struct({
    content: Schema.optionalKey(Schema.Unknown),
    refusal: Schema.optionalKey(Schema.Unknown)
  }))),
  finish_reason: Schema.optionalKey(Schema.Unknown)
})
const Tokens = Schema.Struct({ prompt_tokens: Schema.Finite, completion_tokens: Schema.Finite })

const decodeLenient = Schema.decodeUnknownOption(Lenient)
const decodeTokens = Schema.decodeUnknownOption(Tokens)
const decodeChoice = Schema.decodeUnknownOption(Choice)
/** The tokens a server says it used. */
export const decodeUsage = (
  usage: unknown
): Option.Option<{ readonly inputTokens: number; readonly outputTokens: number }> =>
  Option.map(
    decodeTokens(usage),
    (found) => ({ inputTokens: found.prompt_tokens, outputTokens: found.completion_tokens })
  )

const TextPart = Schema.Struct({ type: Schema.Literal("text"), text: Schema.String })
const isTextPart = Schema.is(TextPart)

/** The text of a message's content: a string, or the text parts of a list. */
export const textOf = (content: unknown): string => {
  if (typeof content === "string") return content
  return Array.isArray(content) ? content.filter(isTextPart).map(({ text }) => text).join("") : ""
}

/** Tokens of a text when the server does not say: about four characters each. */
export const estimateTokens = (characters: number): number => Math.ceil(characters / 4)

/** What a response holds. */
export type DecodedCompletion =
  | {
    readonly _tag: "Text"
    readonly text: string
    readonly finishReason: string
    readonly usage: Option.Option<{ readonly inputTokens: number; readonly outputTokens: number }>
  }
  | { readonly _tag: "Empty"; readonly finishReason: string }
  | { readonly _tag: "Malformed"; readonly detail: string }

/** Reads a response body: first choice only; a refusal, null or blank content is empty (F5). */
export const decodeCompletion = (body: string): DecodedCompletion => {
  const json = Option.liftThrowable((): unknown => JSON.parse(body))()
  if (Option.isNone(json)) return { _tag: "Malformed", detail: "not JSON" }
  const decoded = decodeLenient(json.value)
  if (Option.isNone(decoded)) return { _tag: "Malformed", detail: "no choices" }
  // The first choice alone counts, so the others may be anything.
  const choice = decodeChoice(decoded.value.choices[0])
  if (Option.isNone(choice)) return { _tag: "Malformed", detail: "no choices" }
  const { finish_reason, message } = choice.value
  const finishReason = typeof finish_reason === "string" ? finish_reason : "unknown"
  const text = textOf(message?.content)
  const refused = typeof message?.refusal === "string" && message.refusal !== ""
  if (refused || text.trim() === "") return { _tag: "Empty", finishReason }
  return { _tag: "Text", text, finishReason, usage: decodeUsage(decoded.value.usage) }
}

/** ms a `Retry-After` header asks for: seconds or an HTTP date; none when it is absent or unreadable. */
export const retryAfterMs = (header: string | undefined, now: number): Option.Option<number> => {
  if (header === undefined) return Option.none()
  // Nine digits are thirty years: more is no time to wait for.
  if (/^\s*\d{1,9}(\.\d+)?\s*$/.test(header)) return Option.some(Number(header) * 1000)
  // `Date.parse` makes something of nearly anything ("foo 5"), HTTP dates have one shape.
  const at = /^\s*[a-z]+, [\w :-]+ gmt\s*$/i.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? Option.none() : Option.some(Math.max(0, at - now))
}
