import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { neverStop, type StopCondition, stopConditionFor } from "../../../src/domain/reply/StopCondition.ts"
import { compileCommandPrefixes } from "../../../src/domain/CommandPrefix.ts"
import { speakersOf } from "../../../src/domain/reply/Transcript.ts"
import { compileReply, type ReplyInput } from "../../../src/domain/reply/Reply.ts"
import { ResponseProcessing } from "../../../src/domain/settings/ResponseSettings.ts"
import { costMs } from "../../support/cost.ts"

const decode = Schema.decodeUnknownSync(ResponseProcessing, { onExcessProperty: "error" })
const enough = (max_response_length = 200, more: object = {}): StopCondition =>
  stopConditionFor(decode({ max_response_length, ...more }), speakersOf(["MovieBot"], []))
const prose = "I like this film a lot. It has good songs in it, and nobody dies! Who made it? "

/** What is kept of a text that comes a piece at a time, and how much of it had come by then. */
const cutOf = (
  text: string,
  piece: number,
  look = enough()
): { readonly kept: number; readonly read: number } | undefined => {
  for (let read = piece; read < text.length + piece; read += piece) {
    const kept = look(text.slice(0, read))
    if (kept !== undefined) return { kept: kept.length, read: Math.min(read, text.length) }
  }
  return undefined
}

describe("an answer", () => {
  it("is never enough where all of it is wanted", () => expect(neverStop(prose.repeat(100))).toBeUndefined())

  const lengths: ReadonlyArray<readonly [limit: number, most: number]> = [[1, 60], [40, 90], [120, 180], [200, 260], [
    240,
    300
  ]]
  it.each(lengths)("for a line of %i is enough before %i characters", (limit, most) => {
    const cut = cutOf(prose.repeat(10), 1, enough(limit))
    expect(cut?.kept).toBeGreaterThan(limit)
    expect(cut?.read).toBeLessThanOrEqual(most)
  })

  it.each([1, 2, 3, 5, 7, 16, 64, 1000])("is cut at the same place in pieces of %i", (piece) => {
    expect(cutOf(prose.repeat(10), piece)?.kept).toBe(cutOf(prose.repeat(10), 1)?.kept)
  })

  const filler = "a thought that nobody sees. ".repeat(40)
  const uncounted: ReadonlyArray<readonly [what: string, before: string]> = [
    ["reasoning", `<think>${filler}</think>`],
    ["reasoning without a beginning", `${"x ".repeat(50)}</think>`],
    ["blanks", " ".repeat(900)],
    ["what is not seen", "\u200B".repeat(900)],
    ["the bot's name", "MovieBot: "]
  ]
  it.each(uncounted)("is as long as its line: %s does not count", (_, before) => {
    expect(cutOf(before + prose, 8)).toBeUndefined()
    const cut = cutOf(before + prose.repeat(20), 8)
    expect(cut?.kept).toBeGreaterThan(before.length + 200)
    expect(cut?.kept).toBeLessThan((before.length + 300) * 1.1)
  })

  it("that begins like thinking is read on: its end mark may come", () => {
    const thought = `Okay, let me think about what to say here. ${filler}`
    expect(cutOf(`${thought}</think>${prose}`, 8)).toBeUndefined()
    expect(cutOf(`We need to watch that again! ${filler}`, 8)).toBeUndefined()
  })

  it("that only thinks is never enough", () => expect(cutOf(`<think>${filler.repeat(10)}`, 50)).toBeUndefined())

  it("counts markup where markup stays", () => {
    const text = "**a** ".repeat(60)
    expect(cutOf(text, 1)).toBeUndefined()
    expect(cutOf(text, 1, enough(200, { strip_markdown: false }))?.kept).toBeLessThan(260)
  })

  const hostile: ReadonlyArray<readonly [what: string, text: string]> = [
    ["an unclosed thought", `<think>${"a b ".repeat(250_000)}`],
    ["blanks", " \n".repeat(500_000)],
    ["nothing to see", "\u200B".repeat(1_000_000)],
    ["beginnings", "<think>".repeat(140_000)],
    ["tags", "<b>".repeat(300_000)]
  ]
  it.each(hostile)("of a million characters does not hold the bot up: %s", (_, text) => {
    const cost = (length: number): number =>
      costMs(() => {
        enough()(text.slice(0, length))
        cutOf(text.slice(0, length / 10), length / 10_000)
      }, 1)
    // Ten times the text costs about ten times as much; a hundred times would be one that grows with the square.
    expect(cost(1_000_000) / Math.max(1, cost(100_000))).toBeLessThan(50)
  })
})

describe("a cut", () => {
  const input: ReplyInput = { botNames: ["MovieBot"], people: [], recentReplies: [], trigger: "what do you say" }
  const sentences = Schema.Literals([
    "I like this film. ",
    "It has good songs in it, and nobody dies! ",
    "Who made it? ",
    "Well ",
    "and so on ",
    "Grüße aus Köln. ",
    "映画が好きです。",
    "Ana said so, ",
    "I saw it with Dr. Who. ",
    "👨‍👩‍👧 ",
    "**Great** stuff. ",
    "A very, very long sentence that goes on and on without an end in sight, "
  ])

  it.prop(
    "does not change the line: it is that of the whole answer",
    [
      Arbitrary.array(Arbitrary.schema(sentences), { minLength: 5, maxLength: 60 }),
      Arbitrary.schema(Schema.Literals([20, 80, 200, 240])),
      Arbitrary.schema(Schema.Literals(["sentence", "hard"])),
      Arbitrary.schema(Schema.Literals([1, 2, 5]))
    ],
    ([parts, max_response_length, truncation_strategy, max_lines]) => {
      const configured = decode({
        max_response_length,
        max_lines,
        truncation_strategy,
        content_filter: { max_word_count: 1000 }
      })
      const text = parts.join("")
      const kept = stopConditionFor(configured, speakersOf(input.botNames, []))(text) ?? text
      const line = (answer: string): string => {
        const reply = compileReply(configured, compileCommandPrefixes([]))(answer, input)
        return reply._tag === "Lines" ? reply.lines.join("\n") : reply.reason
      }
      expect(line(kept)).toBe(line(text))
    },
    { arbitrary: { runs: 500 } }
  )
})
