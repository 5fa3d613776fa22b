import { Context, type Effect, type Scope } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChannelKey, CorrelationId } from "../domain/Ids.ts"
import type { TracedMessage } from "../domain/telemetry/TraceContext.ts"
import type { DecodedEvent, WireMessage } from "../domain/wire/Wire.ts"
import type { ClockReading } from "../domain/ClockReading.ts"
import type { NatsNotSubscribed } from "./Nats.ts"

/** A decoded event with what is known from its coming. */
export interface Arrival extends Omit<DecodedEvent, "correlationId"> {
  readonly channel: ChannelKey
  readonly correlationId: CorrelationId
  readonly arrivedAt: ClockReading
  /** When this process began to listen to the channel: what was said earlier is context only (F1). */
  readonly subscribedAt: ClockReading
  /** What its trace tells of the message; absent where no bus brought it. */
  readonly message: TracedMessage | undefined
  /** The message as it came, for the recorder; absent where no bus brought it. */
  readonly raw: WireMessage | undefined
}

/** An event and its acknowledgement. In core intake the three do nothing: nothing is kept to be sent again. */
export interface IntakeMessage {
  readonly arrival: Arrival
  /** The event is dealt with. */
  readonly ack: () => void
  /** It is not, and should come again. */
  readonly nak: () => void
  /** It is under way: do not send it again yet. */
  readonly working: () => void
}

/** What takes a channel's events, one after the other in the order in which they came. It must not throw. */
export type IntakeHandler = (message: IntakeMessage) => void

/** Where the channels' events come from. */
export class Intake extends Context.Service<Intake, {
  /** Listens to a channel until the scope closes. */
  readonly open: (
    channel: ChannelSettings,
    handle: IntakeHandler
  ) => Effect.Effect<void, NatsNotSubscribed, Scope.Scope>
}>()("llm-bot/Intake") {}
