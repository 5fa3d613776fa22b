import { Option, Schema } from "effect"
import { Sse } from "effect/encoding"
import { type DecodedCompletion, decodeCompletion, decodeUsage, textOf } from "./ChatCompletion.ts"
import type { Enough } from "./reply/EarlyCut.ts"

/** A completion is small; whoever sends more than this is not answering the question. UTF-16 units. */
const longestBody = 1_000_000

const Chunk = Schema.fromJsonString(Schema.Struct({
  choices: Schema.optionalKey(Schema.Unknown),
  usage: Schema.optionalKey(Schema.Unknown),
  error: Schema.optionalKey(Schema.Unknown)
}))
const Choice = Schema.Struct({
  delta: Schema.optionalKey(Schema.Unknown),
  message: Schema.optionalKey(Schema.Unknown),
  finish_reason: Schema.optionalKey(Schema.Unknown)
})
const Content = Schema.Struct({ content: Schema.Unknown })

const decodeChunk = Schema.decodeUnknownOption(Chunk)
const decodeChoice = Schema.decodeUnknownOption(Choice)
const contentOf = (message: unknown): string =>
  Option.match(Schema.decodeUnknownOption(Content)(message), { onNone: () => "", onSome: ({ content }) => textOf(content) })

/** Reads a response as it comes, be it a stream of events or one JSON body (F5, streaming). */
export interface AnswerReader {
  /** Takes the next part; true when nothing more needs to be read. */
  readonly feed: (part: string) => boolean
  /** Whether any text of the answer has come. */
  readonly begun: () => boolean
  /** What the response held, once it has ended or need not be read on. */
  readonly end: () => DecodedCompletion
}

/** What one event of a stream says. */
interface Told {
  readonly text: string
  readonly finishReason: string | undefined
  readonly usage: ReturnType<typeof decodeUsage>
  readonly failed: boolean
}

const toldBy = (data: string): Told | undefined => {
  const chunk = decodeChunk(data)
  if (Option.isNone(chunk)) return undefined
  const { choices, error, usage } = chunk.value
  const [first]: ReadonlyArray<unknown> = Array.isArray(choices) ? choices : []
  const choice = Option.getOrElse(decodeChoice(first), (): typeof Choice.Type => ({}))
  const reason = choice.finish_reason
  return {
    text: contentOf(choice.delta) + contentOf(choice.message),
    finishReason: typeof reason === "string" ? reason : undefined,
    usage: decodeUsage(usage),
    failed: (error !== undefined && error !== null) || reason === "error"
  }
}

const streamReader = (enough: Enough): AnswerReader => {
  let text = ""
  let finishReason: string | undefined
  let usage: Told["usage"] = Option.none()
  let understood = false
  let failed = false
  let done = false

  const take = (told: Told): void => {
    understood = true
    text += told.text
    finishReason = told.finishReason ?? finishReason
    usage = Option.orElse(told.usage, () => usage)
    failed = told.failed
    const kept = enough(text)
    if (kept !== undefined) {
      text = kept
      finishReason = "cut"
    }
    done = failed || kept !== undefined || text.length > longestBody
  }
  const parser = Sse.makeParser((event) => {
    if (done || event._tag === "Retry") return
    if (event.data.trim() === "[DONE]") {
      done = true
      return
    }
    const told = toldBy(event.data)
    if (told !== undefined) take(told)
  }, { maxEventSize: longestBody })

  return {
    feed: (part) => {
      // An event too large ends the stream as the end of the response does.
      if (parser.feed(part) !== undefined) done = true
      return done
    },
    begun: () => text !== "",
    end: () => {
      // Some servers forget the blank line after the last event.
      parser.feed("\n\n")
      if (failed) return { _tag: "Failed" }
      if (!understood) return { _tag: "Malformed", detail: "a stream without a chat completion" }
      const ended = finishReason ?? "unknown"
      return text.trim() === "" ? { _tag: "Empty", finishReason: ended } : { _tag: "Text", text, finishReason: ended, usage }
    }
  }
}

const bodyReader = (enough: Enough): AnswerReader => {
  let body = ""
  return {
    feed: (part) => {
      body += part
      return body.length > longestBody
    },
    begun: () => false,
    end: () => {
      const decoded = decodeCompletion(body)
      if (decoded._tag !== "Text") return decoded
      const kept = enough(decoded.text)
      return kept === undefined ? decoded : { ...decoded, text: kept }
    }
  }
}

/** A reader for one response: what begins like JSON or a page is read as one body, anything else as events. */
export const answerReader = (enough: Enough): AnswerReader => {
  let reader: AnswerReader | undefined
  return {
    feed: (part) => {
      if (reader === undefined && part.trim() === "") return false
      reader ??= /^[\s\uFEFF]*[{[<]/.test(part) ? bodyReader(enough) : streamReader(enough)
      return reader.feed(part)
    },
    begun: () => reader?.begun() ?? false,
    end: () => reader?.end() ?? { _tag: "Malformed", detail: "nothing" }
  }
}
