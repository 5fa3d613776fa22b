import { Option, Result } from "effect"
import type { BridgeCommand } from "../BridgeCommand.ts"
import type { ChatEvent, EventType } from "../ChatEvent.ts"
import { type CorrelationId, correlationIdOf } from "../Ids.ts"
import { InvalidEvent } from "./InvalidEvent.ts"
import { decodePayload } from "./Payload.ts"
import type { BridgeProtocol, CommandStamp } from "./protocols/BridgeProtocol.ts"
import { type Protocol, protocols } from "./protocols/Protocol.ts"
import { isNameOf, type Room } from "./Room.ts"
import { commandSubject, eventType, subjectEvent, tokensOf } from "./Subject.ts"

/** The largest body that is parsed, bytes (WIRE, bounds); a list of everybody may be as large as NATS carries. */
export const maxBodyBytes = 65_536
const maxListBytes = 8 * 1024 * 1024

/** A message from NATS: `headers` is empty where the bridge sent none. */
export interface WireMessage {
  readonly subject: string
  readonly headers: ReadonlyMap<string, string>
  /** The headers are malformed: the message is invalid. */
  readonly unreadableHeaders?: true
  readonly body: Uint8Array
}

/** What goes to NATS. `request` carries a reply subject: the server says there when nobody listens (WIRE, protocols). */
export interface WireCommand {
  readonly subject: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  readonly request: boolean
  /** It passes through a stream, and is tried until that has it, for so many ms at most (N2). */
  readonly relay?: { readonly forMs: number }
}

/** A decoded event: what happened, in which room, and the sender's id of it. */
export interface DecodedEvent {
  readonly type: EventType
  readonly event: ChatEvent
  readonly correlationId: Option.Option<CorrelationId>
  /** The domain of the envelope, when there was one: it may be another room's of the same name. */
  readonly domain: Option.Option<string>
}

/** The bridge's envelope around a payload (WIRE, protocols). */
interface Envelope {
  readonly event_name: string
  readonly payload: unknown
  readonly channel?: unknown
  readonly domain?: unknown
  readonly correlation_id?: unknown
}

/** Whether a body's JSON is a payload in the bridge's envelope. Plain code, since every body is asked. */
export const isEnvelope = (json: unknown): json is Envelope =>
  typeof json === "object" && json !== null && "event_name" in json && "payload" in json &&
  typeof json.event_name === "string" && json.event_name !== ""

const utf8 = new TextDecoder()

/** The JSON of a body, if it is JSON and within the bounds. */
export const parseBody = (body: Uint8Array, type?: EventType): Result.Result<unknown, InvalidEvent> => {
  const most = type === "userlist" ? maxListBytes : maxBodyBytes
  if (body.byteLength > most) {
    return Result.fail(
      new InvalidEvent({ reason: "too_large", field: "body", constraint: `Expected at most ${most} bytes` })
    )
  }
  return Result.try({
    try: (): unknown => JSON.parse(utf8.decode(body)),
    catch: () => new InvalidEvent({ reason: "not_json", field: "body", constraint: "Expected JSON" })
  })
}

/** The event type of a message without reading its payload: invalid messages are counted by it too. */
export const wireEventType = (message: Pick<WireMessage, "subject">): EventType =>
  eventType(subjectEvent(message.subject).event)

const ignoredEvent: DecodedEvent = {
  type: "other",
  event: { _tag: "Other" },
  correlationId: Option.none(),
  domain: Option.none()
}

const unreadableHeaders = new InvalidEvent({
  reason: "headers",
  field: "headers",
  constraint: "Expected headers as NATS has them"
})

/**
 * Decodes one message of a room's subscription, in any protocol: the payload bare (plain) or in the
 * bridge's envelope. Never throws. `now` is the arrival time in epoch ms.
 */
export const decodeEvent = (
  message: WireMessage,
  room: Room,
  now: number
): Result.Result<DecodedEvent, InvalidEvent> => {
  if (message.unreadableHeaders) return Result.fail(unreadableHeaders)
  const type = wireEventType(message)
  const parsed = parseBody(message.body, type)
  if (Result.isSuccess(parsed)) return decodeParsed(message, parsed.success, room, now)
  // An unused event is ignored even when its body is malformed or too large.
  return type === "other" ? Result.succeed(ignoredEvent) : Result.fail(parsed.failure)
}

/** The same where the body is parsed already. */
export const decodeParsed = (
  message: Omit<WireMessage, "body">,
  json: unknown,
  room: Room,
  now: number
): Result.Result<DecodedEvent, InvalidEvent> => {
  const envelope = isEnvelope(json) ? json : undefined
  const subject = subjectEvent(message.subject)
  const type = eventType(envelope?.event_name ?? subject.event)
  const channel = typeof envelope?.channel === "string" ? envelope.channel : subject.channel
  if (!isNameOf(room, channel)) {
    return Result.fail(
      new InvalidEvent({ reason: "wrong_channel", field: "channel", constraint: `Expected channel ${room.name}` })
    )
  }
  const correlationId = Option.fromUndefinedOr(
    correlationIdOf(message.headers.get("Correlation-Id")) ?? correlationIdOf(envelope?.correlation_id)
  )
  const domain = typeof envelope?.domain === "string" ? Option.some(envelope.domain) : Option.none()
  const decoded = decodePayload(type, envelope === undefined ? json : envelope.payload, now)
  return Result.isFailure(decoded)
    ? Result.fail(decoded.failure)
    : Result.succeed({ type, event: decoded.success, correlationId, domain })
}

/** The same in the words in which it can pass through a stream: no bridge answers there (N2). */
export const encodeRelayed = (
  protocol: Protocol,
  room: Room,
  command: BridgeCommand,
  stamp: CommandStamp,
  forMs: number
): WireCommand => {
  const { relayed }: BridgeProtocol = protocols[protocol]
  const encoded = encodeCommand(protocol, room, command, stamp)
  const words = relayed === undefined ? {} : {
    subject: relayed.commandSubject(tokensOf(room), command._tag === "Chat" ? "chat" : "pm"),
    body: JSON.stringify(relayed.commandBody(command, room, stamp))
  }
  return { ...encoded, ...words, request: false, relay: { forMs } }
}

/** A command in the protocol's words, ids in headers only: an extra key in `data` loses the message (WIRE, protocols). */
export const encodeCommand = (
  protocol: Protocol,
  room: Room,
  command: BridgeCommand,
  stamp: CommandStamp
): WireCommand => ({
  subject: commandSubject(protocol, room, command._tag === "Chat" ? "chat" : "pm"),
  headers: new Map([
    ["Correlation-Id", stamp.correlationId],
    ["Timestamp", String(stamp.at)],
    ["Source", "llm-bot"],
    ["Schema-Version", "1.0"],
    ["Nats-Msg-Id", stamp.messageId]
  ]),
  body: JSON.stringify(protocols[protocol].commandBody(command, room, stamp)),
  request: true
})
