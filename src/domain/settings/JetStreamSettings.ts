import { Schema } from "effect"
import { Count, field, PositiveSeconds, rule, Text } from "../Field.ts"

const Prefix = Text.check(
  rule(
    (prefix: string) =>
      /^[\w-]{1,32}$/.test(prefix)
        ? undefined
        : "must be 1 to 32 letters, digits, _ and -: it begins names and subjects",
    "^[A-Za-z0-9_-]{1,32}$"
  )
)

const atMost = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))

/** Durable intake (N2). What the bot provisions for it follows from these and from the rooms. */
export const JetStreamSettings = Schema.Struct({
  enabled: field(Schema.Boolean, false, "survive restarts without losing a message"),
  prefix: field(
    Prefix,
    "llmbot",
    "begins the names of streams, buckets and subjects; one of its own for each deployment"
  ),
  partitions: field(atMost(256), 32, "how many parts the channels are spread over; fixed once the streams exist"),
  replicas: field(atMost(5), 1, "copies of each stream, in a cluster of as many servers"),
  replay_seconds: field(PositiveSeconds, 3600, "how far back events are kept"),
  max_bytes: field(Count, 1_073_741_824, "how much the event stream may hold"),
  outbox_max_bytes: field(Count, 67_108_864, "how much the stream of what was sent may hold"),
  limits_max_bytes: field(Count, 16_777_216, "how much each stream of user limits may hold"),
  duplicate_window_seconds: field(PositiveSeconds, 120, "within it a second reply to the same line is dropped"),
  ack_wait_seconds: field(PositiveSeconds, 5, "time until an unacknowledged event comes again"),
  lease_seconds: field(PositiveSeconds, 3, "time until a dead replica's channels move")
})
export type JetStreamSettings = typeof JetStreamSettings.Type
