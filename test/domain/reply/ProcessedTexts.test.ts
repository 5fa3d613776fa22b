import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { compileCommandPrefixes } from "../../../src/domain/CommandPrefix.ts"
import { compileReply } from "../../../src/domain/reply/Reply.ts"
import { ResponseProcessing } from "../../../src/domain/settings/ResponseSettings.ts"

const settings = Schema.decodeSync(ResponseProcessing)({
  max_response_length: 20,
  content_filter: { block_keywords: ["films"] }
})
const input = { botNames: ["MovieBot"], people: [], recentReplies: [], trigger: "what do you like?" }

const textsOf = (answer: string) =>
  compileReply(settings, compileCommandPrefixes([]))(answer, input).texts.map(({ step, text }) => `${step}: ${text}`)

describe("the texts on the way to a line", () => {
  it("are those after each step", () =>
    assert.deepStrictEqual(textsOf("MovieBot: I like **it**. And more than that."), [
      "clean: I like **it**. And more than that.",
      "plain_text: I like it. And more than that.",
      "block: I like it. And more than that.",
      "length: I like it.",
      "checks: I like it.",
      "command_safe: I like it."
    ]))

  it("end before the step that drops the answer", () =>
    assert.deepStrictEqual(textsOf("\"I like *films*.\""), ["clean: I like *films*.", "plain_text: I like films."]))
})
