import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { parse } from "yaml"
import { compileCommandPrefixes, defaultCommandPrefixes } from "../../../src/domain/CommandPrefix.ts"
import { compileReply, type ProcessedReply, type ReplyInput } from "../../../src/domain/reply/Reply.ts"
import { ResponseProcessing } from "../../../src/domain/settings/ResponseSettings.ts"
import { costMs } from "../../support/cost.ts"
import { invisibles, lineBreaks, mixed } from "../arbitraries.ts"

const Row = Schema.Struct({
  rule: Schema.NonEmptyString,
  answer: Schema.String,
  times: Schema.optionalKey(Schema.Int),
  settings: Schema.optionalKey(Schema.Unknown),
  trigger: Schema.optionalKey(Schema.String),
  recent: Schema.optionalKey(Schema.Array(Schema.String)),
  people: Schema.optionalKey(Schema.Array(Schema.String)),
  line: Schema.optionalKey(Schema.String),
  lines: Schema.optionalKey(Schema.Array(Schema.String)),
  dropped: Schema.optionalKey(Schema.Literals(["content_filter", "length", "quality_check", "command"]))
})
const decodeRows = Schema.decodeUnknownSync(Schema.Array(Row), { onExcessProperty: "error" })
const rows = decodeRows(parse(readFileSync(resolve(import.meta.dirname, "../../fixtures/replies.yaml"), "utf8")))

const decodeSettings = Schema.decodeUnknownSync(ResponseProcessing, { onExcessProperty: "error" })
const settingsOf = (settings: unknown): ResponseProcessing => decodeSettings(settings ?? {})

const input: ReplyInput = {
  botNames: ["CynthiaRothbot", "Cynthia"],
  recentReplies: [],
  people: ["Ana", "Bob_Z"],
  trigger: "hey, what do you say?"
}
const commands = compileCommandPrefixes(defaultCommandPrefixes)
const textOf = (lines: ReadonlyArray<string>): string => lines.join("\n")
const outcome = (
  reply: ProcessedReply
): { readonly line: string } | { readonly lines: ReadonlyArray<string> } | { readonly dropped: string } => {
  if (reply._tag === "Dropped") return { dropped: reply.reason }
  return reply.lines.length === 1 ? { line: textOf(reply.lines) } : { lines: reply.lines }
}

/** Dots alone are none, whatever unseen stands among them. */
const isCommand = (line: string): boolean =>
  /^[\s\p{DI}\p{Cc}\u2800]*[/!.$#~\\／！．＄＃～＼][/!.$#~\\／！．＄＃～＼\s\p{DI}\p{Cc}\u2800]*\p{L}/u.test(line) &&
  !/^\p{DI}*[.．]\p{DI}*(?:[.．]\p{DI}*)+\s*\p{L}/u.test(line)
const isVisible = (line: string): boolean => /[^\s\p{DI}\p{Cc}\u2800]/u.test(line)
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

describe("replies.yaml", () => {
  it.each(rows)("$rule: $answer", ({ answer, dropped, line, lines, people, recent, settings, times, trigger }) => {
    const process = compileReply(settingsOf(settings), commands)
    const reply = process(answer.repeat(times ?? 1), {
      ...input,
      recentReplies: recent ?? [],
      people: people ?? [],
      trigger: trigger ?? input.trigger
    })
    expect(outcome(reply)).toEqual(dropped !== undefined ? { dropped } : lines === undefined ? { line } : { lines })
    if (reply._tag === "Lines") expect(reply.lines.filter(isCommand)).toEqual([])
  })

  it("each line comes out as it went in", () => {
    for (const { line, settings } of rows) {
      if (line === undefined) continue
      const again = compileReply({ ...settingsOf(settings), strip_markdown: false }, commands)
      expect(outcome(again(line, { ...input, trigger: "" }))).toEqual({ line })
    }
  })
})

describe("what each step did", () => {
  it("is told in order, without the text", () => {
    const reply = compileReply(settingsOf({ max_response_length: 20 }), commands)(
      "<think>secret</think>/**I** like films. And series, and books.",
      input
    )
    expect(outcome(reply)).toEqual({ line: "I like films." })
    expect(reply.steps.map(({ after, before, step }) => [step, before, after])).toEqual([
      ["clean", 62, 41],
      ["plain_text", 41, 37],
      ["block", 37, 37],
      ["length", 37, 14],
      ["checks", 14, 14],
      ["command_safe", 14, 13]
    ])
    expect(JSON.stringify(reply.steps)).not.toContain("films")
  })

  it("ends with the step that dropped the answer and why", () => {
    const reply = compileReply(settingsOf({ content_filter: { block_keywords: ["films"] } }), commands)(
      "I like films.",
      input
    )
    const dropped = { _tag: "BlockKeyword", keyword: "films" }
    expect(reply).toMatchObject({ _tag: "Dropped", reason: "content_filter", dropped })
    expect(reply.steps.at(-1)).toMatchObject({ step: "block", after: 0, dropped })
    expect(JSON.stringify(reply.steps)).not.toContain("like")
  })
})

describe("always", () => {
  const answers = mixed([
    ...lineBreaks,
    ...invisibles,
    "/",
    "!",
    ".",
    "...",
    "#",
    "~",
    "~~",
    "\\",
    "／",
    "．",
    ">",
    "*",
    "**",
    "_",
    "`",
    "```",
    "- ",
    "1. ",
    "9\\. ",
    "[",
    "](",
    ")",
    "<think>",
    "</think>",
    "[think]",
    "<b>",
    "<!--",
    "-->",
    "&amp;",
    "&lt;",
    "&#47;",
    "\"",
    "“",
    "”",
    "'",
    "Cynthia:",
    "Cynthia",
    ": ",
    "kick",
    " word ",
    " two words. ",
    "Dr. ",
    "A. ",
    "映画",
    "。",
    "ก็",
    "مرحبا",
    "؟",
    "👩‍🚀",
    "🇩🇪",
    "e\u0301",
    "\uD83D",
    "2*3*4",
    "http",
    "://",
    "ok",
    " "
  ], 60)
  const Limits = Schema.Struct({
    max_response_length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 240 })),
    truncation_strategy: Schema.Literals(["sentence", "hard"]),
    strip_markdown: Schema.Boolean,
    collapse_newlines: Schema.Boolean,
    quality_checks_enabled: Schema.Boolean,
    content_filter: Schema.Struct({ enabled: Schema.Boolean, min_word_count: Schema.Literals([0, 1, 2]) })
  })

  it.prop("within the limit, visible, no command, whole characters, and the same when it comes again", [
    answers,
    Limits,
    Schema.Literals([1, 1, 3])
  ], ([piece, limits, times]) => {
    const answer = piece.repeat(times)
    const process = compileReply(settingsOf(limits), commands)
    const reply = process(answer, { ...input, trigger: "" })
    if (reply._tag === "Dropped") return
    const text = textOf(reply.lines)
    expect(text.length).toBeLessThanOrEqual(limits.max_response_length)
    expect(isVisible(text)).toBe(true)
    expect(isCommand(text)).toBe(false)
    expect(text.isWellFormed()).toBe(true)
    expect(text).toBe(text.trim())
    if (limits.collapse_newlines) expect(text).not.toMatch(/\s\s|\n/u)
    if (limits.content_filter.enabled) expect(text).not.toMatch(/https?:\/\//i)
    // What markdown showed is text: an escaped `*` is none when it comes again.
    const again = compileReply(settingsOf({ ...limits, strip_markdown: false }), commands)
    expect(outcome(again(text, { ...input, trigger: "" }))).toEqual({ line: text })
  }, { arbitrary: { runs: 1_500 } })

  it.prop("a cut falls between characters as readers see them", [
    mixed(["a", "👩‍🚀", "🇩🇪", "e\u0301", "ก็", "한", "Z\u0335\u0306\u0334", " ", "👍🏽"], 80),
    Schema.Int.check(Schema.isBetween({ minimum: 8, maximum: 40 })),
    Schema.Literals(["sentence", "hard"])
  ], ([raw, max_response_length, truncation_strategy]) => {
    const answer = raw.replace(/[^\p{L}\p{M}\p{So}\p{Sk}\u200D ]/gu, "").replace(/\s+/gu, " ").trim()
    const settings = settingsOf({
      max_response_length,
      truncation_strategy,
      strip_markdown: false,
      quality_checks_enabled: false,
      content_filter: { enabled: false }
    })
    const reply = compileReply(settings, compileCommandPrefixes([]))(answer, input)
    if (reply._tag === "Dropped" || textOf(reply.lines) === answer) return
    const kept = textOf(reply.lines).replace(/ ?\.\.\.$/u, "")
    const boundaries = new Set([...graphemes.segment(answer)].map(({ index }) => index))
    expect(answer.startsWith(kept)).toBe(true)
    expect(boundaries.has(kept.length) || kept === answer, kept).toBe(true)
  }, { arbitrary: { runs: 500 } })
})

describe("cost", () => {
  const withPatterns = (patterns: ReadonlyArray<string>) =>
    compileReply(settingsOf({ content_filter: { block_patterns: patterns } }), commands)

  it("an operator's pattern that other engines hang on costs a small multiple of a simple one", () => {
    const hostile = "a".repeat(10_000) + "!"
    const simple = withPatterns(["zzz"])
    const nested = withPatterns(["(a+)+$"])
    expect([outcome(simple(hostile, input)), outcome(nested(hostile, input))]).toEqual([{ dropped: "length" }, {
      dropped: "length"
    }])
    const trivial = costMs(() => simple(hostile, input))
    expect(costMs(() => nested(hostile, input)) / trivial).toBeLessThan(50)
  })

  it("no answer of 10,000 characters costs much more than a usual one of that length", () => {
    const process = compileReply(settingsOf({}), commands)
    const usual = "I **like** films, and *you* like series. ".repeat(250).slice(0, 10_000)
    process(usual, input)
    const plain = Math.max(1, costMs(() => process(usual, input)))
    const pieces = [
      "[",
      ">",
      "> ",
      "*",
      "_",
      "*a_ ",
      "`",
      "` ",
      "<",
      "<a ",
      "<think>",
      "<think ",
      "</think ",
      "[think",
      "&amp;",
      "amp;",
      "\\",
      "**a ",
      "- ",
      "![",
      "[a](",
      " ",
      "a ",
      "~~a ",
      "A. ",
      "Dr. ",
      "... ",
      "/ ",
      "\u200D",
      "Cynthia:",
      "\"",
      "\n",
      "a\n\n",
      "\n>",
      "e\u0301",
      "\u0301",
      "👩‍",
      "漢",
      "ก"
    ]
    const slow = pieces.map((piece) => {
      const answer = piece.repeat(Math.ceil(10_000 / piece.length))
      return [piece, costMs(() => process(answer, input)) / plain] as const
    }).filter(([, ratio]) => ratio > 50)
    expect(slow).toEqual([])
  })

  it("an answer of a million characters is survived", () => {
    const process = compileReply(settingsOf({}), commands)
    for (const piece of ["Cynthia:", ">", "*", "\"", "/ ", "<think>", "I like films. "]) {
      expect(process(piece.repeat(1_000_000 / piece.length), input)._tag).toMatch(/Lines|Dropped/)
    }
  }, 120_000)
})
