import { Option, Schema } from "effect"
import { Sse } from "effect/encoding"
import { decodeCompletion, type DecodedCompletion, decodeUsage, textOf } from "./ChatCompletion.ts"
import type { StopCondition } from "../reply/StopCondition.ts"

/** A completion is small; whoever sends more than this is not answering the question. UTF-16 units. */
const longestBody = 1_000_000

const Chunk = Schema.fromJsonString(Schema.Struct({
  id: Schema.optionalKey(Schema.Unknown),
  model: Schema.optionalKey(Schema.Unknown),
  choices: Schema.optionalKey(Schema.Unknown),
  usage: Schema.optionalKey(Schema.Unknown),
  error: Schema.optionalKey(Schema.Unknown),
  object: Schema.optionalKey(Schema.Unknown),
  code: Schema.optionalKey(Schema.Unknown)
}))
const Choice = Schema.Struct({
  index: Schema.optionalKey(Schema.Unknown),
  delta: Schema.optionalKey(Schema.Unknown),
  message: Schema.optionalKey(Schema.Unknown),
  finish_reason: Schema.optionalKey(Schema.Unknown)
})
const Content = Schema.Struct({ content: Schema.Unknown })
const Refusal = Schema.Struct({ refusal: Schema.NonEmptyString })
const WithCode = Schema.Struct({ code: Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 599 })) })

const decodeChunk = Schema.decodeUnknownOption(Chunk)
const decodeChoice = Schema.decodeUnknownOption(Choice)
const decodeContent = Schema.decodeUnknownOption(Content)
const decodeCode = Schema.decodeUnknownOption(WithCode)
const isRefusal = Schema.is(Refusal)

const contentOf = (message: unknown): string =>
  Option.match(decodeContent(message), { onNone: () => "", onSome: ({ content }) => textOf(content) })

/** What a response held. */
export type ReadCompletion =
  | DecodedCompletion
  /** The server reported an error in place of an answer or in its middle; `code` is the HTTP status it named. */
  | { readonly _tag: "Failed"; readonly code: number | undefined }

/** What a server says of the answer itself, as far as it does. */
export interface Served {
  readonly id?: string
  readonly model?: string
}

/** Reads a response as it comes, be it a stream of events or one JSON body (F5, streaming). */
export interface CompletionReader {
  /** Takes the next part; true when nothing more needs to be read. */
  readonly feed: (part: string) => boolean
  /** The text of a streamed answer so far; empty until it begins. */
  readonly soFar: () => string
  readonly served: () => Served
  /** What the response held, once it has ended or need not be read on. */
  readonly end: () => ReadCompletion
}

/** What one event of a stream says. */
interface Told {
  readonly text: string
  readonly finishReason: string | undefined
  readonly usage: ReturnType<typeof decodeUsage>
  readonly refused: boolean
  readonly served: Served
  readonly failure: Extract<ReadCompletion, { _tag: "Failed" }> | undefined
}

/** An error is told in a field of its own, as OpenAI does, as the whole object (older vLLM), or as the end's reason. */
const failureOf = (chunk: typeof Chunk.Type, reason: unknown): Told["failure"] => {
  const { error, object } = chunk
  const told = error !== undefined && error !== null
  if (!told && object !== "error" && reason !== "error") return undefined
  return { _tag: "Failed", code: Option.getOrUndefined(decodeCode(told ? error : chunk))?.code }
}

const servedBy = ({ id, model }: typeof Chunk.Type): Served => ({
  ...(typeof id === "string" ? { id } : {}),
  ...(typeof model === "string" ? { model } : {})
})

/** Nothing when it is no part of a chat completion. */
const toldBy = (data: string): Told | undefined => {
  const chunk = Option.getOrUndefined(decodeChunk(data))
  if (chunk === undefined) return undefined
  const choices: ReadonlyArray<unknown> | undefined = Array.isArray(chunk.choices) ? chunk.choices : undefined
  const choice = Option.getOrElse(decodeChoice(choices?.[0]), (): typeof Choice.Type => ({}))
  const failure = failureOf(chunk, choice.finish_reason)
  const usage = decodeUsage(chunk.usage)
  const served = servedBy(chunk)
  if (choices === undefined && failure === undefined && Option.isNone(usage)) return undefined
  // The first choice alone counts; in a stream the others come in chunks of their own.
  const { delta, finish_reason, index = 0, message } = choice
  if (index !== 0) return { text: "", finishReason: undefined, usage, refused: false, served, failure }
  return {
    text: contentOf(delta) + contentOf(message),
    finishReason: typeof finish_reason === "string" ? finish_reason : undefined,
    usage,
    refused: isRefusal(delta) || isRefusal(message),
    served,
    failure
  }
}

/** One event's data, or several of them where a server ends events without a blank line. */
const partsOf = (data: string): ReadonlyArray<string> =>
  data.includes("\n") && Option.isNone(decodeChunk(data)) ? data.split("\n") : [data]

const streamReader = (enough: StopCondition): CompletionReader => {
  let text = ""
  let finishReason = "unknown"
  let usage: Told["usage"] = Option.none()
  let understood = false
  let refused = false
  let served: Served = {}
  let failure: Told["failure"]
  let done = false

  const takeText = (more: string): void => {
    text += more
    const kept = enough(text)
    if (kept !== undefined) {
      text = kept
      finishReason = "cut"
    }
    done = kept !== undefined || text.length > longestBody
  }
  const take = (told: Told): void => {
    understood = true
    finishReason = told.finishReason ?? finishReason
    usage = Option.orElse(told.usage, () => usage)
    refused ||= told.refused
    served = { ...served, ...told.served }
    failure = told.failure
    if (failure === undefined) takeText(told.text)
    else done = true
  }
  const takePart = (data: string): void => {
    if (done) return
    if (data.trim() === "[DONE]" || data.length > longestBody) {
      done = true
      return
    }
    const told = toldBy(data)
    if (told !== undefined) take(told)
  }
  const parser = Sse.makeParser((event) => {
    if (event._tag === "Event" && !done) partsOf(event.data).forEach(takePart)
  }, { maxEventSize: longestBody })

  return {
    feed: (part) => {
      // An event too large ends the stream as the end of the response does.
      if (parser.feed(part) !== undefined) done = true
      return done
    },
    soFar: () => text,
    served: () => served,
    end: () => {
      // Some servers forget the blank line after the last event.
      parser.feed("\n\n")
      if (failure !== undefined) return failure
      if (!understood) return { _tag: "Malformed", detail: "a stream without a chat completion" }
      return refused || text.trim() === ""
        ? { _tag: "Empty", finishReason }
        : { _tag: "Text", text, finishReason, usage }
    }
  }
}

const bodyReader = (enough: StopCondition): CompletionReader => {
  let body = ""
  return {
    feed: (part) => {
      body += part
      return body.length > longestBody
    },
    soFar: () => "",
    served: () => toldBy(body)?.served ?? {},
    end: () => {
      if (body.length > longestBody) return { _tag: "Malformed", detail: "too long" }
      const failure = toldBy(body)?.failure
      if (failure !== undefined) return failure
      const decoded = decodeCompletion(body)
      if (decoded._tag !== "Text") return decoded
      const kept = enough(decoded.text)
      return kept === undefined ? decoded : { ...decoded, text: kept }
    }
  }
}

/** A reader for one response: what begins like JSON or a page is read as one body, anything else as events. */
export const completionReader = (enough: StopCondition): CompletionReader => {
  let reader: CompletionReader | undefined
  return {
    feed: (part) => {
      // Blanks and a byte order mark before the beginning belong to neither.
      const rest = reader === undefined ? part.trimStart() : part
      if (rest === "") return false
      reader ??= /^[{[<]/.test(rest) ? bodyReader(enough) : streamReader(enough)
      return reader.feed(rest)
    },
    soFar: () => reader?.soFar() ?? "",
    served: () => reader?.served() ?? {},
    end: () => reader?.end() ?? { _tag: "Malformed", detail: "nothing" }
  }
}
