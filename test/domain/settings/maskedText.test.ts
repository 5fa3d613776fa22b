import { assert, describe, it } from "@effect/vitest"
import { maskedText } from "../../../src/domain/settings/YamlText.ts"

describe("a configuration as it may be shown", () => {
  const shown: ReadonlyArray<readonly [what: string, text: string, shown: string]> = [
    ["a secret", "llm_api:\n  api_key: sk-1 # mine\n  model: m", "llm_api:\n  api_key: **** # mine\n  model: m"],
    ["a secret among others on a line", "llm_api: { api_key: sk-1, model: m }", "llm_api: { api_key: ****, model: m }"],
    [
      "a variable is no secret",
      "llm_api: { api_key: \"${KEY}\", model: m }",
      "llm_api: { api_key: \"${KEY}\", model: m }"
    ],
    ["one in a comment", "seed: 1 # api_key: sk-old", "seed: 1 # api_key: ******"],
    [
      "one in an address",
      "nats: { servers: [\"nats://me:pw@host\", x] }",
      "nats: { servers: [\"nats://*****@host\", x] }"
    ],
    ["one in a text that cannot be read", "llm_api: { api_key: sk-1, model: [", "llm_api: { api_key: ***** ****** *"]
  ]
  for (const [what, text, expected] of shown) {
    it(`hides ${what}`, () => assert.strictEqual(maskedText(text), expected))
  }
})
