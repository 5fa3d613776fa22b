import { Option } from "effect"
import { assert, describe, it } from "@effect/vitest"
import { bridgeEvent, bridgeNews, roomLink } from "../../../src/domain/wire/Announcement.ts"

const eventOf = (name: string, body: string) =>
  Option.getOrUndefined(bridgeEvent({
    subject: `kryten.lifecycle.robot.${name}`,
    headers: new Map(),
    body: new TextEncoder().encode(body)
  }))

describe("a lifecycle event of a bridge", () => {
  const rows: ReadonlyArray<
    readonly [name: string, body: string, message: string | undefined, link: string | undefined]
  > = [
    ["startup", "{}", "Bridge started", "back"],
    ["shutdown", "{\"reason\":\"x\"}", "Bridge stopped", undefined],
    ["connected", "{\"target\":\"CyTube\"}", "Bridge connected to CyTube", "back"],
    ["connected", "{\"target\":\"NATS\"}", undefined, undefined],
    ["disconnected", "{\"target\":\"CyTube\"}", "Bridge lost CyTube", "lost"],
    ["other", "{}", undefined, undefined]
  ]
  it.each(rows)("%s %s is told, and what it says of the room is used", (name, body, message, link) => {
    const event = eventOf(name, body)
    assert.isDefined(event)
    if (event === undefined) return
    assert.deepStrictEqual([bridgeNews(event)?.message, roomLink(event)], [message, link])
  })

  it.each(["", "\u0000\u0001", "{\"a\":", "[]", "null", "42", "\"startup\"", `{"a":"${"x".repeat(1_100_000)}"}`])(
    "that is no object, or too large, is none: row %#",
    (body) => {
      assert.isUndefined(eventOf("startup", body))
    }
  )
})
