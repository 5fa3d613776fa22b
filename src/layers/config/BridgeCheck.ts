import { Clock, Effect, Option, Result, type Scope } from "effect"
import { type BridgeFault, faultText, isHarmless } from "../../domain/bridge/BridgeFault.ts"
import { bridgeFaults } from "../../domain/bridge/BridgeFit.ts"
import { type BridgeSighting, sightBridge, unseenBridge } from "../../domain/bridge/BridgeSighting.ts"
import { activate, type ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { Diagnostic, FieldPath } from "../../domain/settings/Diagnostic.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import { eventSubjects, protocolOfSubject } from "../../domain/wire/Subject.ts"
import { decodeEvent } from "../../domain/wire/Wire.ts"
import { inquire } from "../../services/bridge/BridgeInquiry.ts"
import { Nats, type NatsNotSubscribed } from "../../services/Nats.ts"
import { readingOf } from "../../services/Time.ts"

/** The field to look at. `user` is the one that names the bot to NATS. */
const pathOf = ({ _tag }: BridgeFault, index: number, user: FieldPath): FieldPath => {
  switch (_tag) {
    case "NoBridge":
    case "BridgeGone":
    case "BridgeSilent":
    case "BridgeWithoutRoom":
    case "WrongProtocol":
      return ["nats", "protocol"]
    case "WrongAccount":
      return ["bot", "username"]
    case "WrongDomain":
    case "DomainSpelling":
      return ["channels", index, "domain"]
    case "WrongChannel":
      return ["channels", index, "name"]
    case "MayNotPublish":
    case "MayNotSubscribe":
      return user
  }
}

/** Listens to a room as the bot would; what its events tell of the bridge meanwhile. */
const listenTo = Effect.fnUntraced(function*({ protocol, room }: ChannelSettings) {
  const nats = yield* Nats
  const clock = yield* Clock.Clock
  let sighting = unseenBridge
  for (const subject of eventSubjects(protocol, room)) {
    yield* nats.subscribe(subject, (message) => {
      const now = readingOf(clock)
      const decoded = decodeEvent(message, room, now.wall)
      if (Result.isFailure(decoded)) return
      const { domain, event } = decoded.success
      const protocol = protocolOfSubject(message.subject)
      const seen = { protocol, domain: Option.getOrUndefined(domain), at: now.monotonic }
      sighting = sightBridge(sighting, seen, room)
      if (event._tag === "Login" && event.success) sighting = { ...sighting, account: event.username }
    })
  }
  return (): BridgeSighting => sighting
})

/**
 * Tries whether every room's bridge is there and fits, as the running bot would hear and speak. A plain bridge's account
 * is not known before it logs in again.
 */
export const tryBridges = (
  settings: Settings,
  user: FieldPath
): Effect.Effect<ReadonlyArray<Diagnostic>, NatsNotSubscribed, Nats | Scope.Scope> =>
  Effect.gen(function*() {
    const nats = yield* Nats
    const channels = [...activate(settings).channels.values()]
    const sightings = yield* Effect.forEach(channels, listenTo)
    const inquiries = yield* inquire(
      nats,
      channels.map(({ protocol: setting, room }) => ({ room, setting, known: undefined, lively: false }))
    )
    const refused = yield* nats.refused
    return channels.flatMap((channel, index): ReadonlyArray<Diagnostic> => {
      if (!channel.enabled) return []
      const { bot: { username }, protocol, room } = channel
      const sighting = sightings[index]?.() ?? unseenBridge
      const facts = { sighting, refused, withoutRoom: false, inquiry: inquiries[index] }
      return bridgeFaults({ protocol, room, username }, facts).map((fault) => ({
        severity: isHarmless(fault) ? "warning" : "error",
        path: pathOf(fault, index, user),
        message: faultText(fault, room)
      }))
    })
  })
