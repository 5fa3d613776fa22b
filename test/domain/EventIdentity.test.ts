import { assert, describe, it } from "@effect/vitest"
import { Arbitrary } from "effect"
import type { ChatMsg } from "../../src/domain/ChatEvent.ts"
import { identityOf, keyOf, keyOfIdentity } from "../../src/domain/EventIdentity.ts"
import { channelKey, EventIdentity, EventKey, Username } from "../../src/domain/Ids.ts"
import { mixed } from "./arbitraries.ts"

const line: ChatMsg = {
  _tag: "ChatMsg",
  username: Username.make("Ana"),
  rank: undefined,
  text: "hi",
  // It came with a time in the future.
  time: 1_767_225_500_000,
  sentAt: 1_767_225_600_000,
  key: EventKey.make(1),
  shadow: false
}

describe("the identity of a line", () => {
  it("is the same on every machine and in every version: dice and message ids draw on it", () => {
    assert.strictEqual(identityOf(channelKey("Lobby"), line), "e97088e3522b7e5e9f7981844ec40f85")
  })

  it("is the one a recording of version 0.1 brought", () => {
    const recorded = EventIdentity.make("0123")
    assert.strictEqual(identityOf(channelKey("Lobby"), { ...line, recorded }), recorded)
    assert.notStrictEqual(keyOfIdentity(recorded), keyOfIdentity(EventIdentity.make("0124")))
  })
})

describe("the key of a line", () => {
  it("keeps 100,000 lines apart that differ little", () => {
    const keys = new Set<number>()
    for (let index = 0; index < 25_000; index++) {
      keys.add(keyOf("chatMsg", "ana", 1_767_225_600_000 + index, "hi"))
      keys.add(keyOf("chatMsg", "ana", 1_767_225_600_000, `hi ${index}`))
      keys.add(keyOf("chatMsg", `ana${index}`, 1_767_225_600_000, "hi"))
      keys.add(keyOf("pm", "ana", 1_767_225_600_000 + index, "hi"))
    }
    assert.strictEqual(keys.size, 4 * 25_000)
  })

  it("tells where one text ends and the next begins, and names in one case only", () => {
    assert.notStrictEqual(keyOf("chatMsg", "ana", 1, "b c"), keyOf("chatMsg", "anab", 1, " c"))
    assert.strictEqual(keyOf("chatMsg", "ANA", 1, "b"), keyOf("chatMsg", "ana", 1, "b"))
  })

  const texts = mixed(["a", "ä", "😀", " ", "\uD800"], 8)
  const pairs = Arbitrary.array(texts, { minLength: 2, maxLength: 2 })
  it.prop("is equal for equal texts alone", [pairs], ([[one = "", other = ""]]) => {
    assert.strictEqual(keyOf("chatMsg", "ana", 1, one) === keyOf("chatMsg", "ana", 1, other), one === other)
    assert.isTrue(Number.isSafeInteger(keyOf("chatMsg", one, 2 ** 52, other)))
  })
})
