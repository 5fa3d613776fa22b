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
  readonly ack: Effect.Effect<void>
  /** It is not, and should come again. */
  readonly nak: Effect.Effect<void>
  /** It is under way: do not send it again yet. */
  readonly working: Effect.Effect<void>
}

/** A channel's events, in order, from a bounded queue. */
export interface Feed {
  /** Waits for the next one and takes it. */
  readonly next: Effect.Effect<IntakeMessage>
}

/** Where the channels' events come from. */
export class Intake extends Context.Service<Intake, {
  /** Listens to a channel until the scope closes. */
  readonly open: (channel: ChannelSettings) => Effect.Effect<Feed, NatsNotSubscribed, Scope.Scope>
}>()("llm-bot/Intake") {}
