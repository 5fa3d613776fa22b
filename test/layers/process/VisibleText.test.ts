import { assert, describe, it } from "@effect/vitest"
import { visibleText } from "../../../src/layers/process/VisibleText.ts"

describe("text that is printed", () => {
  it("keeps lines, tabs, letters of every script and emoji", () => {
    const text = "a\n\tb — naïve 日本語 שלום\u200F 👩‍👩‍👧 ¡"
    assert.strictEqual(visibleText(text), text)
  })

  it("shows what would steer a terminal or turn what is read", () => {
    for (let code = 0; code < 0xA0; code++) {
      const character = String.fromCharCode(code)
      if (code === 9 || code === 10 || (code >= 0x20 && code < 0x7F)) continue
      assert.strictEqual(visibleText(`a${character}b`), `a\\u${code.toString(16).padStart(4, "0")}b`)
    }
    for (const character of "\u2028\u2029\u202A\u202E\u2066\u2069") {
      assert.match(visibleText(character), /^\\u[0-9a-f]{4}$/)
    }
  })

  it("stays JSON where it was", () => {
    const value = { text: "\u009B2J\u007F\u202E" }
    assert.deepStrictEqual(JSON.parse(visibleText(JSON.stringify(value))), value)
  })
})
