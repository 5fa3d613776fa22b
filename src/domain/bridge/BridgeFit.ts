import { userKey, type Username } from "../Ids.ts"
import { Protocol, type ProtocolSetting, protocolsOf } from "../wire/protocols/Protocol.ts"
import type { Room } from "../wire/Room.ts"
import { commandSubject, eventSubjects } from "../wire/Subject.ts"
import type { AnsweringBridge, Inquiry, Listening, RefusedSubjects } from "./BridgeFacts.ts"
import type { BridgeFault } from "./BridgeFault.ts"
import type { BridgeSighting } from "./BridgeSighting.ts"

/** What is configured of a channel's bridge. */
export interface ExpectedBridge {
  readonly room: Room
  readonly protocol: ProtocolSetting
  readonly username: Username
}

/** What is known of a channel's bridge. */
export interface BridgeFacts {
  readonly sighting: BridgeSighting
  /** Absent before the first question. */
  readonly inquiry: Inquiry | undefined
  readonly refused: RefusedSubjects
  /** Whether a bridge said that it has lost the room's server, and nothing was heard since. */
  readonly withoutRoom: boolean
}

const isSame = (one: string | undefined, other: string): boolean => one?.toLowerCase() === other.toLowerCase()

/** The bridge among those that answered that is in the room. */
export const bridgeOf = (room: Room, inquiry: Inquiry | undefined): AnsweringBridge | undefined =>
  inquiry?.bridges.find(({ channel, domain }) => isSame(channel, room.name) && isSame(domain, room.domain))

/** Where a room's commands go. */
const chatSubject = (protocol: Protocol, room: Room): string => commandSubject(protocol, room, "chat")

/** The protocol that is spoken, as far as that is known. */
const protocolOf = ({ protocol, room }: ExpectedBridge, { inquiry, sighting }: BridgeFacts): Protocol | undefined => {
  if (protocol !== "auto") return protocol
  if (sighting.protocol !== undefined) return sighting.protocol
  if (bridgeOf(room, inquiry) !== undefined) return "kryten"
  const found = Protocol.literals.filter((name) => inquiry?.listening[name] === "somebody")
  return found.length === 1 ? found[0] : undefined
}

/** Subjects without which the room is not heard. Of a protocol that may be another's, only all together count. */
const unheard = (
  { protocol, room }: ExpectedBridge,
  { refused, sighting }: BridgeFacts
): ReadonlyArray<BridgeFault> => {
  const known = protocol === "auto" ? sighting.protocol : protocol
  const names = known === undefined ? protocolsOf(protocol) : [known]
  const lost = names.map((name) => eventSubjects(name, room).filter((subject) => refused.subscribe.has(subject)))
  return lost.every((subjects) => subjects.length > 0)
    ? lost.flat().map((subject) => ({ _tag: "MayNotSubscribe", subject }))
    : []
}

const roomText = ({ channel, domain }: AnsweringBridge): string => `${channel ?? "?"} on ${domain ?? "?"}`

/** Bridges answered, and none of them is in the room. */
const elsewhere = (room: Room, bridges: ReadonlyArray<AnsweringBridge>): ReadonlyArray<BridgeFault> => {
  const told = bridges.filter(({ channel, domain }) => channel !== undefined && domain !== undefined)
  if (told.length < bridges.length) return []
  const namesake = told.find(({ channel }) => isSame(channel, room.name))
  return namesake?.domain === undefined
    ? [{ _tag: "WrongChannel", found: told.map(roomText).join(", ") }]
    : [{ _tag: "WrongDomain", configured: room.domain, found: namesake.domain }]
}

/** Nobody is there where a protocol's commands go. */
const absent = (
  { protocol, room }: ExpectedBridge,
  spoken: Protocol,
  { sighting }: BridgeFacts,
  inquiry: Inquiry
): BridgeFault => {
  const found = bridgeOf(room, inquiry) === undefined
    ? Protocol.literals.find((name) => name !== "kryten" && inquiry.listening[name] === "somebody")
    : "kryten"
  if (protocol !== "auto" && found !== undefined) return { _tag: "WrongProtocol", configured: protocol, found }
  const subject = chatSubject(spoken, room)
  return sighting.heardAt === undefined ? { _tag: "NoBridge", subject } : { _tag: "BridgeGone", subject }
}

/** What asking in the protocol that is spoken brought to light. */
const spokenFaults = (
  expected: ExpectedBridge,
  spoken: Protocol,
  facts: BridgeFacts,
  inquiry: Inquiry
): ReadonlyArray<BridgeFault> => {
  const { room } = expected
  const heardSince = facts.sighting.heardAt !== undefined && facts.sighting.heardAt > inquiry.at
  if (facts.refused.publish.has(chatSubject(spoken, room))) {
    return [{ _tag: "MayNotPublish", subject: chatSubject(spoken, room) }]
  }
  switch (inquiry.listening[spoken]) {
    case "refused":
      return [{ _tag: "MayNotPublish", subject: chatSubject(spoken, room) }]
    case "nobody":
      return heardSince ? [] : [absent(expected, spoken, facts, inquiry)]
    case "somebody":
      break
    case undefined:
      return []
  }
  if (spoken === "kryten") {
    if (inquiry.bridges.length === 0) return [{ _tag: "BridgeSilent" }]
    return bridgeOf(room, inquiry) === undefined ? elsewhere(room, inquiry.bridges) : []
  }
  // Whoever watches everything listens there too: a bridge that answers elsewhere, and nothing heard here, is the proof.
  return bridgeOf(room, inquiry) !== undefined && facts.sighting.heardAt === undefined
    ? [{ _tag: "WrongProtocol", configured: spoken, found: "kryten" }]
    : []
}

/** What asking in every protocol brought to light, none of them known yet. */
const unknownFaults = ({ room }: ExpectedBridge, { bridges, listening }: Inquiry): ReadonlyArray<BridgeFault> => {
  const is = (wanted: Listening) => Protocol.literals.filter((name) => listening[name] === wanted)
  if (is("somebody").length > 0) return bridges.length > 0 ? elsewhere(room, bridges) : []
  const nobody = is("nobody")
  return nobody.length > 0
    ? [{ _tag: "NoBridge", subject: nobody.map((name) => chatSubject(name, room)).join(", ") }]
    : is("refused").map((name) => ({ _tag: "MayNotPublish", subject: chatSubject(name, room) }))
}

const accountFaults = (
  { room, username }: ExpectedBridge,
  { inquiry, sighting }: BridgeFacts
): ReadonlyArray<BridgeFault> => {
  const found = bridgeOf(room, inquiry)?.account ?? sighting.account
  return found === undefined || userKey(found) === userKey(username)
    ? []
    : [{ _tag: "WrongAccount", configured: username, found }]
}

const spellingFaults = ({ room }: ExpectedBridge, { inquiry, sighting }: BridgeFacts): ReadonlyArray<BridgeFault> => {
  const found = bridgeOf(room, inquiry)?.domain ?? sighting.domain
  return found === undefined || found === room.domain
    ? []
    : [{ _tag: "DomainSpelling", configured: room.domain, found }]
}

/** Everything that keeps a channel and its bridge from understanding each other, as far as is known (WIRE, bridges). */
export const bridgeFaults = (expected: ExpectedBridge, facts: BridgeFacts): ReadonlyArray<BridgeFault> => {
  const { inquiry, withoutRoom } = facts
  const spoken = protocolOf(expected, facts)
  const asked = inquiry === undefined
    ? []
    : spoken === undefined
    ? unknownFaults(expected, inquiry)
    : spokenFaults(expected, spoken, facts, inquiry)
  const lost: ReadonlyArray<BridgeFault> = withoutRoom && asked.length === 0 ? [{ _tag: "BridgeWithoutRoom" }] : []
  return [
    ...unheard(expected, facts),
    ...asked,
    ...lost,
    ...accountFaults(expected, facts),
    ...spellingFaults(expected, facts)
  ]
}
