import type { EventType } from "../ChatEvent.ts"
import type { BridgeProtocol, RoomTokens } from "./protocols/BridgeProtocol.ts"
import { Protocol, protocols, type ProtocolSetting, protocolsOf } from "./protocols/Protocol.ts"
import { type Room, token } from "./Room.ts"

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
    "kick",
    "channelOpts",
    "setUserMeta"
  ] as const).flatMap((type) => [[type, type], [type.toLowerCase(), type]])
)

/** The event type of a name in any case: the bridge writes `chatmsg` in subjects, the plain shape `chatMsg`. */
export const eventType = (name: string): EventType =>
  eventTypes.get(name) ?? eventTypes.get(name.toLowerCase()) ?? "other"

const anyRoom: RoomTokens = { domain: "{domain}", channel: "{channel}" }

/** A room as subjects name it. */
export const tokensOf = (room: Room): RoomTokens => ({ domain: token(room.domain), channel: token(room.name) })

/** The protocol that an event's subject belongs to; none where it is no event's. */
export const protocolOfSubject = (subject: string): Protocol | undefined => {
  const tokens = subject.split(".")
  return Protocol.literals.find((protocol) => protocols[protocol].isEvent(tokens))
}

/** The subjects to subscribe for a room; of every protocol where it is still to be found. */
export const eventSubjects = (setting: ProtocolSetting, room: Room): ReadonlyArray<string> =>
  protocolsOf(setting).flatMap((protocol) => protocolSubjects(protocol, room))

const protocolSubjects = (protocol: Protocol, room: Room): ReadonlyArray<string> => {
  const { eventSubject, lowerCase } = protocols[protocol]
  const tokens = tokensOf(room)
  const spellings = lowerCase ? [tokens.channel] : [tokens.channel, room.name]
  return [...new Set(spellings)].map((channel) => eventSubject({ ...tokens, channel }, "*"))
}

const templateOf = (protocol: Protocol, type: EventType): string => {
  const { eventSubject, lowerCase } = protocols[protocol]
  return eventSubject(anyRoom, lowerCase ? token(type) : type)
}
const noTemplates = (): Map<EventType, string> => new Map()
// One for each type.
const templates: Readonly<Record<Protocol, Map<EventType, string>>> = {
  cytube: noTemplates(),
  kryten: noTemplates(),
  "kryten-legacy": noTemplates()
}

/** The subject template of an event type, for any room: traces need names of low cardinality. */
export const eventTemplate = (protocol: Protocol, type: EventType): string => {
  const known = templates[protocol].get(type)
  if (known !== undefined) return known
  const template = templateOf(protocol, type)
  templates[protocol].set(type, template)
  return template
}

/** The subject of a command for a room. */
export const commandSubject = (protocol: Protocol, room: Room, command: "chat" | "pm"): string =>
  protocols[protocol].commandSubject(tokensOf(room), command)

/** The subjects on which a room's commands come out of a stream, `*` for each command (N2). */
export const relayedSubjects = (setting: ProtocolSetting, room: Room): ReadonlyArray<string> =>
  protocolsOf(setting).map((protocol) => {
    const { commandSubject: direct, relayed }: BridgeProtocol = protocols[protocol]
    return (relayed?.commandSubject ?? direct)(tokensOf(room), "chat").replace(/chat$/, "*")
  })

/** The same as a template for traces. */
export const commandTemplate = (protocol: Protocol, command: "chat" | "pm"): string =>
  protocols[protocol].commandSubject(anyRoom, command)

/** Channel and event stand at a subject's right end: a legacy domain keeps its dots and is several tokens. */
export const subjectEvent = (subject: string): { readonly channel: string; readonly event: string } => {
  const dot = subject.lastIndexOf(".")
  const before = dot < 0 ? "" : subject.slice(subject.lastIndexOf(".", dot - 1) + 1, dot)
  return { channel: before, event: subject.slice(dot + 1) }
}
