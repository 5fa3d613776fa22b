import { Effect, Record } from "effect"
import {
  type AnsweringBridge,
  answeringBridges,
  type BridgeQuestion,
  bridgeQuestion,
  type Inquiry,
  type Listening,
  plainProbe
} from "../../domain/bridge/BridgeFacts.ts"
import { bridgeOf } from "../../domain/bridge/BridgeFit.ts"
import { Protocol, type ProtocolSetting, protocolsOf } from "../../domain/wire/protocols/Protocol.ts"
import type { Room } from "../../domain/wire/Room.ts"
import { commandSubject } from "../../domain/wire/Subject.ts"
import type { Nats } from "../Nats.ts"
import { monotonicMillis } from "../Time.ts"

/** A room whose bridge is asked for. */
export interface SoughtBridge {
  readonly room: Room
  readonly setting: ProtocolSetting
  /** The protocol that spoke, if any did. */
  readonly known: Protocol | undefined
  /** Whether the bridge was heard a moment ago: one that does not answer is not bothered then. */
  readonly lively: boolean
}

interface Found {
  readonly listening: Listening | undefined
  /** Whether anybody answered at all. */
  readonly answered: boolean
  readonly bridges: ReadonlyArray<AnsweringBridge>
}

const nothing: Found = { listening: undefined, answered: false, bridges: [] }

/** Asks on a subject; what an answer tells of bridges. */
const ask = (nats: Nats["Service"], subject: string, body: string): Effect.Effect<Found> =>
  nats.request(subject, body).pipe(
    Effect.map(({ bodies, heard }): Found => ({
      listening: heard ? "somebody" : "nobody",
      answered: bodies.length > 0,
      bridges: bodies.flatMap(answeringBridges)
    })),
    Effect.catchTags({
      NatsRefused: () => Effect.succeed<Found>({ ...nothing, listening: "refused" }),
      NatsUnreachable: () => Effect.succeed(nothing)
    })
  )

/** The first is asked again where nobody answers: a bridge that goes in the middle of it is gone, not silent. */
const questions: ReadonlyArray<BridgeQuestion> = ["system.config", "system.config", "system.channels", "system.ping"]

/** The bridges of `kryten`, by the first question to which any answers: older ones do not know them all. */
const askKryten = Effect.fnUntraced(function*(nats: Nats["Service"], { room }: SoughtBridge) {
  let found = nothing
  for (const [index, question] of questions.entries()) {
    found = yield* ask(nats, commandSubject("kryten", room, "chat"), bridgeQuestion(question))
    if (found.bridges.length > 0 || found.listening !== "somebody" || (index > 0 && !found.answered)) return found
  }
  return found
})

/**
 * Asks who is there for each room (WIRE, bridges): in the protocol that is spoken or set, else in all; in the others too
 * where nobody is there. A bridge of another protocol than `kryten` answers nothing, but that it listens is known.
 */
export const inquire = Effect.fnUntraced(function*(nats: Nats["Service"], sought: ReadonlyArray<SoughtBridge>) {
  const [first] = sought
  if (first === undefined) return []
  const at = yield* monotonicMillis
  const kryten = yield* Effect.cached(askKryten(nats, first))

  const askIn = (protocol: Protocol, { lively, room }: SoughtBridge): Effect.Effect<Found> =>
    protocol === "kryten"
      ? kryten
      : lively
      ? Effect.succeed(nothing)
      : ask(nats, commandSubject(protocol, room, "chat"), plainProbe)

  const askAll = Effect.fnUntraced(function*(protocols: ReadonlyArray<Protocol>, room: SoughtBridge) {
    const found = yield* Effect.forEach(protocols, (protocol) => askIn(protocol, room), { concurrency: "unbounded" })
    return {
      listening: Object.fromEntries(protocols.flatMap((protocol, index) => {
        const listening = found[index]?.listening
        return listening === undefined ? [] : [[protocol, listening] as const]
      })),
      bridges: found.flatMap(({ bridges }) => bridges)
    }
  })

  const inquireFor = Effect.fnUntraced(function*(room: SoughtBridge): Effect.fn.Return<Inquiry> {
    const candidates = room.known === undefined ? protocolsOf(room.setting) : [room.known]
    const found = yield* askAll(candidates, room)
    const isThere = Record.some(found.listening, (listening) => listening === "somebody")
    const isKnown = room.known !== undefined || bridgeOf(room.room, { at, ...found }) !== undefined
    if (isKnown && (isThere || room.lively)) return { at, ...found }
    const others = yield* askAll(Protocol.literals.filter((protocol) => !candidates.includes(protocol)), room)
    return {
      at,
      listening: { ...others.listening, ...found.listening },
      bridges: [...found.bridges, ...others.bridges]
    }
  })

  return yield* Effect.forEach(sought, inquireFor, { concurrency: "unbounded" })
})
