import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import type { BridgeCommand } from "../../domain/BridgeCommand.ts"
import { hash } from "../../domain/Hash.ts"
import { commandTemplate } from "../../domain/wire/Subject.ts"
import { encodeCommand } from "../../domain/wire/Wire.ts"
import { BridgeSightings } from "../bridge/BridgeSightings.ts"
import type { ReplyJob } from "./ReplyJob.ts"

/** A line of a reply: its index, from 0, and its text. */
interface EncodedLine {
  readonly index: number
  readonly text: string
}

/** Encodes lines as commands in the channel's protocol; `template` is the subject's template for traces. */
export const makeLineEncoder = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  const bridges = yield* BridgeSightings
  return Effect.fnUntraced(
    function*({ cause, channel, decision, to }: ReplyJob, { index, text: message }: EncodedLine) {
      const line: BridgeCommand = to === undefined
        ? { _tag: "Chat", channel: channel.room.name, message }
        : { _tag: "Pm", channel: channel.room.name, to, message }
      const { protocol, room } = bridges.address(channel)
      const command = encodeCommand(protocol, room, line, {
        correlationId: decision.correlationId,
        messageId: hash(index === 0 ? ["reply", cause] : ["reply", cause, String(index)]),
        requestId: yield* random.uuidV4(),
        at: yield* Clock.currentTimeMillis
      })
      return { command, template: commandTemplate(protocol, to === undefined ? "chat" : "pm") }
    }
  )
})
