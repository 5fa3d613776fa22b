import { Context, type Effect, type Scope } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChannelKey, CorrelationId } from "../domain/Ids.ts"
import type { SentReply } from "../domain/limits/SentReply.ts"
import type { TracedMessage } from "../domain/telemetry/TraceContext.ts"
import type { DecodedEvent, WireMessage } from "../domain/wire/Wire.ts"
import type { ClockReading } from "../domain/ClockReading.ts"
import type { NatsNotSubscribed } from "./Nats.ts"

/** A decoded event and the facts of its arrival. */
export interface Arrival extends Omit<DecodedEvent, "correlationId"> {
  readonly channel: ChannelKey
  readonly correlationId: CorrelationId
  readonly arrivedAt: ClockReading
  /**
   * Delivered before, by durable intake: to the end, so that it is context only; or to a process that did not finish it
   * (N2). Absent: for the first time.
   */
  readonly earlier?: "handled" | "unfinished"
  /** When this process began to listen to the channel: what was said earlier is context only (F1). */
  readonly subscribedAt: ClockReading
  /** The message as its trace describes it; absent where no bus delivered it. */
  readonly message: TracedMessage | undefined
  /** The raw message, for the recorder; absent where no bus delivered it. */
  readonly raw: WireMessage | undefined
}

/** An event and its acknowledgement. In core intake the three do nothing: core NATS never redelivers. */
export interface IntakeMessage {
  readonly arrival: Arrival
  /** The event is handled. */
  readonly ack: () => void
  /** It is not; redeliver it. */
  readonly nak: () => void
  /** It is in progress: do not redeliver it yet. */
  readonly working: () => void
}

const nothing = (): void => undefined

/** Acknowledgements where nobody redelivers: core intake, a replay. */
export const unacknowledged: Omit<IntakeMessage, "arrival"> = { ack: nothing, nak: nothing, working: nothing }

/** Handles a channel's events, one at a time in order of arrival. Must not throw. */
export type IntakeHandler = (message: IntakeMessage) => void

/** Where the channels' events come from. */
export class Intake extends Context.Service<Intake, {
  /** Listens to a channel until the scope closes. */
  readonly open: (
    channel: ChannelSettings,
    handle: IntakeHandler
  ) => Effect.Effect<void, NatsNotSubscribed, Scope.Scope>
  /** What was sent to a channel lately, by whatever process, oldest first; nothing where nobody keeps it (N2). */
  readonly sent: (channel: ChannelSettings) => Effect.Effect<ReadonlyArray<SentReply>>
  /** Takes what a bridge answered as an event of the channel, if that is open: it is handled, and recorded, like any. */
  readonly take: (channel: ChannelKey, message: WireMessage) => void
}>()("llm-bot/Intake") {}
