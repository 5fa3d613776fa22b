import { Option, Predicate } from "effect"
import { decodeUsage, type Usage } from "./ChatCompletion.ts"
import { type FinishReason, finishReasonOf } from "./FinishReason.ts"
import { failureOf, type ReportedFailure } from "./ReportedFailure.ts"

/** The answer's id and model, if the server reports them. */
export interface Served {
  readonly id?: string
  readonly model?: string
}

/** The fields that may carry a choice's text: the first with any text is the answer. */
export const textFields = ["delta", "message", "text"] as const
/** One of these fields. */
export type TextField = (typeof textFields)[number]

/** One choice of a chunk. */
export interface ChoiceChunk {
  readonly index: number
  readonly texts: Readonly<Record<TextField, string>>
  readonly finishReason: FinishReason | undefined
  readonly refused: boolean
  /** It carries reasoning, in its own field or among the parts of the content. */
  readonly thinks: boolean
}

/** One event of a stream, or a whole body. */
export interface CompletionChunk {
  readonly choices: ReadonlyArray<ChoiceChunk> | undefined
  readonly usage: Option.Option<Usage>
  readonly served: Served
  readonly failure: ReportedFailure | undefined
}

type Fields = Readonly<Record<PropertyKey, unknown>>
const isFields: (value: unknown) => value is Fields = Predicate.isReadonlyObject
const fieldsOf = (value: unknown): Fields => isFields(value) ? value : {}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)

const textTypes: ReadonlySet<unknown> = new Set(["text", "output_text", undefined, null])

/** The text of a message's content: a string, a part, or the text parts of a list. */
const textOf = (content: unknown): string => {
  if (typeof content === "string") return content
  if (Array.isArray(content)) return content.map(textOf).join("")
  const { text, type } = fieldsOf(content)
  return typeof text === "string" && textTypes.has(type) ? text : ""
}

const contentOf = (message: unknown): string => textOf(isFields(message) ? message["content"] : message)

const reasoningFields = ["reasoning_content", "reasoning", "reasoning_text", "reasoning_details", "thinking"]
const thinks = (message: Fields): boolean => {
  const { content } = message
  return reasoningFields.some((field) => !isBlank(message[field])) ||
    (Array.isArray(content) && content.some((part) => /think|reason/.test(String(fieldsOf(part)["type"]))))
}
const isRefusal = ({ refusal }: Fields): boolean => typeof refusal === "string" && refusal !== ""

/** The index as a number or a text; without one, the position in the list. */
const indexOf = (index: unknown, place: number): number => {
  const number = Number(index ?? place)
  return Number.isSafeInteger(number) ? number : place
}

const choiceOf = (choice: Fields, place: number): ChoiceChunk => {
  const messages = [fieldsOf(choice["delta"]), fieldsOf(choice["message"])]
  return {
    index: indexOf(choice["index"], place),
    texts: {
      delta: contentOf(choice["delta"]),
      message: contentOf(choice["message"]),
      text: textOf(choice["text"])
    },
    finishReason: finishReasonOf(choice["finish_reason"] ?? choice["finishReason"] ?? choice["stop_reason"]),
    refused: messages.some(isRefusal),
    thinks: messages.some(thinks)
  }
}

/** Choices are a list; some proxies send an object keyed by index. */
const choicesOf = (choices: unknown): ReadonlyArray<Fields> | undefined => {
  if (Array.isArray(choices)) return choices.filter(isFields)
  const values = Object.values(fieldsOf(choices))
  return values.length > 0 && values.every(isFields) ? values : undefined
}

// An id or a model's name is short and without blanks; anything else may be a person's text.
const id = /^[\w.:-]{1,80}$/
const modelName = /^[\w.:/@+-]{1,100}$/
const matching = (value: unknown, shape: RegExp): value is string => typeof value === "string" && shape.test(value)

/** A text's JSON; none when it is none. */
export const parsed: (text: string) => Option.Option<unknown> = Option.liftThrowable((text): unknown =>
  JSON.parse(text)
)

/** Undefined when it is neither a part of a chat completion nor a reported error. */
export const chunkOf = (value: unknown): CompletionChunk | undefined => {
  const chunk = fieldsOf(Array.isArray(value) ? value[0] : value)
  const list = choicesOf(chunk["choices"])
  const choices = list?.map(choiceOf)
  const usage = decodeUsage(chunk["usage"])
  const failure = failureOf(chunk, list)
  if (choices === undefined && failure === undefined && Option.isNone(usage)) return undefined
  const served = {
    ...(matching(chunk["id"], id) ? { id: chunk["id"] } : {}),
    ...(matching(chunk["model"], modelName) ? { model: chunk["model"] } : {})
  }
  return { choices, usage, served, failure }
}
