import type { Protocol } from "../wire/protocols/Protocol.ts"
import type { Room } from "../wire/Room.ts"

/** Why a room and the bot do not hear each other, or will not understand each other (WIRE, bridges). */
export type BridgeFault =
  | { readonly _tag: "NoBridge"; readonly subject: string }
  /** It was heard before. */
  | { readonly _tag: "BridgeGone"; readonly subject: string }
  | { readonly _tag: "BridgeSilent" }
  | { readonly _tag: "BridgeWithoutRoom" }
  | { readonly _tag: "WrongProtocol"; readonly configured: Protocol; readonly found: Protocol }
  | { readonly _tag: "WrongAccount"; readonly configured: string; readonly found: string }
  | { readonly _tag: "WrongDomain"; readonly configured: string; readonly found: string }
  | { readonly _tag: "DomainSpelling"; readonly configured: string; readonly found: string }
  | { readonly _tag: "WrongChannel"; readonly found: string }
  | { readonly _tag: "MayNotPublish"; readonly subject: string }
  | { readonly _tag: "MayNotSubscribe"; readonly subject: string }

/** The `reason` in `/health` and in the log, by fault. */
export const faultReasons = {
  NoBridge: "no_bridge",
  BridgeGone: "bridge_gone",
  BridgeSilent: "bridge_silent",
  BridgeWithoutRoom: "bridge_without_room",
  WrongProtocol: "wrong_protocol",
  WrongAccount: "wrong_account",
  WrongDomain: "wrong_domain",
  DomainSpelling: "domain_spelling",
  WrongChannel: "wrong_channel",
  MayNotPublish: "may_not_publish",
  MayNotSubscribe: "may_not_subscribe"
} as const satisfies Readonly<Record<BridgeFault["_tag"], string>>

export type FaultReason = typeof faultReasons[BridgeFault["_tag"]]

/** Whether the bot works all the same. */
export const isHarmless = ({ _tag }: BridgeFault): boolean => _tag === "DomainSpelling"

const permissions = "allow it (docs/nats-permissions.md)"

/** What is wrong and what to do about it, in a sentence. */
export const faultText = (fault: BridgeFault, room: Room): string => {
  switch (fault._tag) {
    case "NoBridge":
      return `no bridge listens for ${room.name} on ${room.domain}: start it, or give it and the bot the same NATS ` +
        `(nobody listens on ${fault.subject})`
    case "BridgeGone":
      return `the bridge of ${room.name} is gone: start it again (nobody listens on ${fault.subject} any more)`
    case "BridgeSilent":
      return "no bridge answers on kryten.robot.command, although somebody listens there: start the bridge, " +
        "or restart it if it hangs; whoever watches with nats sub '>' listens too"
    case "BridgeWithoutRoom":
      return `the bridge has lost ${room.name} on ${room.domain}: its log says why; it comes back by itself or is restarted`
    case "WrongProtocol":
      return `the bridge speaks ${fault.found}, but nats.protocol is ${fault.configured}: set nats.protocol to auto`
    case "WrongAccount":
      return `the bridge is logged in as ${fault.found}, but bot.username is ${fault.configured}: ` +
        "make them the same, or the bot does not know its own lines"
    case "WrongDomain":
      return `the bridge of ${room.name} is on ${fault.found}, but channels[].domain is ${fault.configured}: ` +
        "set channels[].domain to the bridge's"
    case "DomainSpelling":
      return `the bridge writes the domain ${fault.found}, but channels[].domain is ${fault.configured}: ` +
        "commands go out as the bridge writes it; set channels[].domain to that"
    case "WrongChannel":
      return `the bridge is in ${fault.found}, not in ${room.name} on ${room.domain}: ` +
        "set channels[].name, or send the bridge there"
    case "MayNotPublish":
      return `NATS does not let this user publish ${fault.subject}, so nothing the bot says arrives: ${permissions}`
    case "MayNotSubscribe":
      return `NATS does not let this user subscribe to ${fault.subject}, so the bot does not hear ${room.name}: ${permissions}`
  }
}

/** Whether the fault is that no bridge is there: one that starts, or finds NATS again, mends it by itself. */
export const isAbsence = ({ _tag }: BridgeFault): boolean =>
  _tag === "NoBridge" || _tag === "BridgeGone" || _tag === "BridgeSilent"

/** That a fault is over, in a sentence. */
export const mendedText = (fault: BridgeFault, room: Room): string => {
  switch (fault._tag) {
    case "NoBridge":
    case "BridgeGone":
    case "BridgeSilent":
      return `the bridge of ${room.name} is there now`
    case "BridgeWithoutRoom":
      return `the bridge has ${room.name} on ${room.domain} again`
    case "WrongProtocol":
      return `bridge and nats.protocol agree now, no longer ${fault.found} and ${fault.configured}`
    case "WrongAccount":
      return "the account of the bridge and bot.username agree now"
    case "WrongDomain":
    case "DomainSpelling":
      return "the domain of the bridge and channels[].domain agree now"
    case "WrongChannel":
      return `the bridge is in ${room.name} now`
    case "MayNotPublish":
      return `NATS lets this user publish ${fault.subject} now`
    case "MayNotSubscribe":
      return `NATS lets this user subscribe to ${fault.subject} now`
  }
}
