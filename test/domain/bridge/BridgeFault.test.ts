import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { type BridgeFault, faultReasons, faultText } from "../../../src/domain/bridge/BridgeFault.ts"
import { ChannelName } from "../../../src/domain/Ids.ts"
import type { Room } from "../../../src/domain/wire/Room.ts"

const lobby: Room = { name: ChannelName.make("lobby"), domain: "cytu.be" }
const commands = "kryten.robot.command"

/** The example of each fault that the page shows. */
const examples: { readonly [Tag in BridgeFault["_tag"]]: Extract<BridgeFault, { readonly _tag: Tag }> } = {
  NoBridge: { _tag: "NoBridge", subject: commands },
  BridgeGone: { _tag: "BridgeGone", subject: commands },
  BridgeSilent: { _tag: "BridgeSilent" },
  BridgeWithoutRoom: { _tag: "BridgeWithoutRoom" },
  WrongProtocol: { _tag: "WrongProtocol", configured: "cytube", found: "kryten" },
  WrongAccount: { _tag: "WrongAccount", configured: "MovieBot", found: "OtherBot" },
  WrongDomain: { _tag: "WrongDomain", configured: "cytu.be", found: "other.tv" },
  DomainSpelling: { _tag: "DomainSpelling", configured: "CyTu.be", found: "cytu.be" },
  WrongChannel: { _tag: "WrongChannel", found: "annex on cytu.be" },
  MayNotPublish: { _tag: "MayNotPublish", subject: commands },
  MayNotSubscribe: { _tag: "MayNotSubscribe", subject: "kryten.events.cytube.lobby.*" }
}

describe("a bridge's fault", () => {
  const page = readFileSync("docs/troubleshooting.md", "utf8")
  for (const fault of Object.values(examples)) {
    it(`${faultReasons[fault._tag]}: stands on the page of troubles by its sentence`, () => {
      const text = faultText(fault, lobby)
      assert.include(page, `| \`${faultReasons[fault._tag]}\` | \`${text}\` |`)
      assert.match(text, /: /, "it says what to do")
    })
  }
})
