import { describe, expect, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { completionBody, estimateTokens, retryAfterMs } from "../../../src/domain/llm/ChatCompletion.ts"
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
      presence_penalty: 0.3
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
