import { RE2JS } from "re2js"
import { Schema } from "effect"
import { Count, field, optional, rule, Seconds, Text, Whole } from "../Field.ts"

/** A regular expression in RE2 syntax: linear in the text, so an operator's pattern cannot hang the bot. */
const Pattern = Text.check(rule((pattern: string) => {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return `not a regular expression: ${error instanceof Error ? error.message : "it does not compile"}`
  }
}))

const ContentFilter = Schema.Struct({
  enabled: field(Schema.Boolean, true, "false: none of these checks"),
  block_patterns: field(
    Schema.Array(Pattern),
    ["http://", "https://"],
    "regular expressions, any case: a match drops the reply"
  ),
  block_keywords: field(Schema.Array(Text), [], "whole words, any case: one of them drops the reply"),
  require_keywords: field(Schema.Array(Text), [], "at least one of these words must be in the reply"),
  min_word_count: field(Whole, 2, "fewer words drop the reply"),
  max_word_count: optional(Count, "more words drop the reply; null = no limit, max_response_length alone holds")
})

/** The processing of a model's answer into a line (F7). */
export const ResponseProcessing = Schema.Struct({
  max_response_length: field(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 240 })),
    200,
    "longest line, UTF-16 units; the room cuts at 320"
  ),
  max_lines: field(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10 })),
    1,
    "a longer answer leaves as so many lines, one after the other"
  ),
  truncation_strategy: field(
    Schema.Literals(["sentence", "hard"]),
    "sentence",
    "end a long answer at its last whole sentence, or at the limit"
  ),
  strip_markdown: field(Schema.Boolean, true, "true: markdown becomes plain text"),
  collapse_newlines: field(Schema.Boolean, true, "true: line breaks become spaces"),
  content_filter: field(ContentFilter, {}, "what a reply must not or must contain"),
  quality_checks_enabled: field(Schema.Boolean, true, "true: no repeats, no echo, no empty phrases"),
  deduplicate_window: field(Count, 10, "how many of the bot's last lines a reply must differ from"),
  fallback_responses_enabled: field(
    Schema.Boolean,
    false,
    "true: say one of fallback_responses when every model failed"
  ),
  fallback_responses: field(Schema.Array(Text), [], "lines for when every model failed"),
  reply_deadline_seconds: field(Seconds, 60, "a reply later than this after its trigger is dropped; 0 = never"),
  drop_after_media_change: field(
    Schema.Literals(["unprompted", "always", "never"]),
    "unprompted",
    "drop replies when other media began meanwhile: those nobody asked for, all, none"
  )
})
export type ResponseProcessing = typeof ResponseProcessing.Type
