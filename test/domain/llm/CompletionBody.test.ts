import { describe, expect, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { completionReader, type ReadCompletion } from "../../../src/domain/llm/CompletionReader.ts"
import { neverStop } from "../../../src/domain/reply/StopCondition.ts"

const read = (body: string): ReadCompletion => {
  const reader = completionReader(neverStop)
  reader.feed(body)
  return reader.end()
}

describe("a body", () => {
  const choice = (message: unknown, more: object = {}) => ({
    choices: [{ index: 0, message, finish_reason: "stop", ...more }]
  })
  const text = (value: string, finishReason = "stop") => ({
    _tag: "Text",
    text: value,
    finishReason,
    usage: Option.none()
  })
  const empty = (finishReason = "stop", thinking = false) => ({
    _tag: "Empty",
    finishReason,
    usage: Option.none(),
    thinking
  })
  const failed = (code?: number) => ({ _tag: "Failed", code })
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
    ["a message that is a text", choice("hi"), text("hi")],
    ["a message of another kind", choice(5), empty()],
    ["no choice", { choices: [] }, malformed("no choices")],
    ["no choices", { id: "x" }, malformed("no choices")],
    ["an error", { error: { message: "busy" } }, failed()],
    ["a list of errors", [{ error: { code: 503, message: "busy" } }], failed(503)],
    ["FastAPI's error", { detail: "Not Found" }, failed()],
    ["FastAPI's list of errors", { detail: [{ loc: ["body"], msg: "field required" }] }, failed()],
    ["an error's code alone", { code: "429", msg: "slow down" }, failed(429)],
    ["an error without success", { success: false, result: null }, failed()],
    ["MiniMax's error", { choices: null, base_resp: { status_code: 1002, status_msg: "limit" } }, failed(429)],
    ["MiniMax's success", { ...choice({ content: "hi" }), base_resp: { status_code: 0 } }, text("hi")],
    ["an error in words", { error: { type: "rate_limit_exceeded", message: "slow down" } }, failed(429)],
    ["an error that is empty", { ...choice({ content: "hi" }), error: "" }, text("hi")],
    ["an error that is false", { ...choice({ content: "hi" }), error: false, errors: [] }, text("hi")],
    ["an error that is nothing", { ...choice({ content: "hi" }), error: {} }, text("hi")],
    ["an error beside half an answer", { ...choice({ content: "hi th" }), error: { message: "x" } }, failed()],
    ["an error for an answer", choice({ content: "Error code: 429 - {'error': {'message': 'quota'}}" }), failed(429)],
    ["a page for an answer", choice({ content: "<html><body>502 Bad Gateway</body></html>" }), failed(502)],
    ["a joke about errors", choice({ content: "Error 404: brain not found" }), text("Error 404: brain not found")],
    ["an index that is null", choice({ content: "hi" }, { index: null }), text("hi")],
    ["an index that is a text", choice({ content: "hi" }, { index: "0" }), text("hi")],
    ["an index that begins with 1", choice({ content: "hi" }, { index: 1 }), text("hi")],
    ["choices by their places", { choices: { "0": { message: { content: "hi" } } } }, text("hi", "unknown")],
    ["a text for a message", { choices: [{ index: 0, text: "hi", finish_reason: "stop" }] }, text("hi")],
    ["a delta for a message", { choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "stop" }] }, text("hi")],
    ["one part for a list", choice({ content: { type: "text", text: "hi" } }), text("hi")],
    ["parts without a type", choice({ content: [{ text: "hi" }] }), text("hi")],
    [
      "filtered in the middle",
      choice({ content: "Half a" }, { finish_reason: "content_filter" }),
      empty("content_filter")
    ],
    ["Gemini's filter", choice({ content: "Half a" }, { finish_reason: "SAFETY" }), empty("content_filter")],
    ["GLM's filter", choice({ content: "Half a" }, { finish_reason: "sensitive" }), empty("content_filter")],
    ["aborted", choice({ content: "Half a" }, { finish_reason: "abort" }), failed()],
    [
      "DeepSeek out of means",
      choice({ content: "Half a" }, { finish_reason: "insufficient_system_resource" }),
      failed()
    ],
    ["a reason in other words", choice({ content: "hi" }, { finish_reason: "eos_token" }), text("hi")],
    ["a reason in capitals", choice({ content: "hi" }, { finish_reason: "MAX_TOKENS" }), text("hi", "length")],
    [
      "a reason of no known word",
      choice({ content: "hi" }, { finish_reason: "Ana said hi ".repeat(9) }),
      text("hi", "other")
    ],
    ["a reason as an object", choice({ content: "hi" }, { finish_reason: { type: "length" } }), text("hi", "length")],
    [
      "thinking only",
      choice({ content: "", reasoning_content: "hm" }, { finish_reason: "length" }),
      empty("length", true)
    ],
    ["thinking in the content only", choice({ content: "<think>hm" }), empty("stop", true)],
    [
      "usage without bounds",
      { ...choice({ content: "hi" }), usage: { prompt_tokens: 1e308, completion_tokens: 2 } },
      text("hi")
    ],
    [
      "usage below nothing",
      { ...choice({ content: "hi" }), usage: { prompt_tokens: 7, completion_tokens: -2 } },
      text("hi")
    ],
    [
      "usage in words",
      { ...choice({ content: "hi" }), usage: { prompt_tokens: "7", completion_tokens: "2" } },
      text("hi")
    ],
    ["choices null", { choices: null }, malformed("no choices")],
    ["a list", [], malformed("no choices")],
    ["null", null, malformed("a stream without a chat completion")]
  ]
  it.each(rows)("%s", (_, body, expected) => {
    expect(read(JSON.stringify(body))).toEqual(expected)
  })

  it.each([
    ["HTML", "<html><body>502 Bad Gateway</body></html>", malformed("not JSON")],
    ["nothing", "", malformed("nothing")],
    ["half of an answer", "{\"choices\":[{\"message\":{\"content\":\"hi", { _tag: "Broken" }],
    ["another protocol's lines", "{\"response\":\"hi\"}\n{\"response\":\" you\"}", malformed("not JSON")]
  ])("%s", (_, body, expected) => {
    expect(read(body)).toEqual(expected)
  })

  it.prop("anything else gives an answer of one of four kinds", [Schema.Json, Schema.Json], ([json, inner]) => {
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
      const decoded = read(JSON.stringify(body))
      expect(["Text", "Empty", "Malformed", "Failed"]).toContain(decoded._tag)
      if (decoded._tag === "Text") expect(decoded.text.trim()).not.toBe("")
    }
  }, { arbitrary: { runs: 300 } })
})
