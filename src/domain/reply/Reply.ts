import { Option } from "effect"
import { RE2JS } from "re2js"
import type { CommandPrefixes } from "../CommandPrefix.ts"
import type { SkipReason } from "../decision/Decision.ts"
import type { DropCause } from "../decision/SkipFacts.ts"
import type { ResponseProcessing } from "../settings/ResponseSettings.ts"
import { compilePhrases } from "../PhraseMatch.ts"
import { wordsOf } from "../Words.ts"
import { clean } from "./Clean.ts"
import { linesWithin } from "./Length.ts"
import { collapsed, plainText } from "./PlainText.ts"
import { poorQuality, type QualityInput } from "./Quality.ts"
import { isReaction, reactionsIn } from "./Reaction.ts"
import { type RewritingStep, rewritingSteps } from "./Rewriting.ts"
import { type Speakers, speakersOf } from "./Transcript.ts"

/** Why an answer is dropped (the `reason` of `responses_filtered_total`). */
export type DropReason = Extract<SkipReason, "content_filter" | "length" | "quality_check" | "command">

/** The result of one step: the text's length before and after, and why it dropped the text, if it did. */
export interface ProcessedStep {
  readonly step: RewritingStep | "block" | "length" | "checks" | "command_safe"
  readonly before: number
  readonly after: number
  readonly dropped?: DropCause
}

/** The text after one step that did not drop it. */
export interface ProcessedText {
  readonly step: ProcessedStep["step"]
  readonly text: string
}

interface Processing {
  readonly steps: ReadonlyArray<ProcessedStep>
  readonly texts: ReadonlyArray<ProcessedText>
}

/** The lines fit to send, mostly one, or why there is none, with every step on the way. */
export type ProcessedReply =
  | Processing & { readonly _tag: "Lines"; readonly lines: ReadonlyArray<string> }
  | Processing & { readonly _tag: "Dropped"; readonly reason: DropReason; readonly dropped: DropCause }

/** The context that an answer is checked against. */
export interface ReplyInput extends QualityInput {
  /** The names in the prompt besides the bot's. */
  readonly people: ReadonlyArray<string>
}

type Lines = ReadonlyArray<string>

interface Facts {
  readonly input: ReplyInput
  readonly speakers: Speakers
  /** Lines as they would be sent. */
  readonly sendable: (lines: Lines) => Lines
}

type Verdict = { readonly lines: Lines } | { readonly drop: DropReason; readonly cause: DropCause }
type Processor = (lines: Lines, facts: Facts) => Verdict

const changed = (lines: Lines): Verdict => ({ lines })
const dropped = (drop: DropReason, cause: DropCause): Verdict => ({ drop, cause })
/** A reply as the room reads it. */
const joined = (lines: Lines): string => lines.join(" ")

/** Whether a reader would see anything. */
const isVisible = (text: string): boolean => /[^\s\p{DI}\p{Cc}\u2800]/u.test(text)

/** A text as it stands, and as it reads where somebody decodes what is decoded already. */
const readings = (text: string): ReadonlyArray<string> => {
  const decoded = plainText(text, { strip_markdown: true, collapse_newlines: false })
  return decoded === text || decoded.length > text.length ? [text] : [text, ...readings(decoded)]
}

const blocker = (settings: ResponseProcessing["content_filter"]): Processor => {
  const patterns = settings.block_patterns.map((source) => RE2JS.compile(source, RE2JS.CASE_INSENSITIVE))
  const keyword = compilePhrases(settings.block_keywords, { caseSensitive: false, match: "word" })
  const blocked = (text: string): DropCause | undefined => {
    const pattern = settings.block_patterns[patterns.findIndex((candidate) => candidate.test(text))]
    if (pattern !== undefined) return { _tag: "BlockPattern", pattern }
    const match = keyword(text)
    return match === undefined ? undefined : { _tag: "BlockKeyword", keyword: match }
  }
  return (lines) => {
    const cause = [...new Set([joined(lines), ...lines])].flatMap(readings).map(blocked).find((found) =>
      found !== undefined
    )
    return cause === undefined ? changed(lines) : dropped("content_filter", cause)
  }
}

const filterChecks = (settings: ResponseProcessing["content_filter"]) => {
  const needed = compilePhrases(settings.require_keywords, { caseSensitive: false, match: "word" })
  return (lines: Lines): Verdict => {
    const text = joined(lines)
    if (settings.require_keywords.length > 0 && needed(text) === undefined) {
      return dropped("content_filter", { _tag: "NoRequiredKeyword" })
    }
    // An emote says something without a word, and beside words as much as one.
    if (isReaction(text)) return changed(lines)
    const words = wordsOf(text).length + reactionsIn(text)
    const { min_word_count: minimum } = settings
    const maximum = Option.getOrElse(settings.max_word_count, () => Number.POSITIVE_INFINITY)
    if (words < minimum) return dropped("length", { _tag: "TooFewWords", words, minimum })
    if (words > maximum) return dropped("length", { _tag: "TooManyWords", words, maximum })
    return changed(lines)
  }
}

/**
 * A line as it would be sent. What the last step uncovers, or a cut has made (`!Bot: hi`, a quote that now is around
 * the whole text), is looked at again until nothing changes. Markdown is read once: what it showed is text.
 */
const sendable = (settings: ResponseProcessing, commands: CommandPrefixes) => {
  const lineOf = (text: string, speakers: Speakers): string => {
    const safe = commands.strip(collapsed(clean(text, speakers), settings))
    return safe.length < text.length ? lineOf(safe, speakers) : safe
  }
  return (lines: Lines, speakers: Speakers): Lines => lines.map((line) => lineOf(line, speakers)).filter(isVisible)
}

/** Computes once where it is asked for the same twice in a row. */
const keepingLast = <A, B>(compute: (from: A) => B): (from: A) => B => {
  let last: { readonly from: A; readonly result: B } | undefined
  return (from) => {
    if (last === undefined || last.from !== from) last = { from, result: compute(from) }
    return last.result
  }
}

const checks = (settings: ResponseProcessing, block: Processor): Processor => {
  const filter = filterChecks(settings.content_filter)
  return (lines, facts) => {
    const sent = facts.sendable(lines)
    // What is blocked must not come out of being cut and cleaned either.
    const blocked = block(sent, facts)
    if ("drop" in blocked) return blocked
    const verdict = settings.content_filter.enabled ? filter(sent) : changed(lines)
    if ("drop" in verdict) return verdict
    if (!settings.quality_checks_enabled) return changed(lines)
    const input = { ...facts.input, recentReplies: facts.input.recentReplies.slice(-settings.deduplicate_window) }
    const poor = [...new Set([joined(sent), ...sent])].map((text) => poorQuality(text, input)).find((why) =>
      why !== undefined
    )
    return poor === undefined ? changed(lines) : dropped("quality_check", poor)
  }
}

/** Compiles the six steps of F7 for one channel. No line of the result is a command, empty or too long. */
export const compileReply = (
  settings: ResponseProcessing,
  commands: CommandPrefixes
): (answer: string, input: ReplyInput) => ProcessedReply => {
  const block = settings.content_filter.enabled ? blocker(settings.content_filter) : changed
  const linesOf = sendable(settings, commands)
  const limits = {
    limit: settings.max_response_length,
    maxLines: settings.max_lines,
    strategy: settings.truncation_strategy
  }
  const steps: ReadonlyArray<readonly [ProcessedStep["step"], Processor]> = [
    ...rewritingSteps.map(([step, rewrite]): readonly [ProcessedStep["step"], Processor] => [
      step,
      (lines, { speakers }) => changed(lines.map((text) => rewrite(text, settings, speakers)))
    ]),
    ["block", block],
    ["length", (lines) => changed(linesWithin(joined(lines), limits))],
    ["checks", checks(settings, block)],
    ["command_safe", (lines, { sendable }) => {
      const safe = sendable(lines)
      return safe.length === 0 ? dropped("quality_check", { _tag: "Empty" }) : changed(safe)
    }]
  ]
  const size = (lines: Lines): number => lines.reduce((sum, line) => sum + line.length, 0)
  return (answer, input) => {
    const speakers = speakersOf(input.botNames, input.people)
    const facts: Facts = { input, speakers, sendable: keepingLast((lines) => linesOf(lines, speakers)) }
    const done: Array<ProcessedStep> = []
    const texts: Array<ProcessedText> = []
    let lines: Lines = [answer]
    for (const [step, process] of steps) {
      const verdict = process(lines, facts)
      if ("drop" in verdict) {
        done.push({ step, before: size(lines), after: 0, dropped: verdict.cause })
        return { _tag: "Dropped", reason: verdict.drop, dropped: verdict.cause, steps: done, texts }
      }
      done.push({ step, before: size(lines), after: size(verdict.lines) })
      lines = verdict.lines
      texts.push({ step, text: lines.join("\n") })
    }
    return { _tag: "Lines", lines, steps: done, texts }
  }
}
