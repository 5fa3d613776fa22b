import type { Username } from "../Ids.ts"
import { fallbackProtocol, type Protocol, type ProtocolSetting } from "../wire/protocols/Protocol.ts"
import type { Room } from "../wire/Room.ts"

/** What a channel's events revealed about its bridge. */
export interface BridgeSighting {
  /** The protocol it spoke last. */
  readonly protocol: Protocol | undefined
  /** The room's domain as it spells it: it compares exactly (WIRE, protocols). */
  readonly domain: string | undefined
  /** The account it is logged in with. */
  readonly account: Username | undefined
  /** When an event of the room last came, monotonic ms. */
  readonly heardAt: number | undefined
}

/** No bridge was heard yet. */
export const unseenBridge: BridgeSighting = {
  protocol: undefined,
  domain: undefined,
  account: undefined,
  heardAt: undefined
}

const isSameDomain = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** Something of an event that came. */
export interface SightedEvent {
  /** The one its subject belongs to. */
  readonly protocol: Protocol | undefined
  /** The envelope's, if there was one. */
  readonly domain: string | undefined
  /** Arrival, monotonic ms. */
  readonly at: number
}

/** What is known of a room's bridge after an event; a room of the same name on another server says nothing of it. */
export const sightBridge = (before: BridgeSighting, event: SightedEvent, room: Room): BridgeSighting => {
  if (event.domain !== undefined && !isSameDomain(event.domain, room.domain)) return before
  return {
    protocol: event.protocol ?? before.protocol,
    domain: event.domain ?? before.domain,
    account: before.account,
    heardAt: event.at
  }
}

/** How commands reach a room's bridge. */
export interface BridgeAddress {
  readonly protocol: Protocol
  /** The room, its domain as the bridge spells it. */
  readonly room: Room
}

/** The configured protocol, or the one that spoke; before that, the one `auto` falls back to. */
export const bridgeAddress = (
  setting: ProtocolSetting,
  room: Room,
  { domain, protocol }: BridgeSighting
): BridgeAddress => ({
  protocol: setting === "auto" ? protocol ?? fallbackProtocol : setting,
  room: domain !== undefined && isSameDomain(domain, room.domain) ? { ...room, domain } : room
})
