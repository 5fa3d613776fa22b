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

/** The largest completion: a longer one is no answer. UTF-16 units. */
const longestBody = 1_000_000
/** The largest response, reasoning, comments and blanks included. UTF-16 units. */
const longestResponse = 8_000_000

/** The result of a response. */
export type ReadCompletion =
  | {
    readonly _tag: "Text"
    readonly text: string
    /** `cut`: enough was read, the rest was not awaited. `unknown`: the server sent no reason. */
    readonly finishReason: FinishReason | "cut" | "unknown"
    readonly usage: Option.Option<Usage>
  }
  | {
    readonly _tag: "Empty"
    readonly finishReason: FinishReason | "cut" | "unknown"
    readonly usage: Option.Option<Usage>
    /** It reasoned but gave no answer. */
    readonly thinking: boolean
  }
  /** It is truncated: its text may be half a sentence. */
  | { readonly _tag: "Broken" }
  | { readonly _tag: "Malformed"; readonly detail: string }
  | ReportedFailure

/** Reads a response incrementally, a stream of events or one JSON body (F5, streaming). */
export interface CompletionReader {
  /** Feeds the next part; true when nothing more needs to be read. */
  readonly feed: (part: string) => boolean
  /** The text of a streamed answer so far; empty until it begins. */
  readonly soFar: () => string
  /** Whether the answer is complete: only its usage may follow. */
  readonly isWhole: () => boolean
  /** Whether the protocol's own end was read: nothing but the end of the response may follow. */
  readonly isOver: () => boolean
  readonly served: () => Served
  /** The result, once the response has ended or enough is read. */
  readonly end: () => ReadCompletion
}

/** The result of a complete answer: its text, or none where nothing of it can be sent. */
const answerOf = (
  choice: ChosenText,
  text: string,
  finishReason: FinishReason | "cut" | "unknown",
  usage: Option.Option<Usage>
): ReadCompletion => {
  const failure = failureOfText(text)
  if (failure !== undefined) return failure
  // An answer that the provider's filter cut is not sent.
  const refused = choice.refused() || finishReason === "content_filter"
  if (!refused && clean(text, anybody) !== "") return { _tag: "Text", text, finishReason, usage }
  return { _tag: "Empty", finishReason, usage, thinking: !refused && (choice.thinks() || holdsThinking(text)) }
}

const streamReader = (enough: StopCondition): CompletionReader => {
  const choice = chosenText()
  let enoughText: string | undefined
  let usage = Option.none<Usage>()
  let understood = false
  let served: Served = {}
  let failure: ReportedFailure | undefined
  // The protocol's own end.
  let over = false
  // That, or enough was read.
  let done = false
  let tooLong = false
  // An event that began as JSON but does not parse: a piece of the answer is lost.
  let garbled = false

  const isWhole = (): boolean => done || choice.finishReason() !== undefined

  const take = (chunk: CompletionChunk): void => {
    understood = true
    usage = Option.orElse(chunk.usage, () => usage)
    served = { ...served, ...chunk.served }
    failure = chunk.failure
    if (failure === undefined) (chunk.choices ?? []).forEach(choice.add)
    enoughText = failure === undefined ? enough(choice.text()) : undefined
    done = failure !== undefined || enoughText !== undefined || choice.text().length > longestBody
  }
  const takeData = (data: string, json: Option.Option<unknown>, event: string): void => {
    tooLong ||= data.length > longestBody
    if (done || tooLong) return
    if (event === "error") failure = failureOfErrorEvent(Option.getOrUndefined(json))
    garbled ||= !isWhole() && Option.isNone(json) && /^[{[]/.test(data)
    const chunk = Option.isSome(json) && failure === undefined ? chunkOf(json.value) : undefined
    if (chunk !== undefined) take(chunk)
    done ||= failure !== undefined
  }
  const events = eventStream(longestBody, takeData, () => {
    over = true
    done = true
  })
  return {
    feed: (part) => {
      if (!done && !events.feed(part)) tooLong = true
      return done || tooLong
    },
    soFar: () => enoughText ?? choice.text(),
    isWhole,
    isOver: () => over,
    served: () => served,
    end: () => {
      const torn = events.end()
      if (failure !== undefined) return failure
      const whole = isWhole()
      const text = enoughText ?? choice.text()
      if (garbled && enoughText === undefined && !tooLong) return { _tag: "Broken" }
      if (!understood) return { _tag: "Malformed", detail: "a stream without a chat completion" }
      if (tooLong && !whole) return { _tag: "Malformed", detail: "too long" }
      // Without an end marker, only a text that ends with a sentence after a whole event counts as complete.
      if (!whole && (torn || !endsSentence(clean(text, anybody)))) return { _tag: "Broken" }
      return answerOf(choice, text, enoughText === undefined ? choice.finishReason() ?? "unknown" : "cut", usage)
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
    isOver: () => false,
    served: () => chunk()?.served ?? {},
    end: () => {
      if (body.length > longestBody) return { _tag: "Malformed", detail: "too long" }
      const json = parsed(body)
      if (Option.isNone(json)) {
        // JSON with a complete first line is another protocol's stream; otherwise the end is missing.
        const begun = /^[{[]/.test(body) && Option.isNone(parsed(body.split("\n", 1)[0] ?? ""))
        return begun ? { _tag: "Broken" } : { _tag: "Malformed", detail: "not JSON" }
      }
      const { choices, failure, usage = Option.none() } = chunkOf(json.value) ?? {}
      if (failure !== undefined) return failure
      if (choices === undefined || choices.length === 0) return { _tag: "Malformed", detail: "no choices" }
      const choice = chosenText()
      choices.forEach(choice.add)
      const text = enough(choice.text()) ?? choice.text()
      return answerOf(choice, text, choice.finishReason() ?? "unknown", usage)
    }
  }
}

/** A reader of one response: one that begins like JSON or HTML is read as one body, any other as events. */
export const completionReader = (enough: StopCondition): CompletionReader => {
  let reader: CompletionReader | undefined
  let length = 0
  return {
    feed: (part) => {
      length += part.length
      // Blanks and a byte order mark before the beginning belong to neither.
      const rest = reader === undefined ? part.trimStart() : part
      if (rest !== "") {
        reader ??= /^[{[<]/.test(rest) ? bodyReader(enough) : streamReader(enough)
        if (reader.feed(rest)) return true
      }
      return length > longestResponse
    },
    soFar: () => reader?.soFar() ?? "",
    isWhole: () => reader?.isWhole() ?? false,
    isOver: () => reader?.isOver() ?? false,
    served: () => reader?.served() ?? {},
    end: () => {
      const end = reader?.end() ?? { _tag: "Malformed", detail: "nothing" }
      const tooLong = length > longestResponse && reader?.isWhole() !== true
      return tooLong && end._tag !== "Failed" ? { _tag: "Malformed", detail: "too long" } : end
    }
  }
}
