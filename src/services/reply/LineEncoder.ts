import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { BridgeCommand } from "../../domain/BridgeCommand.ts"
import { hash } from "../../domain/Hash.ts"
import { commandTemplate } from "../../domain/wire/Subject.ts"
import { encodeCommand } from "../../domain/wire/Wire.ts"
import { BridgeSightings } from "../bridge/BridgeSightings.ts"
import type { ReplyJob } from "./ReplyJob.ts"
import type { ReplyLine } from "./ReplyLine.ts"

/** A line of a reply: its place among the reply's lines, from 0, its text, and why it is sent again, where it is. */
type EncodedLine = Pick<ReplyLine, "again" | "index" | "text">

/** Encodes lines as commands in the channel's protocol; `template` is the subject's template for traces. */
export const makeLineEncoder = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  const bridges = yield* BridgeSightings
  return Effect.fnUntraced(
    function*({ cause, channel, decision, to }: ReplyJob, { again, index, text: message }: EncodedLine) {
      const said: BridgeCommand = to === undefined
        ? { _tag: "Chat", channel: channel.room.name, message }
        : { _tag: "Pm", channel: channel.room.name, to, message }
      const { protocol, room } = bridges.address(channel)
      const place = index === 0 ? [] : [String(index)]
      const command = encodeCommand(protocol, room, said, {
        correlationId: decision.correlationId,
        messageId: hash(["reply", cause, ...place, ...(again === undefined ? [] : ["again"])]),
        requestId: yield* random.uuidV4(),
        at: yield* Clock.currentTimeMillis
      })
      return { command, template: commandTemplate(protocol, to === undefined ? "chat" : "pm") }
    }
  )
})
