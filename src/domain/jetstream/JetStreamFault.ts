import { Schema } from "effect"

/** The oldest nats-server that durable intake works with. */
export const oldestServer = "2.9.10"

const number = (version: string): ReadonlyArray<number> =>
  version.replace(/-.*$/, "").split(".").map((part) => Number.parseInt(part, 10))

/** Whether a server's version is at least another. */
export const isAtLeast = (version: string, oldest: string): boolean => {
  const [is, wanted] = [number(version), number(oldest)]
  const place = wanted.findIndex((part, index) => part !== is[index])
  return place < 0 || (is[place] ?? 0) > (wanted[place] ?? 0)
}

/** Why durable intake cannot work, and what to do. */
export class JetStreamFault extends Schema.TaggedError<JetStreamFault>()("JetStreamFault", {
  reason: Schema.Literals([
    "disabled",
    "old_server",
    "storage",
    "copies",
    "permission",
    "overlap",
    "foreign_stream",
    "other_deployment",
    "other_partitions",
    "refused",
    "unreachable"
  ]),
  /** The stream, or the part of the API. */
  about: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    const { about, detail } = this
    switch (this.reason) {
      case "disabled":
        return "JetStream is off at the NATS server: turn it on there (`jetstream {}`), or set nats.jetstream.enabled to false"
      case "old_server":
        return `nats-server ${detail} is older than ${oldestServer}, which durable intake needs: update it`
      case "storage":
        return `NATS has no room for the stream ${about} (${detail}): raise max_file_store there, or lower nats.jetstream.max_bytes`
      case "copies":
        return `NATS cannot keep so many copies of the stream ${about} (${detail}): lower nats.jetstream.replicas, or add servers`
      case "permission":
        return `this user may not ${detail} ${about}; docs/nats-permissions.md says what durable intake needs`
      case "overlap":
        return `the stream ${detail} already takes what ${about} is for: delete it, or take those subjects out of it`
      case "foreign_stream":
        return `a stream ${about} is there that is not the bot's: choose another nats.jetstream.prefix, or delete it`
      case "other_deployment":
        return `the stream ${about} belongs to the bot ${detail}: give each deployment a nats.jetstream.prefix of its own`
      case "other_partitions":
        return `the stream ${about} was made for ${detail}: set nats.jetstream.partitions back, or stop every replica and delete the streams of the prefix`
      case "refused":
        return `NATS refuses the stream ${about} (${detail})`
      case "unreachable":
        return `JetStream does not answer about ${about} (${detail}); is the server up?`
    }
  }
}
