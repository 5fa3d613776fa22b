import { Schema } from "effect"
import type { EventType } from "../ChatEvent.ts"
import type { ChannelName } from "../Ids.ts"

/** The bridge generations the bot speaks with (WIRE, protocols). */
export const Protocol = Schema.Literals(["cytube", "kryten", "kryten-legacy"])
export type Protocol = typeof Protocol.Type

/** Whether the bridge's other services want to hear of the bot (WIRE, bridge lifecycle). */
export const announces: Readonly<Record<Protocol, boolean>> = { cytube: false, kryten: true, "kryten-legacy": true }

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

/** The event type of a name in any case: the bridge writes `chatmsg` in subjects, the plain shape `chatMsg`. */
export const eventType = (name: string): EventType => eventTypes.get(name.toLowerCase()) ?? "other"

/** A name as the bridge writes it into a subject: lower case, spaces to `-`, reserved characters out, at most 100. */
export const token = (name: string): string =>
  name.toLowerCase().replaceAll(" ", "-").replace(/[*>!@#$%^&()+=[\]{|}\\:;"'<,?/]/g, "").slice(0, 100)

const eventTokens = (protocol: Protocol, domain: string, channel: string, event: string): string => {
  switch (protocol) {
    case "cytube":
      return `cytube.events.${channel}.${event}`
    case "kryten":
      return `kryten.events.cytube.${channel}.${event}`
    case "kryten-legacy":
      return `cytube.events.${domain}.${channel}.${event}`
  }
}

/** The subjects to subscribe for a room. NATS subjects are case-sensitive and the bridge writes lower case. */
export const eventSubjects = (protocol: Protocol, room: Room): ReadonlyArray<string> => {
  const spellings = protocol === "cytube" ? [token(room.name), room.name] : [token(room.name)]
  return [...new Set(spellings)].map((channel) => eventTokens(protocol, token(room.domain), channel, "*"))
}

/** Where events of a type come from, for any room: what traces call it, as names there must be few. */
export const eventTemplate = (protocol: Protocol, type: EventType): string =>
  eventTokens(protocol, "{domain}", "{channel}", protocol === "cytube" ? type : token(type))

const commandTokens = (protocol: Protocol, domain: string, channel: string, command: "chat" | "pm"): string => {
  switch (protocol) {
    case "cytube":
      return `cytube.commands.${channel}.${command}`
    case "kryten":
      return "kryten.robot.command"
    case "kryten-legacy":
      return `cytube.commands.${domain}.${channel}.${command}`
  }
}

/** Where a command for a room goes. The bridge does not hear a channel in upper case. */
export const commandSubject = (protocol: Protocol, room: Room, command: "chat" | "pm"): string =>
  commandTokens(protocol, token(room.domain), token(room.name), command)

/** The same for any room, as traces call it. */
export const commandTemplate = (protocol: Protocol, command: "chat" | "pm"): string =>
  commandTokens(protocol, "{domain}", "{channel}", command)

/** Channel and event stand at a subject's right end: a legacy domain keeps its dots and is several tokens. */
export const subjectEvent = (subject: string): { readonly channel: string; readonly event: string } => {
  const tokens = subject.split(".")
  return { channel: tokens.at(-2) ?? "", event: tokens.at(-1) ?? "" }
}
