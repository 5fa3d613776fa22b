import { Clock, Context, Effect, Layer, Option, Queue, Scope, Stream } from "effect"
import { bridgeQuestion, type Inquiry, userlistEvent } from "../../domain/bridge/BridgeFacts.ts"
import {
  type BridgeFault,
  faultReasons,
  faultText,
  isAbsence,
  isHarmless,
  mendedText
} from "../../domain/bridge/BridgeFault.ts"
import { bridgeFaults, bridgeOf } from "../../domain/bridge/BridgeFit.ts"
import { sightBridge } from "../../domain/bridge/BridgeSighting.ts"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import { bridgeEvent, bridgeLifecycle, roomLink } from "../../domain/wire/Announcement.ts"
import { protocols, protocolsOf } from "../../domain/wire/protocols/Protocol.ts"
import { commandSubject } from "../../domain/wire/Subject.ts"
import { BotConfig } from "../BotConfig.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { Intake } from "../Intake.ts"
import { Nats, type NatsNotSubscribed } from "../Nats.ts"
import { monotonicMillis, monotonicOf } from "../Time.ts"
import { inquire } from "./BridgeInquiry.ts"

/** How often bridges are asked for, and for how long what was heard proves that one is there, ms. */
export const BridgePauseMs: Context.Reference<number> = Context.Reference("llm-bot/BridgePauseMs", {
  defaultValue: () => 30_000
})

/**
 * The part of that pause that a bridge has after a loss of NATS before it is missed, and after which it is asked for again
 * once something is wrong: 5 s. A bridge needs some 2 s to come back.
 */
const graceShare = 1 / 6

/** Something wrong with a channel's bridge. */
export interface ChannelFault {
  readonly channel: ChannelSettings
  readonly fault: BridgeFault
}

/** What to log of a fault, and to know it again by. */
const textOf = ({ channel: { room }, fault }: ChannelFault): string => `${room.name}: ${faultText(fault, room)}`

/** Watches whether each channel's bridge is there and fits: asks at start, after every loss of NATS, and now and then. */
export class BridgeWatch extends Context.Service<BridgeWatch, {
  /** What keeps bot and bridges from understanding each other, as far as is known now; nothing before it watches. */
  readonly faults: Effect.Effect<ReadonlyArray<ChannelFault>>
  /** Watches until the layer closes. To be run once. */
  readonly begin: Effect.Effect<void, NatsNotSubscribed>
}>()("llm-bot/BridgeWatch") {
  static readonly layerNoDeps = Layer.effect(
    BridgeWatch,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const nats = yield* Nats
      const intake = yield* Intake
      const states = yield* ChannelStates
      const pauseMs = yield* BridgePauseMs
      const clock = yield* Clock.Clock
      const scope = yield* Effect.scope
      // One a configured channel.
      const inquiries = new Map<ChannelKey, Inquiry>()
      // Channels whose members were asked for over this connection.
      const membersAsked = new Set<ChannelKey>()
      const wake = yield* Queue.sliding<void>(1)
      let watching = false
      // When a bridge said that it has lost the rooms' server, monotonic ms.
      let lostRoomAt: number | undefined
      const graceMs = pauseMs * graceShare
      // When NATS came back, monotonic ms.
      let reconnectedAt = Number.NEGATIVE_INFINITY
      // Looks since something is wrong.
      let looksInVain = 0
      const graceLeft = (): number => Math.max(0, reconnectedAt + graceMs - monotonicOf(clock))
      let logged: ReadonlyMap<string, ChannelFault> = new Map()

      const enabled = Effect.map(config.current, ({ channels }) => [...channels.values()].filter((one) => one.enabled))

      const faults = Effect.gen(function*() {
        if (!watching) return []
        const refused = yield* nats.refused
        return (yield* enabled).flatMap((channel): ReadonlyArray<ChannelFault> => {
          const sighting = states.of(channel.key).bridge
          const withoutRoom = lostRoomAt !== undefined && (sighting.heardAt ?? 0) < lostRoomAt
          const { bot: { username }, protocol, room } = channel
          const facts = { sighting, refused, withoutRoom, inquiry: inquiries.get(channel.key) }
          return bridgeFaults({ protocol, room, username }, facts)
            .filter((fault) => graceLeft() === 0 || !isAbsence(fault))
            .map((fault) => ({ channel, fault }))
        })
      })

      /** Whether a fault of a channel that is still there is over, and not another in the same place. */
      const isMended = Effect.fnUntraced(function*({ channel, fault }: ChannelFault, now: Iterable<ChannelFault>) {
        const left = [...now].some((other) =>
          other.channel.key === channel.key && isAbsence(other.fault) && isAbsence(fault)
        )
        return !left && (yield* enabled).some(({ key }) => key === channel.key)
      })

      /** Logs what is new, and what is over; nothing while bridges have time to come back. */
      const tell = Effect.gen(function*() {
        if (graceLeft() > 0) return
        const now = new Map((yield* faults).map((fault) => [textOf(fault), fault]))
        const about = ({ channel, fault }: ChannelFault) =>
          Effect.annotateLogs({ channel: channel.room.name, reason: faultReasons[fault._tag] })
        for (const [text, fault] of now) {
          if (logged.has(text)) continue
          yield* about(fault)(isHarmless(fault.fault) ? Effect.logWarning(text) : Effect.logError(text))
        }
        for (const [text, fault] of logged) {
          if (now.has(text) || !(yield* isMended(fault, now.values()))) continue
          const { channel: { room }, fault: mended } = fault
          yield* about(fault)(Effect.logInfo(`Over: ${room.name}: ${mendedText(mended, room)}`))
        }
        logged = now
      })

      /** A bridge that answered for a room is known before it speaks. */
      const noteAnswer = ({ key, protocol, room }: ChannelSettings, inquiry: Inquiry): void => {
        inquiries.set(key, inquiry)
        const state = states.of(key)
        const domain = bridgeOf(room, inquiry)?.domain
        const known = state.bridge.protocol !== undefined || (protocol !== "auto" && protocol !== "kryten")
        if (domain === undefined || known) return
        const { heardAt } = state.bridge
        state.bridge = { ...sightBridge(state.bridge, { protocol: "kryten", domain, at: inquiry.at }, room), heardAt }
      }

      /** A bot that starts after its bridge knows nobody's rank: it asks where one bridge alone can answer. */
      const askMembers = Effect.fnUntraced(function*({ key, protocol, room }: ChannelSettings, { bridges }: Inquiry) {
        const speaks = protocol === "auto" || protocol === "kryten"
        if (!speaks || membersAsked.has(key) || bridges.length !== 1) return
        membersAsked.add(key)
        const { bodies } = yield* nats.request(
          commandSubject("kryten", room, "chat"),
          bridgeQuestion("state.userlist"),
          1
        )
        const event = bodies[0] === undefined ? undefined : userlistEvent(bodies[0], room)
        if (event !== undefined) intake.take(key, event)
      }, Effect.catch((error) => Effect.logWarning("The bridge did not tell who is there", error.message)))

      const look = Effect.gen(function*() {
        if (!(yield* nats.connected)) return
        const channels = yield* enabled
        const now = yield* monotonicMillis
        const { publish } = yield* nats.refused
        const sought = channels.map(({ key, protocol: setting, room }) => {
          const { heardAt, protocol } = states.of(key).bridge
          const known = setting === "auto" ? protocol : setting
          const refused = known !== undefined && publish.has(commandSubject(known, room, "chat"))
          const lively = !refused && inquiries.has(key) && heardAt !== undefined && now - heardAt < pauseMs
          return { room, setting, known: protocol, lively }
        })
        const found = yield* inquire(nats, sought)
        channels.forEach((channel, index) => {
          const inquiry = found[index]
          if (inquiry !== undefined) noteAnswer(channel, inquiry)
        })
        yield* tell
        for (const channel of channels) {
          const inquiry = inquiries.get(channel.key)
          if (inquiry !== undefined && bridgeOf(channel.room, inquiry) !== undefined) {
            yield* askMembers(channel, inquiry)
          }
        }
      })

      const begin = Effect.gen(function*() {
        watching = true
        const { settings } = yield* config.current
        const tells = protocolsOf(settings.nats.protocol).some((protocol) => protocols[protocol].announces)
        if (tells) {
          yield* nats.subscribe(bridgeLifecycle, (message) => {
            const event = Option.getOrUndefined(bridgeEvent(message))
            // Not believed; counted with the announcements.
            if (event === undefined) return
            const link = roomLink(event)
            if (link === "lost") lostRoomAt = monotonicOf(clock)
            if (link === "back") lostRoomAt = undefined
            // What a bridge says of itself is looked into at once.
            Queue.offerUnsafe(wake, undefined)
          })
        }
        yield* nats.connection.pipe(
          Stream.filter((up) => up),
          Stream.zipWithIndex,
          Stream.runForEach(([, index]) =>
            Effect.sync(() => {
              // The first is the connection of the start.
              if (index > 0) reconnectedAt = monotonicOf(clock)
              inquiries.clear()
              // What changed meanwhile was missed.
              membersAsked.clear()
              Queue.offerUnsafe(wake, undefined)
            })
          ),
          Effect.forkScoped({ startImmediately: true })
        )
        /** Until the grace is over, soon while something is wrong and later each time, else now and then. */
        const pause = Effect.map(faults, (found) => {
          const left = graceLeft()
          looksInVain = left > 0 || found.every(({ fault }) => isHarmless(fault)) ? 0 : looksInVain + 1
          return left > 0 ? left : looksInVain === 0 ? pauseMs : Math.min(pauseMs, graceMs * 2 ** (looksInVain - 1))
        })
        const rest = Effect.flatMap(pause, (ms) => Effect.timeoutOption(Queue.take(wake), Math.ceil(ms)))
        yield* Effect.forever(Effect.andThen(look, rest)).pipe(
          Effect.annotateLogs({ logger: "BridgeWatch" }),
          Effect.forkScoped
        )
      })
      return BridgeWatch.of({ faults, begin: Effect.provideService(begin, Scope.Scope, scope) })
    })
  )
}
