import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { ChannelName } from "../../../src/domain/Ids.ts"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import { type Room, token } from "../../../src/domain/wire/Room.ts"
import { commandSubject, eventSubjects, eventType, subjectEvent } from "../../../src/domain/wire/Subject.ts"

const room = (name: string, domain = "cytu.be"): Room => ({ name: ChannelName.make(name), domain })

describe("token", () => {
  const rows: ReadonlyArray<readonly [rule: string, name: string, token: string]> = [
    ["lower case", "TestChan", "testchan"],
    ["blanks become hyphens", "my room 2", "my-room-2"],
    ["hyphen, underscore and digits stay", "a-b_c9", "a-b_c9"],
    [
      "what NATS or the bridge reserves goes",
      "a*b>c!d@e#f$g%h^i&j(k)l+m=n[o]p{q}r|s\\t:u;v\"w'x<y,z?0/1",
      "abcdefghijklmnopqrstuvwxyz01"
    ],
    ["a domain keeps its dots", "cytu.be", "cytu.be"],
    ["at most 100", "a".repeat(150), "a".repeat(100)]
  ]
  it.each(rows)("%s", (_, name, expected) => {
    expect(token(name)).toBe(expected)
  })

  it.prop("never holds what would be a wildcard or a blank", [Schema.String], ([name]) => {
    expect(token(name)).not.toMatch(/[*> ]/)
    expect(token(name).length).toBeLessThanOrEqual(100)
  })
})

describe("subjects", () => {
  const rows: ReadonlyArray<readonly [Protocol, Room, events: ReadonlyArray<string>, chat: string, pm: string]> = [
    ["cytube", room("lobby"), ["cytube.events.lobby.*"], "cytube.commands.lobby.chat", "cytube.commands.lobby.pm"],
    [
      "cytube",
      room("TestChan"),
      ["cytube.events.testchan.*", "cytube.events.TestChan.*"],
      "cytube.commands.testchan.chat",
      "cytube.commands.testchan.pm"
    ],
    ["kryten", room("TestChan"), ["kryten.events.cytube.testchan.*"], "kryten.robot.command", "kryten.robot.command"],
    [
      "kryten-legacy",
      room("TestChan", "Cytube.Test"),
      ["cytube.events.cytube.test.testchan.*"],
      "cytube.commands.cytube.test.testchan.chat",
      "cytube.commands.cytube.test.testchan.pm"
    ]
  ]
  it("are shown for every protocol", () => {
    expect(new Set(rows.map(([protocol]) => protocol))).toEqual(new Set(Protocol.literals))
  })

  it.each(rows)("%s of %o", (protocol, of, events, chat, pm) => {
    expect(eventSubjects(protocol, of)).toEqual(events)
    expect(commandSubject(protocol, of, "chat")).toBe(chat)
    expect(commandSubject(protocol, of, "pm")).toBe(pm)
  })

  it("channel and event stand at the right end, however many tokens the domain has", () => {
    expect(subjectEvent("cytube.events.lobby.chatMsg")).toEqual({ channel: "lobby", event: "chatMsg" })
    expect(subjectEvent("kryten.events.cytube.lobby.chatmsg")).toEqual({ channel: "lobby", event: "chatmsg" })
    expect(subjectEvent("cytube.events.a.b.c.lobby.pm")).toEqual({ channel: "lobby", event: "pm" })
    expect(subjectEvent("pm")).toEqual({ channel: "", event: "pm" })
  })

  it("knows the events in any case, and no others", () => {
    expect(["chatMsg", "chatmsg", "CHATMSG", "setUserRank", "setuserrank", "noflood"].map(eventType)).toEqual(
      ["chatMsg", "chatMsg", "chatMsg", "setUserRank", "setUserRank", "noflood"]
    )
    expect(["setAFK", "clearchat", "rank", "", "__proto__", "constructor"].map(eventType)).toEqual(
      Array(6).fill("other")
    )
  })
})
