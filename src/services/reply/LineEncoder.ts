import { Clock, Effect, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { BridgeCommand } from "../../domain/BridgeCommand.ts"
import { hash } from "../../domain/Hash.ts"
import { commandTemplate } from "../../domain/wire/Subject.ts"
import { Counted } from "../../domain/limits/SentReply.ts"
import { encodeCommand, encodeRelayed, type WireCommand } from "../../domain/wire/Wire.ts"
import { BridgeSightings } from "../bridge/BridgeSightings.ts"
import { monotonicMillis } from "../Time.ts"
import { countedHeader, Relayed } from "./Relayed.ts"
import { type ReplyJob, timeLeft } from "./ReplyJob.ts"
import type { ReplyLine } from "./ReplyLine.ts"

const encodeCounted = Schema.encodeSync(Counted)
/** A line without a deadline is tried for so long, ms: as long as its doubles are known. */
const longestTryMs = 60_000

/** A line of a reply: its place among the reply's lines, from 0, its text, and why it is sent again, where it is. */
type EncodedLine = Pick<ReplyLine, "again" | "index" | "text">

/** Encodes lines as commands in the channel's protocol; `template` is the subject's template for traces. */
export const makeLineEncoder = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  const bridges = yield* BridgeSightings
  const relayed = yield* Relayed

  /** How the line counts stands with it: it may be all that the next process knows of it. */
  const relay = (command: WireCommand, { reservation }: ReplyJob): WireCommand => ({
    ...command,
    headers: new Map([...command.headers, [countedHeader, encodeCounted(reservation)]])
  })

  return Effect.fnUntraced(
    function*(job: ReplyJob, { again, index, text: message }: EncodedLine) {
      const { cause, channel, decision, to } = job
      const said: BridgeCommand = to === undefined
        ? { _tag: "Chat", channel: channel.room.name, message }
        : { _tag: "Pm", channel: channel.room.name, to, message }
      const { protocol, room } = bridges.address(channel)
      const place = index === 0 ? [] : [String(index)]
      const stamp = {
        correlationId: decision.correlationId,
        messageId: hash(["reply", cause, ...place, ...(again === undefined ? [] : ["again"])]),
        requestId: yield* random.uuidV4(),
        at: yield* Clock.currentTimeMillis
      }
      const forMs = Option.getOrElse(timeLeft(job, yield* monotonicMillis), () => longestTryMs)
      const command = relayed
        ? relay(encodeRelayed(protocol, room, said, stamp, forMs), job)
        : encodeCommand(protocol, room, said, stamp)
      return { command, template: commandTemplate(protocol, to === undefined ? "chat" : "pm") }
    }
  )
})
