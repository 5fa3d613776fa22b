import type { JsMsg } from "@nats-io/jetstream"
import { Clock, Effect, Option, Schema } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { outboxOf } from "../../domain/jetstream/StreamNames.ts"
import { Counted, type SentReply } from "../../domain/limits/SentReply.ts"
import { relayedSubjects } from "../../domain/wire/Subject.ts"
import { countedHeader } from "../../services/reply/Relayed.ts"
import { readingOf } from "../../services/Time.ts"
import { readStored } from "./StoredMessages.ts"
import { storedAt } from "./StoredWire.ts"

/** No window is longer, ms. */
const longestMs = 2 * 3_600_000

const decodeCounted = Schema.decodeUnknownOption(Counted)

const replyOf = (message: JsMsg, now: ClockReading): Option.Option<SentReply> =>
  Option.map(decodeCounted(message.headers?.get(countedHeader)), (counted) => ({
    ...counted,
    sequence: message.seq,
    at: storedAt(message, now).monotonic
  }))

/** What the outboxes say was sent to a channel, oldest first. */
export const sentReplies = Effect.fnUntraced(function*(prefix: string, { protocol, room }: ChannelSettings) {
  const now = readingOf(yield* Clock.Clock)
  const found: Array<SentReply> = []
  for (const subject of relayedSubjects(protocol, room)) {
    const outbox = outboxOf(prefix, subject)
    if (outbox === undefined) continue
    yield* readStored({ ...outbox, since: now.wall - longestMs }, (message) => {
      found.push(...Option.toArray(replyOf(message, now)))
    })
  }
  return found.toSorted((one, other) => one.at - other.at)
})
