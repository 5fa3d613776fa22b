import { describe, expect, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import {
  completionBody,
  decodeCompletion,
  estimateTokens,
  retryAfterMs
} from "../../../src/domain/llm/ChatCompletion.ts"
import { LlmApi } from "../../../src/domain/settings/LlmSettings.ts"
import { mixed } from "../arbitraries.ts"

const decodeApi = Schema.decodeUnknownSync(LlmApi, { onExcessProperty: "error" })
const api = (more: object = {}) => decodeApi({ base_url: "http://llm.test/v1", api_key: "key", model: "m", ...more })
const messages = [{ role: "system", content: "s" }, { role: "user", content: "u" }] as const

describe("completionBody", () => {
  it("has the defaults and nothing that is null", () => {
    expect(completionBody(api(), "m", messages)).toEqual({
      model: "m",
      messages,
      temperature: 0.7,
      max_tokens: 100,
      top_p: 0.9,
      frequency_penalty: 0.5,
      presence_penalty: 0.3,
      stop: ["\n\n", "User:", "Assistant:"]
    })
  })

  it("does not send null, but sends 0", () => {
    const parameters = {
      temperature: 0,
      max_tokens: null,
      top_p: null,
      frequency_penalty: null,
      presence_penalty: null,
      stop: null,
      max_completion_tokens: 50
    }
    expect(completionBody(api({ parameters }), "m", messages)).toEqual({
      model: "m",
      messages,
      temperature: 0,
      max_completion_tokens: 50
    })
  })

  it("merges extra_body last", () => {
    const extra_body = {
      temperature: 1.5,
      model: "other",
      chat_template_kwargs: { enable_thinking: false },
      stop: null
    }
    const body = completionBody(api({ extra_body }), "m", messages)
    expect(body).toMatchObject(extra_body)
    expect(Object.keys(body)).toContain("messages")
    expect(JSON.stringify(body)).not.toContain("key")
  })
})

describe("decodeCompletion", () => {
  const choice = (message: unknown, more: object = {}) => ({
    choices: [{ index: 0, message, finish_reason: "stop", ...more }]
  })
  const text = (value: string, finishReason = "stop") => ({
    _tag: "Text",
    text: value,
    finishReason,
    usage: Option.none()
  })
  const empty = (finishReason = "stop") => ({ _tag: "Empty", finishReason })
  const malformed = (detail: string) => ({ _tag: "Malformed", detail })

  const rows: ReadonlyArray<readonly [what: string, body: unknown, expected: object]> = [
    ["an answer", choice({ role: "assistant", content: "hi" }), text("hi")],
    ["blanks around an answer stay for the next step", choice({ content: " hi\n" }), text(" hi\n")],
    [
      "usage",
      { ...choice({ content: "hi" }), usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } },
      { ...text("hi"), usage: Option.some({ inputTokens: 7, outputTokens: 2 }) }
    ],
    ["usage in part", { ...choice({ content: "hi" }), usage: { prompt_tokens: 7 } }, text("hi")],
    ["usage null", { ...choice({ content: "hi" }), usage: null }, text("hi")],
    [
      "the first choice",
      { choices: [{ message: { content: "one" } }, { message: { content: "two" } }] },
      text("one", "unknown")
    ],
    [
      "other choices may be anything",
      { choices: [{ message: { content: "one" } }, 7, { message: "x" }] },
      text("one", "unknown")
    ],
    ["finish_reason null", choice({ content: "hi" }, { finish_reason: null }), text("hi", "unknown")],
    ["cut by its length", choice({ content: "hi" }, { finish_reason: "length" }), text("hi", "length")],
    [
      "unknown fields",
      { id: "x", ...choice({ content: "hi", reasoning_content: "hm", tool_calls: [] }), x: 1 },
      text("hi")
    ],
    [
      "content in parts",
      choice({
        content: [{ type: "text", text: "h" }, { type: "image_url", image_url: "x" }, { type: "text", text: "i" }]
      }),
      text("hi")
    ],
    ["parts of a refusal", choice({ content: [{ type: "refusal", refusal: "no" }] }), empty()],
    ["null content", choice({ content: null }), empty()],
    ["no content", choice({ role: "assistant" }), empty()],
    ["content of another kind", choice({ content: 5 }), empty()],
    ["blank content", choice({ content: " \n" }), empty()],
    ["filtered", choice({ content: "" }, { finish_reason: "content_filter" }), empty("content_filter")],
    ["a refusal", choice({ content: null, refusal: "I cannot" }), empty()],
    ["a refusal with content", choice({ content: "I cannot", refusal: "I cannot" }), empty()],
    ["no refusal is none", choice({ content: "hi", refusal: null }), text("hi")],
    ["message null", choice(null), empty()],
    ["a message of another kind", choice("hi"), malformed("no choices")],
    ["no choice", { choices: [] }, malformed("no choices")],
    ["no choices", { error: { message: "busy" } }, malformed("no choices")],
    ["choices null", { choices: null }, malformed("no choices")],
    ["a list", [], malformed("no choices")],
    ["null", null, malformed("no choices")]
  ]
  it.each(rows)("%s", (_, body, expected) => {
    expect(decodeCompletion(JSON.stringify(body))).toEqual(expected)
  })

  it.each([
    ["HTML", "<html><body>502 Bad Gateway</body></html>"],
    ["nothing", ""],
    ["half of an answer", "{\"choices\":[{\"message\":{\"content\":\"hi"]
  ])("%s", (_, body) => {
    expect(decodeCompletion(body)).toEqual(malformed("not JSON"))
  })

  it.prop("anything else gives an answer of one of three kinds", [Schema.Json, Schema.Json], ([json, inner]) => {
    for (
      const body of [
        json,
        { choices: json },
        { choices: [inner, json] },
        choice(inner),
        choice({ content: inner, refusal: json }),
        { ...choice({ content: "hi" }), usage: json }
      ]
    ) {
      const decoded = decodeCompletion(JSON.stringify(body))
      expect(["Text", "Empty", "Malformed"]).toContain(decoded._tag)
      if (decoded._tag === "Text") expect(decoded.text.trim()).not.toBe("")
    }
  }, { arbitrary: { runs: 300 } })
})

describe("estimateTokens", () => {
  it("about four characters each, rounded up", () => {
    expect([0, 1, 4, 5, 400].map(estimateTokens)).toEqual([0, 1, 1, 2, 100])
  })
})

describe("retryAfterMs", () => {
  const now = Date.parse("2015-10-21T07:28:00Z")
  const rows: ReadonlyArray<readonly [header: string | undefined, ms: number | undefined]> = [
    [undefined, undefined],
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7_000],
    ["1.5", 1_500],
    ["Wed, 21 Oct 2015 07:28:30 GMT", 30_000],
    ["Wednesday, 21-Oct-15 07:29:00 GMT", 60_000],
    ["Wed, 21 Oct 2015 07:27:00 GMT", 0],
    ["", undefined],
    ["soon", undefined],
    ["-5", undefined],
    ["in 5", undefined],
    ["5 minutes", undefined],
    ["1e9", undefined],
    ["9".repeat(400), undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["Wed, 99 Foo 2015 07:28:30 GMT", undefined]
  ]
  it.each(rows)("%s", (header, ms) => {
    expect(Option.getOrUndefined(retryAfterMs(header, now))).toBe(ms)
  })

  it.prop("is none or a time, whatever the header", [
    mixed(["1", "9", ".", "-", " ", "e", "GMT", "Wed, ", "21 Oct 2015 ", "07:28:30"])
  ], ([header]) => {
    const ms = Option.getOrElse(retryAfterMs(header, now), () => 0)
    expect(ms >= 0 && Number.isFinite(ms), header).toBe(true)
  }, { arbitrary: { runs: 300 } })
})
