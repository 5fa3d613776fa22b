import { RE2JS } from "re2js"
import type { SkipReason } from "../decision/Decision.ts"
import type { DropCause } from "../decision/SkipFacts.ts"
import type { ResponseProcessing } from "../settings/ResponseSettings.ts"
import { compilePhrases } from "../PhraseMatch.ts"
import { commandSafe, isVisible } from "./CommandSafe.ts"
import { withinLength } from "./Length.ts"
import { poorQuality, wordsOf } from "./Quality.ts"
import { type RewritingStep, rewritingSteps, rewritten } from "./Rewriting.ts"

/** Why an answer is dropped (the `reason` of `responses_filtered_total`). */
export type DropReason = Extract<SkipReason, "content_filter" | "length" | "quality_check" | "command">

/** What one step did: how long the text was before and after, and why it dropped it, if it did. */
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

/** A line fit to send, or why there is none, with every step on the way. */
export type ProcessedReply =
  | Processing & { readonly _tag: "Line"; readonly text: string }
  | Processing & { readonly _tag: "Dropped"; readonly reason: DropReason; readonly dropped: DropCause }

/** What an answer is held against. */
export interface ReplyInput {
  readonly botNames: ReadonlyArray<string>
  /** The bot's last lines in this conversation, the newest last. */
  readonly recentReplies: ReadonlyArray<string>
  readonly trigger: string
}

type Verdict = { readonly text: string } | { readonly drop: DropReason; readonly cause: DropCause }
type Processor = (text: string, input: ReplyInput) => Verdict

const changed = (text: string): Verdict => ({ text })
const dropped = (drop: DropReason, cause: DropCause): Verdict => ({ drop, cause })

const blocker = (settings: ResponseProcessing["content_filter"]): Processor => {
  const patterns = settings.block_patterns.map((source) => RE2JS.compile(source, RE2JS.CASE_INSENSITIVE))
  const keyword = compilePhrases(settings.block_keywords, { caseSensitive: false, match: "word" })
  return (text) => {
    const pattern = settings.block_patterns[patterns.findIndex((candidate) => candidate.test(text))]
    if (pattern !== undefined) return dropped("content_filter", { _tag: "BlockPattern", pattern })
    const found = keyword(text)
    return found === undefined ? changed(text) : dropped("content_filter", { _tag: "BlockKeyword", keyword: found })
  }
}

const filterChecks = (settings: ResponseProcessing["content_filter"]): Processor => {
  const needed = compilePhrases(settings.require_keywords, { caseSensitive: false, match: "word" })
  return (text) => {
    const words = wordsOf(text).length
    if (settings.require_keywords.length > 0 && needed(text) === undefined) {
      return dropped("content_filter", { _tag: "NoRequiredKeyword" })
    }
    const { max_word_count: maximum, min_word_count: minimum } = settings
    if (words < minimum) return dropped("length", { _tag: "TooFewWords", words, minimum })
    if (words > maximum) return dropped("length", { _tag: "TooManyWords", words, maximum })
    return changed(text)
  }
}

/**
 * The text that would be sent. What the last step uncovers, or a cut has made (`!Bot: hi`, a quote that now is around
 * the whole text), is looked at again until nothing changes: a line that goes in comes out as it is.
 */
const sendable = (settings: ResponseProcessing) => (text: string, input: ReplyInput): string => {
  const safe = commandSafe(rewritten(text, settings, input.botNames))
  return safe.length < text.length ? sendable(settings)(safe, input) : safe
}

const checks = (settings: ResponseProcessing, block: Processor): Processor => {
  const filter = filterChecks(settings.content_filter)
  const lineOf = sendable(settings)
  return (text, input) => {
    const line = lineOf(text, input)
    // What is blocked must not come out of being cut and cleaned either.
    const blocked = block(line, input)
    if ("drop" in blocked) return blocked
    const verdict = settings.content_filter.enabled ? filter(line, input) : changed(text)
    if ("drop" in verdict) return verdict
    const poor = settings.quality_checks_enabled
      ? poorQuality(line, input.recentReplies.slice(-settings.deduplicate_window), input.trigger)
      : undefined
    return poor === undefined ? changed(text) : dropped("quality_check", poor)
  }
}

/** Compiles the steps of F7 for one channel's settings. The result never is a command, empty or too long. */
export const compileReply = (settings: ResponseProcessing): (answer: string, input: ReplyInput) => ProcessedReply => {
  const block = settings.content_filter.enabled ? blocker(settings.content_filter) : changed
  const lineOf = sendable(settings)
  const steps: ReadonlyArray<readonly [ProcessedStep["step"], Processor]> = [
    ...rewritingSteps.map(([step, rewrite]): readonly [ProcessedStep["step"], Processor] => [
      step,
      (text, input) => changed(rewrite(text, settings, input.botNames))
    ]),
    ["block", block],
    ["length", (text) => changed(withinLength(text, settings.max_response_length, settings.truncation_strategy))],
    ["checks", checks(settings, block)],
    ["command_safe", (text, input) => {
      const safe = lineOf(text, input)
      return !isVisible(safe) ? dropped("quality_check", { _tag: "Empty" }) : changed(safe)
    }]
  ]
  return (answer, input) => {
    const done: Array<ProcessedStep> = []
    const texts: Array<ProcessedText> = []
    let text = answer
    for (const [step, process] of steps) {
      const verdict = process(text, input)
      if ("drop" in verdict) {
        done.push({ step, before: text.length, after: 0, dropped: verdict.cause })
        return { _tag: "Dropped", reason: verdict.drop, dropped: verdict.cause, steps: done, texts }
      }
      done.push({ step, before: text.length, after: verdict.text.length })
      text = verdict.text
      texts.push({ step, text })
    }
    return { _tag: "Line", text, steps: done, texts }
  }
}
