import { Option, Schema } from "effect"
import { type Protocol, protocols } from "../wire/protocols/Protocol.ts"
import { type Room, token } from "../wire/Room.ts"
import type { WireMessage } from "../wire/Wire.ts"

/** Who is there on the subject of a room's commands, as asking there showed. */
export type Listening = "nobody" | "somebody" | "refused"

/** What a bridge of `kryten` answered of itself; each as far as it tells. */
export interface AnsweringBridge {
  readonly domain: string | undefined
  readonly channel: string | undefined
  readonly account: string | undefined
}

/** What asking for a room's bridge brought. */
export interface Inquiry {
  /** When it was asked, monotonic ms. */
  readonly at: number
  /** By protocol; absent where it was not asked. */
  readonly listening: Partial<Readonly<Record<Protocol, Listening>>>
  /** Those that answered on `kryten.robot.command`, whatever their room. */
  readonly bridges: ReadonlyArray<AnsweringBridge>
}

/** Subjects that NATS refuses to this user now. */
export interface RefusedSubjects {
  readonly publish: ReadonlySet<string>
  readonly subscribe: ReadonlySet<string>
}

/** What a bridge of `kryten` is asked (WIRE, bridges). */
export type BridgeQuestion = "system.config" | "system.channels" | "system.ping" | "state.userlist"

/** The body of a question. Without a room in it, every bridge answers. */
export const bridgeQuestion = (command: BridgeQuestion): string =>
  JSON.stringify({ service: "robot", command, meta: { source: "llm-bot" } })

/** Makes the other bridges do nothing: whether they listen is told by NATS, as nobody answers. */
export const plainProbe = "{}"

const Text = Schema.optionalKey(Schema.Unknown)
const TextRoom = Schema.Struct({ domain: Text, channel: Text, user: Text })
const Answer = Schema.fromJsonString(Schema.Struct({
  success: Schema.optionalKey(Schema.Unknown),
  data: Schema.Struct({
    cytube: Schema.optionalKey(TextRoom),
    channels: Schema.optionalKey(Schema.Array(TextRoom)),
    domain: Text,
    channel: Text
  })
}))
const decodeAnswer = Schema.decodeUnknownOption(Answer)

const text = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const bridgeOf = ({ channel, domain, user }: typeof TextRoom.Type): AnsweringBridge => ({
  domain: text(domain),
  channel: text(channel),
  account: text(user)
})

const Members = Schema.fromJsonString(Schema.Struct({
  data: Schema.Struct({ userlist: Schema.Array(Schema.Unknown) })
}))
const decodeMembers = Schema.decodeUnknownOption(Members)

/** An answer to `state.userlist` as the event that a bridge sends when it joins the room (WIRE, bridges). */
export const userlistEvent = (body: Uint8Array, room: Room): WireMessage | undefined =>
  Option.match(decodeMembers(new TextDecoder().decode(body)), {
    onNone: () => undefined,
    onSome: ({ data: { userlist } }) => ({
      subject: protocols.kryten.eventSubject({ domain: token(room.domain), channel: token(room.name) }, "userlist"),
      headers: new Map(),
      body: new TextEncoder().encode(
        JSON.stringify({ event_name: "userlist", payload: userlist, channel: room.name, domain: room.domain })
      )
    })
  })

/** The bridges that an answer to `system.config`, `system.channels` or `system.ping` tells of (WIRE, bridges). */
export const answeringBridges = (body: Uint8Array): ReadonlyArray<AnsweringBridge> =>
  Option.match(decodeAnswer(new TextDecoder().decode(body)), {
    onNone: () => [],
    onSome: ({ data, success }) => {
      if (success === false) return []
      if (data.cytube !== undefined) return [bridgeOf(data.cytube)]
      return data.channels === undefined ? [bridgeOf(data)] : data.channels.map(bridgeOf)
    }
  })
