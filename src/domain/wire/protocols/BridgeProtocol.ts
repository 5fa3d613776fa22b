import type { BridgeCommand } from "../../BridgeCommand.ts"
import type { CorrelationId } from "../../Ids.ts"
import type { Room } from "../Room.ts"

/** A room in a subject: its tokens, or placeholders where any room is meant. */
export interface RoomTokens {
  readonly domain: string
  readonly channel: string
}

/** The ids and the time of a command. */
export interface CommandStamp {
  readonly correlationId: CorrelationId
  /** The same trigger gives the same id, so that a stream can drop a doubled reply (F8, `Nats-Msg-Id`). */
  readonly messageId: string
  /** Fresh for every command: the bridge's own id of the request (WIRE, protocols). */
  readonly requestId: string
  /** Epoch ms. */
  readonly at: number
}

/** One bridge protocol as a record. Incoming messages are decoded alike in all of them (WIRE, protocols). */
export interface BridgeProtocol {
  /** The subject of an event; `*` for all of a room's. */
  readonly eventSubject: (room: RoomTokens, event: string) => string
  /** Whether a subject, token by token, is one of the protocol's events. */
  readonly isEvent: (tokens: ReadonlyArray<string>) => boolean
  /** False where a bridge may write channels and events in subjects as they are: NATS subjects are case-sensitive. */
  readonly lowerCase: boolean
  /** The subject of a command. The bridge ignores a channel in upper case. */
  readonly commandSubject: (room: RoomTokens, command: "chat" | "pm") => string
  /** The body of a command, before it becomes JSON. */
  readonly commandBody: (command: BridgeCommand, room: Room, stamp: CommandStamp) => Readonly<Record<string, unknown>>
  /** The same where a stream passes the command on and nobody answers; absent: it is the same (WIRE, through a stream). */
  readonly relayed?: Pick<BridgeProtocol, "commandBody" | "commandSubject">
  /** Whether the bridge's other services want to hear of the bot (WIRE, bridge lifecycle). */
  readonly announces: boolean
}
