import type { EventType } from "../ChatEvent.ts"
import type { ChannelName } from "../Ids.ts"

/** The bridge generations the bot speaks with (WIRE: three protocols, one decoder). */
export type Protocol = "cytube" | "kryten" | "kryten-legacy"

/** A configured room as the wire addresses it. */
export interface Room {
  readonly name: ChannelName
  readonly domain: string
}

const eventTypes: ReadonlyMap<string, EventType> = new Map(
  ([
    "chatMsg",
    "pm",
    "changeMedia",
    "userlist",
    "addUser",
    "userLeave",
    "setUserRank",
    "login",
    "cooldown",
    "noflood",
    "spamFiltered",
    "errorMsg",
    "kick"
  ] as const).map((type) => [type.toLowerCase(), type])
)

/** The event type of a name in any case: the bridge writes `chatmsg` in subjects, the seed `chatMsg`. */
export const eventType = (name: string): EventType => eventTypes.get(name.toLowerCase()) ?? "other"

/** A name as the bridge writes it into a subject: lower case, spaces to `-`, reserved characters out, at most 100. */
export const token = (name: string): string =>
  name.toLowerCase().replaceAll(" ", "-").replace(/[*>!@#$%^&()+=[\]{|}\\:;"'<,?/]/g, "").slice(0, 100)

/** The subjects to subscribe for a room. NATS subjects are case-sensitive and the bridge writes lower case. */
export const eventSubjects = (protocol: Protocol, room: Room): ReadonlyArray<string> => {
  const channel = token(room.name)
  switch (protocol) {
    case "cytube":
      return [...new Set([`cytube.events.${channel}.*`, `cytube.events.${room.name}.*`])]
    case "kryten":
      return [`kryten.events.cytube.${channel}.*`]
    case "kryten-legacy":
      return [`cytube.events.${token(room.domain)}.${channel}.*`]
  }
}

/** Where a command for a room goes. The bridge does not hear a channel in upper case. */
export const commandSubject = (protocol: Protocol, room: Room, command: "chat" | "pm"): string => {
  switch (protocol) {
    case "cytube":
      return `cytube.commands.${token(room.name)}.${command}`
    case "kryten":
      return "kryten.robot.command"
    case "kryten-legacy":
      return `cytube.commands.${token(room.domain)}.${token(room.name)}.${command}`
  }
}

/** Channel and event stand at a subject's right end: a legacy domain keeps its dots and is several tokens. */
export const subjectEvent = (subject: string): { readonly channel: string; readonly event: string } => {
  const tokens = subject.split(".")
  return { channel: tokens.at(-2) ?? "", event: tokens.at(-1) ?? "" }
}
