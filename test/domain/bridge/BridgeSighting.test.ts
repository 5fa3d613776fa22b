import { assert, describe, it } from "@effect/vitest"
import { bridgeAddress, sightBridge, unseenBridge } from "../../../src/domain/bridge/BridgeSighting.ts"
import { ChannelName } from "../../../src/domain/Ids.ts"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import type { Room } from "../../../src/domain/wire/Room.ts"
import { eventSubjects, protocolOfSubject } from "../../../src/domain/wire/Subject.ts"

const rooms: ReadonlyArray<Room> = [
  { name: ChannelName.make("TestChan"), domain: "CyTube.Test" },
  { name: ChannelName.make("lobby"), domain: "localhost" },
  // Names that look like a part of another protocol's subjects.
  { name: ChannelName.make("events"), domain: "cytube" },
  { name: ChannelName.make("cytube"), domain: "a.b.c.d" }
]

const event = (subject: string, domain?: string) => ({ protocol: protocolOfSubject(subject), domain, at: 1 })

describe("a bridge's protocol", () => {
  for (const room of rooms) {
    it(`is told by the subjects of ${room.name} on ${room.domain}`, () => {
      for (const protocol of Protocol.literals) {
        for (const subject of eventSubjects(protocol, room)) {
          assert.strictEqual(protocolOfSubject(subject.replace("*", "chatmsg")), protocol, subject)
        }
      }
    })
  }

  it("is no protocol's where no event comes from", () => {
    for (const subject of ["", "cytube.events.lobby", "cytube.commands.lobby.chat", "kryten.lifecycle.robot.startup"]) {
      assert.isUndefined(protocolOfSubject(subject), subject)
    }
  })
})

describe("how commands reach a bridge", () => {
  const room: Room = { name: ChannelName.make("TestChan"), domain: "CyTube.Test" }
  const kryten = "kryten.events.cytube.testchan.chatmsg"

  it("auto: in the plain shape before any is heard, then as it spoke last", () => {
    assert.strictEqual(bridgeAddress("auto", room, unseenBridge).protocol, "cytube")
    const first = sightBridge(unseenBridge, event(kryten, "cytube.test"), room)
    assert.deepStrictEqual(bridgeAddress("auto", room, first), {
      protocol: "kryten",
      room: { ...room, domain: "cytube.test" }
    })
    const then = sightBridge(first, event("cytube.events.cytube.test.testchan.chatmsg", "cytube.test"), room)
    assert.strictEqual(bridgeAddress("auto", room, then).protocol, "kryten-legacy")
  })

  it("a configured protocol stays, whatever is heard; the domain is the bridge's all the same", () => {
    const seen = sightBridge(unseenBridge, event(kryten, "cytube.test"), room)
    assert.deepStrictEqual(bridgeAddress("cytube", room, seen), {
      protocol: "cytube",
      room: { ...room, domain: "cytube.test" }
    })
  })

  it("a room of the same name on another server tells nothing", () => {
    assert.strictEqual(sightBridge(unseenBridge, event(kryten, "other.test"), room), unseenBridge)
  })
})
