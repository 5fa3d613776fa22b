import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { ChatEvent } from "../../../src/domain/ChatEvent.ts"
import { channelKey, ChannelName, Username } from "../../../src/domain/Ids.ts"
import { decodePayload } from "../../../src/domain/wire/Payload.ts"
import { invisibles, lineBreaks, mixed } from "../arbitraries.ts"
import { plainEvent } from "../../../src/domain/wire/PlainEvent.ts"
import { eventType } from "../../../src/domain/wire/Subject.ts"

const channel = channelKey(ChannelName.make("lobby"))
const now = 1_795_339_149_000

/** The event after it was written down and read again. */
const again = (event: ChatEvent): ChatEvent => {
  const seed = plainEvent(event)
  assert(seed !== undefined)
  return Result.getOrThrow(decodePayload(eventType(seed.name), JSON.parse(JSON.stringify(seed.payload)), channel, now))
}

/** An event as it comes from the wire, in the bridge's words. */
const arrived = (type: string, payload: unknown): ChatEvent =>
  Result.getOrThrow(decodePayload(eventType(type), payload, channel, now))

const people = [{ name: "Ana", rank: 2, profile: { text: "hi" }, meta: { aliases: ["Eve"], ip: "1.2.3" } }, {
  name: "Ben",
  rank: 0
}]

describe("an event that is written down in the plain shape", () => {
  const events: ReadonlyArray<readonly [string, unknown]> = [
    ["chatMsg", { username: "Ana", msg: "I &lt;3 <em>you</em> &amp; tea", meta: {}, time: now - 5 }],
    ["chatMsg", { user: { name: "Ana", rank: 3 }, msg: "a rank of her own", meta: { shadow: true }, time: now - 5 }],
    ["chatMsg", { username: "Ana", msg: "write &amp;lt; for &lt;", meta: {}, time: now - 5 }],
    ["chatMsg", { username: "Ana", msg: "", meta: {}, time: now - 5 }],
    ["pm", { username: "Ana", to: "MovieBot", msg: "between us", meta: {}, time: now - 9 }],
    ["changeMedia", { type: "yt", id: "x", title: "A <b>film</b>", seconds: 212, duration: "03:32", meta: {} }],
    ["changeMedia", { type: "li", id: "y", title: "live", seconds: 0 }],
    ["userlist", people],
    ["addUser", people[0]],
    ["setUserRank", { name: "Ben", rank: 4 }],
    ["userLeave", { name: "Ben" }],
    ["login", { success: true, name: "MovieBot" }],
    ["login", { success: false }],
    ["cooldown", 1000],
    ["kick", { reason: "spam" }]
  ]
  for (const [type, payload] of events) {
    it(`is the same ${type} when it is read again: ${JSON.stringify(payload).slice(0, 50)}`, () => {
      const event = arrived(type, payload)
      assert.deepStrictEqual(again(event), event)
    })
  }

  it("holds nothing of people but names and ranks", () => {
    const text = JSON.stringify(plainEvent(arrived("userlist", people)))
    for (const word of ["profile", "aliases", "Eve", "1.2.3"]) assert.notInclude(text, word)
  })

  it("is left out where the bot has no use for it", () => {
    assert.isUndefined(plainEvent({ _tag: "Other" }))
  })

  it.prop("keeps every text, whatever is in it", [
    mixed([
      "&",
      "&amp;",
      "&amp;lt;",
      "&amp;amp;",
      "&lt;",
      "&#39;",
      ";",
      "<",
      "<b>",
      "</b>",
      "<!--",
      ">",
      " ",
      ...lineBreaks,
      ...invisibles
    ])
  ], ([text]) => {
    const event = arrived("chatMsg", { username: Username.make("Ana"), msg: text, meta: {}, time: now })
    assert.deepStrictEqual(again(event), event)
  })
})
