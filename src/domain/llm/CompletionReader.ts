import { Option } from "effect"
import { clean } from "../reply/Clean.ts"
import { anybody } from "../reply/Transcript.ts"
import { holdsThinking } from "../reply/Reasoning.ts"
import type { StopCondition } from "../reply/StopCondition.ts"
import type { Usage } from "./ChatCompletion.ts"
import { chunkOf, type CompletionChunk, parsed, type Served } from "./CompletionChunk.ts"
import { type ChosenText, chosenText } from "./ChosenText.ts"
import { eventStream } from "./EventStream.ts"
import type { FinishReason } from "./FinishReason.ts"
import { failureOfErrorEvent, failureOfText, type ReportedFailure } from "./ReportedFailure.ts"
import { endsSentence } from "./SentenceEnd.ts"

/** A completion is small; whoever sends more than this is not answering the question. UTF-16 units. */
const longestBody = 1_000_000
/** The most that is read of one response, reasoning, comments and blanks included. UTF-16 units. */
const longestResponse = 8_000_000

/** What a response held. */
export type ReadCompletion =
  | {
    readonly _tag: "Text"
    readonly text: string
    /** `cut`: enough was read and the rest was not waited for. `unknown`: the server does not say. */
    readonly finishReason: FinishReason | "cut" | "unknown"
    readonly usage: Option.Option<Usage>
  }
  | {
    readonly _tag: "Empty"
    readonly finishReason: FinishReason | "cut" | "unknown"
    readonly usage: Option.Option<Usage>
    /** It thought, and came to no answer. */
    readonly thinking: boolean
  }
  /** It ended before its end: what there is may be half a sentence. */
  | { readonly _tag: "Broken" }
  | { readonly _tag: "Malformed"; readonly detail: string }
  | ReportedFailure

/** Reads a response as it comes, be it a stream of events or one JSON body (F5, streaming). */
export interface CompletionReader {
  /** Takes the next part; true when nothing more needs to be read. */
  readonly feed: (part: string) => boolean
  /** The text of a streamed answer so far; empty until it begins. */
  readonly soFar: () => string
  /** Whether the answer is known to be whole: what may still come is only its usage. */
  readonly isWhole: () => boolean
  readonly served: () => Served
  /** What the response held, once it has ended or need not be read on. */
  readonly end: () => ReadCompletion
}

/** What an answer that came to its end is: a text, or none where nothing of it can be said aloud. */
const answerOf = (
  said: ChosenText,
  text: string,
  finishReason: FinishReason | "cut" | "unknown",
  usage: Option.Option<Usage>
): ReadCompletion => {
  const failure = failureOfText(text)
  if (failure !== undefined) return failure
  // What a provider filtered in the middle is not said half.
  const refused = said.refused() || finishReason === "content_filter"
  if (!refused && clean(text, anybody) !== "") return { _tag: "Text", text, finishReason, usage }
  return { _tag: "Empty", finishReason, usage, thinking: !refused && (said.thinks() || holdsThinking(text)) }
}

const streamReader = (enough: StopCondition): CompletionReader => {
  const said = chosenText()
  let kept: string | undefined
  let usage = Option.none<Usage>()
  let understood = false
  let served: Served = {}
  let failure: ReportedFailure | undefined
  // The protocol's own end, or that enough was read.
  let done = false
  let tooLong = false
  // An event that began as JSON and is none: a piece of the answer is lost.
  let garbled = false

  const isWhole = (): boolean => done || said.finishReason() !== undefined

  const take = (chunk: CompletionChunk): void => {
    understood = true
    usage = Option.orElse(chunk.usage, () => usage)
    served = { ...served, ...chunk.served }
    failure = chunk.failure
    if (failure === undefined) (chunk.choices ?? []).forEach(said.add)
    kept = failure === undefined ? enough(said.text()) : undefined
    done = failure !== undefined || kept !== undefined || said.text().length > longestBody
  }
  const takeData = (data: string, event: string): void => {
    tooLong ||= data.length > longestBody
    if (done || tooLong) return
    const json = parsed(data)
    if (event === "error") failure = failureOfErrorEvent(Option.getOrUndefined(json))
    garbled ||= !isWhole() && Option.isNone(json) && /^[{[]/.test(data)
    const chunk = Option.isSome(json) && failure === undefined ? chunkOf(json.value) : undefined
    if (chunk !== undefined) take(chunk)
    done ||= failure !== undefined
  }
  const events = eventStream(longestBody, takeData, () => {
    done = true
  })
  return {
    feed: (part) => {
      if (!done && !events.feed(part)) tooLong = true
      return done || tooLong
    },
    soFar: () => kept ?? said.text(),
    isWhole,
    served: () => served,
    end: () => {
      const torn = events.end()
      if (failure !== undefined) return failure
      const whole = isWhole()
      const text = kept ?? said.text()
      if (garbled && kept === undefined && !tooLong) return { _tag: "Broken" }
      if (!understood) return { _tag: "Malformed", detail: "a stream without a chat completion" }
      if (tooLong && !whole) return { _tag: "Malformed", detail: "too long" }
      // Without any sign of an end only a text that ends by itself, behind a whole event, is taken for one.
      if (!whole && (torn || !endsSentence(clean(text, anybody)))) return { _tag: "Broken" }
      return answerOf(said, text, kept === undefined ? said.finishReason() ?? "unknown" : "cut", usage)
    }
  }
}

const bodyReader = (enough: StopCondition): CompletionReader => {
  let body = ""
  const chunk = (): CompletionChunk | undefined => Option.getOrUndefined(Option.map(parsed(body), chunkOf))
  return {
    feed: (part) => {
      body += part
      return body.length > longestBody
    },
    soFar: () => "",
    isWhole: () => false,
    served: () => chunk()?.served ?? {},
    end: () => {
      if (body.length > longestBody) return { _tag: "Malformed", detail: "too long" }
      const json = parsed(body)
      if (Option.isNone(json)) {
        // JSON whose first line is whole is another protocol's stream; otherwise the end is missing.
        const begun = /^[{[]/.test(body) && Option.isNone(parsed(body.split("\n", 1)[0] ?? ""))
        return begun ? { _tag: "Broken" } : { _tag: "Malformed", detail: "not JSON" }
      }
      const { choices, failure, usage = Option.none() } = chunkOf(json.value) ?? {}
      if (failure !== undefined) return failure
      if (choices === undefined || choices.length === 0) return { _tag: "Malformed", detail: "no choices" }
      const said = chosenText()
      choices.forEach(said.add)
      const text = enough(said.text()) ?? said.text()
      return answerOf(said, text, said.finishReason() ?? "unknown", usage)
    }
  }
}

/** A reader for one response: what begins like JSON or a page is read as one body, anything else as events. */
export const completionReader = (enough: StopCondition): CompletionReader => {
  let reader: CompletionReader | undefined
  let read = 0
  return {
    feed: (part) => {
      read += part.length
      // Blanks and a byte order mark before the beginning belong to neither.
      const rest = reader === undefined ? part.trimStart() : part
      if (rest !== "") {
        reader ??= /^[{[<]/.test(rest) ? bodyReader(enough) : streamReader(enough)
        if (reader.feed(rest)) return true
      }
      return read > longestResponse
    },
    soFar: () => reader?.soFar() ?? "",
    isWhole: () => reader?.isWhole() ?? false,
    served: () => reader?.served() ?? {},
    end: () => {
      const end = reader?.end() ?? { _tag: "Malformed", detail: "nothing" }
      const tooLong = read > longestResponse && reader?.isWhole() !== true
      return tooLong && end._tag !== "Failed" ? { _tag: "Malformed", detail: "too long" } : end
    }
  }
}
