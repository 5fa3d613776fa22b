import { readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Option, Schema } from "effect"
import {
  type CompletionReader,
  completionReader,
  type ReadCompletion
} from "../../../src/domain/llm/CompletionReader.ts"
import { endsSentence } from "../../../src/domain/llm/SentenceEnd.ts"
import { clean } from "../../../src/domain/reply/Clean.ts"
import { anybody } from "../../../src/domain/reply/Transcript.ts"
import { neverStop, stopConditionFor } from "../../../src/domain/reply/StopCondition.ts"
import { compileCommandPrefixes } from "../../../src/domain/CommandPrefix.ts"
import { speakersOf } from "../../../src/domain/reply/Transcript.ts"
import { compileReply } from "../../../src/domain/reply/Reply.ts"
import { ResponseProcessing } from "../../../src/domain/settings/ResponseSettings.ts"
import { mixed } from "../arbitraries.ts"

const folder = resolve(import.meta.dirname, "../../fixtures/llm")

interface Fixture {
  readonly name: string
  /** The first line: what must come out of the rest. */
  readonly head: string
  readonly body: string
}

const fixtures: ReadonlyArray<Fixture> = readdirSync(folder).map((name) => {
  const text = readFileSync(resolve(folder, name), "utf8")
  const end = text.indexOf("\n")
  return { name, head: text.slice(2, end), body: text.slice(end + 1) }
})

/** An answer in the words of a fixture's first line. */
const told = (answer: ReadCompletion): string => {
  switch (answer._tag) {
    case "Text": {
      const usage = Option.match(answer.usage, {
        onNone: () => "",
        onSome: ({ inputTokens, outputTokens }) => ` usage ${inputTokens} ${outputTokens}`
      })
      return `text ${JSON.stringify(answer.text)} finish ${answer.finishReason}${usage}`
    }
    case "Empty":
      return `empty finish ${answer.finishReason}${answer.thinking ? " thinking" : ""}`
    case "Broken":
      return "broken"
    case "Malformed":
      return `malformed ${answer.detail}`
    case "Failed":
      return answer.code === undefined ? "failed" : `failed code ${answer.code}`
  }
}

const feedAll = (reader: CompletionReader, parts: Iterable<string>): ReadCompletion => {
  for (const part of parts) if (reader.feed(part)) break
  return reader.end()
}

const readWhole = (body: string, enough = neverStop): ReadCompletion => feedAll(completionReader(enough), [body])

/** The bytes in pieces of the given sizes, over and over, decoded as they come. */
function* inPieces(body: string, sizes: ReadonlyArray<number>): Generator<string> {
  const bytes = new TextEncoder().encode(body)
  const decoder = new TextDecoder()
  for (let from = 0, index = 0; from < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    yield decoder.decode(bytes.subarray(from, from + size), { stream: true })
    from += size
  }
  yield decoder.decode()
}

const sizes = Arbitrary.array(
  Arbitrary.schema(
    Schema.Union([Schema.Literals([1, 2, 3]), Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 400 }))])
  ),
  { minLength: 1, maxLength: 30 }
)

describe("what servers send", () => {
  it("is there", () => expect(fixtures.length).toBeGreaterThan(50))

  it.each(fixtures)("$name: $head", ({ body, head }) => {
    expect(told(readWhole(body))).toBe(head)
    expect(told(feedAll(completionReader(neverStop), inPieces(body, [1])))).toBe(head)
    expect(told(feedAll(completionReader(neverStop), body))).toBe(head)
  })

  it.prop("comes out the same in pieces of any sizes", [
    Arbitrary.schema(Schema.Literals(fixtures.map(({ name }) => name))),
    sizes
  ], ([name, pieces]) => {
    const { body = "", head } = fixtures.find((fixture) => fixture.name === name) ?? {}
    expect(told(feedAll(completionReader(neverStop), inPieces(body, pieces)))).toBe(head)
  }, { arbitrary: { runs: 500 } })

  it.prop("may be anything", [
    mixed([
      "data:",
      " ",
      "\n",
      "\n\n",
      "\r\n",
      "[DONE]",
      "{\"choices\":[",
      "{\"delta\":{\"content\":\"hi\"}}",
      "]}",
      "{\"error\":1}",
      ":",
      "<",
      "\uFEFF"
    ]),
    sizes
  ], ([body, pieces]) => {
    expect(feedAll(completionReader(neverStop), inPieces(body, pieces))).toEqual(
      readWhole(new TextDecoder().decode(new TextEncoder().encode(body)))
    )
  }, { arbitrary: { runs: 500 } })
})

// The line a fixture's text is for the room; nothing where it is none.
const spoken = (read: ReadCompletion): string => read._tag === "Text" ? clean(read.text, anybody) : ""
const errors = [
  "",
  "\n\ndata: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n",
  "\n\nevent: error\ndata: overloaded\n\n",
  "\n\ndata: {\"object\":\"error\",\"message\":\"overloaded\"}\n\n",
  "\n\ndata: {\"detail\":\"overloaded\"}\n\n",
  "\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"}]}\n\n",
  "\n\ndata: [ERROR] overloaded\n\n",
  "\n\nInternal Server Error",
  "\n<html><body>502 Bad Gateway</body></html>"
]

describe("a stream that stops early", () => {
  const streams = fixtures.filter(({ body }) => body.startsWith("data:") && !body.includes("\\ud"))
  it.each(streams)(
    "at any byte, with any error behind it, never gives half a sentence or a word twice: $name",
    ({ body }) => {
      const whole = spoken(readWhole(body))
      const bytes = new TextEncoder().encode(body)
      for (const error of errors) {
        for (let end = 0; end <= bytes.length; end++) {
          const said = spoken(readWhole(new TextDecoder().decode(bytes.subarray(0, end)) + error))
          if (said === "" || said === whole) continue
          expect(endsSentence(said), `${end} ${error}: ${said}`).toBe(true)
          if (whole !== "") expect(whole.startsWith(said), `${end} ${error}: ${said}`).toBe(true)
        }
      }
    }
  )
})

const event = (choice: unknown): string => `data: ${JSON.stringify({ choices: [choice] })}\n\n`
const chunk = (content: string): string => event({ index: 0, delta: { content }, finish_reason: null })
const streamOf = (chunks: ReadonlyArray<string>): string =>
  `${chunks.map(chunk).join("")}${event({ delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`
const bodyOf = (content: string): string =>
  JSON.stringify({ choices: [{ message: { content }, finish_reason: "stop" }] })

describe("a reader", () => {
  it("has begun with the first text, not with roles, comments or reasoning", () => {
    const reader = completionReader(neverStop)
    const begun = [
      ": ping\n\n",
      event({ delta: { role: "assistant", content: "" } }),
      event({ delta: { reasoning_content: "hm" } }),
      chunk("H")
    ]
      .map((part) => (reader.feed(part), reader.soFar() !== ""))
    expect(begun).toEqual([false, false, false, true])
  })

  it("need not read on after [DONE] or an error, but does after the finish reason: usage may follow", () => {
    expect(completionReader(neverStop).feed(streamOf(["hi"]))).toBe(true)
    expect(completionReader(neverStop).feed("data: {\"error\":{}}\n\n")).toBe(true)
    expect(completionReader(neverStop).feed(event({ delta: { content: "hi" }, finish_reason: "stop" }))).toBe(false)
  })

  it("keeps what was enough and says that it cut", () => {
    const reader = completionReader((text) => text.length >= 4 ? text.slice(0, 3) : undefined)
    expect(["ab", "c", "de", "f"].map((text) => reader.feed(chunk(text)))).toEqual([false, false, true, true])
    expect(told(reader.end())).toBe("text \"abc\" finish cut")
  })

  const million = 1_000_000
  const endless: ReadonlyArray<readonly [what: string, parts: ReadonlyArray<string>, answer: string]> = [
    ["a body", ["{\"choices\":", " ".repeat(million)], "malformed too long"],
    ["a body that would be one", [bodyOf("a".repeat(million))], "malformed too long"],
    ["an event", ["data: {\"choices\":", "a".repeat(million)], "malformed a stream without a chat completion"],
    ["an event after others", [chunk("hi"), `data: ${"a".repeat(million)}`, "a"], "malformed too long"],
    ["a whole event", [chunk("hi"), `data: ${"a".repeat(million + 10)}\n\n`], "malformed too long"],
    ["a line without an end", ["x".repeat(million), "x"], "malformed a stream without a chat completion"]
  ]
  it.each(endless)("gives up on %s without an end", (_, parts, answer) => {
    const reader = completionReader(neverStop)
    expect(parts.map((part) => reader.feed(part)).at(-1)).toBe(true)
    expect(told(reader.end())).toBe(answer)
  })

  it("gives up on a text without an end", () => {
    const reader = completionReader(neverStop)
    let fed = 0
    while (!reader.feed(chunk(`${fed} `.padEnd(1_000, "blah ")))) fed++
    expect(fed).toBe(million / 1000)
  })
})

const settings = Schema.decodeUnknownSync(ResponseProcessing)
const names = ["MovieBot"]
const input = { botNames: names, people: [], recentReplies: [], trigger: "what do you say" }

/** The line that is made of a response, or why there is none. */
const lineOf = (configured: ResponseProcessing, parts: Iterable<string>): unknown => {
  const answer = feedAll(completionReader(stopConditionFor(configured, speakersOf(names, []))), parts)
  return answer._tag === "Text" ? compileReply(configured, compileCommandPrefixes([]))(answer.text, input) : answer
}

const words = [
  "I like films. ",
  "Not all of them, though! ",
  "And so on and so forth ",
  "Really? ",
  "<think>",
  "</think>",
  "hm, hm ",
  "**bold** ",
  "`code` ",
  "\n\n",
  "- item\n",
  "MovieBot: ",
  "\"",
  "[link](http://x.test) ",
  "👨‍👩‍👧 ",
  "Grüße ",
  "映画が好きです。",
  "no. ",
  "Dr. ",
  "<b>",
  "~~",
  "http://",
  "*"
]

describe("the line of an answer", () => {
  it.prop(
    "is the same as one body, as a stream, and in pieces of any sizes",
    [mixed(words, 80), sizes, sizes, Arbitrary.schema(Schema.Literals([1, 40, 120, 200, 240]))],
    ([raw, tokens, pieces, max_response_length]) => {
      const configured = settings({ max_response_length })
      // As JSON carries it: what is no text in Unicode becomes something else on the way.
      // A beginning that stands nowhere else: a text of two like halves is one said twice.
      const text = `Once ${raw.toWellFormed()}`
      const whole = lineOf(configured, [bodyOf(text)])
      expect(lineOf(configured, inPieces(bodyOf(text), pieces))).toEqual(whole)
      const chunks: Array<string> = []
      for (let from = 0, index = 0; from < text.length; index++) {
        const size = tokens[index % tokens.length] ?? 1
        chunks.push(text.slice(from, from + size))
        from += size
      }
      const stream = streamOf(chunks)
      const streamed = lineOf(configured, [stream])
      expect(lineOf(configured, inPieces(stream, pieces))).toEqual(streamed)
      expect(streamed).toEqual(whole)
    },
    { arbitrary: { runs: 500 } }
  )
})
