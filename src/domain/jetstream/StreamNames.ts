import type { Partition } from "../ownership/Partition.ts"
import type { Protocol } from "../wire/protocols/Protocol.ts"

/** A family of command subjects and the outbox before it. */
export interface Relay {
  /** The end of the stream's name. */
  readonly stream: string
  /** What stands for `commands` in the outbox's subjects. */
  readonly token: string
  /** What the subjects of the commands begin with. */
  readonly commands: string
  readonly protocols: ReadonlyArray<Protocol>
}

/** The outboxes. */
export const relays: ReadonlyArray<Relay> = [
  {
    stream: "OUT_CYTUBE",
    token: "cytube",
    commands: "cytube.commands.",
    protocols: ["cytube", "kryten-legacy"]
  },
  { stream: "OUT_KRYTEN", token: "kryten", commands: "kryten.commands.cytube.", protocols: ["kryten"] }
]

/** The name of a stream or bucket of a deployment. */
export const streamName = (prefix: string, end: string): string => `${prefix}_${end}`

/** The events of a partition: the bridge's own subject follows. */
export const eventsOf = (prefix: string, partition: Partition): string => `${prefix}.in.${partition}.>`

/** The subject that the bridge published an event on. */
export const publishedSubject = (prefix: string, subject: string): string =>
  subject.slice(prefix.length + ".in.".length).replace(/^\d+\./, "")

/** The subject of a limit's stream for a person; `*` for everybody. */
export const limitSubject = (prefix: string, window: "minute" | "hour", person: string): string =>
  `${prefix}.rl.${window}.${person}`

/** The outbox of a command: its stream, and the subject there that becomes the command's. */
export const outboxOf = (
  prefix: string,
  subject: string
): { readonly stream: string; readonly subject: string } | undefined => {
  const relay = relays.find(({ commands }) => subject.startsWith(commands))
  return relay && {
    stream: streamName(prefix, relay.stream),
    subject: `${prefix}.out.${relay.token}.${subject.slice(relay.commands.length)}`
  }
}
