import { randomUUID } from "node:crypto"
import { Clock, Effect, Layer, Option, Result } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import { type ChannelKey, CorrelationId } from "../../domain/Ids.ts"
import { canTrigger } from "../../domain/triggers/Trigger.ts"
import { readTraceparent, traceparent } from "../../domain/telemetry/TraceContext.ts"
import { eventSubjects, eventTemplate, protocolOfSubject } from "../../domain/wire/Subject.ts"
import { decodeEvent, wireEventType, type WireMessage } from "../../domain/wire/Wire.ts"
import { fallbackProtocol } from "../../domain/wire/protocols/Protocol.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import { BridgeSightings } from "../../services/bridge/BridgeSightings.ts"
import { type Arrival, Intake, type IntakeHandler, unacknowledged } from "../../services/Intake.ts"
import { Nats } from "../../services/Nats.ts"
import { makeLogSampler } from "../../services/telemetry/LogSampling.ts"
import { makeLogWriter } from "../../services/telemetry/LogWriter.ts"
import { makeMeter } from "../../services/telemetry/Metrics.ts"
import { readingOf } from "../../services/Time.ts"
import { type EventQueue, makeEventQueue } from "./EventQueue.ts"

/** Decodes and counts messages. */
const makeDecoder = Effect.gen(function*() {
  const bridges = yield* BridgeSightings
  const meter = yield* makeMeter
  const sample = yield* makeLogSampler
  const log = yield* makeLogWriter("Intake")

  /** The event; none when it is invalid or unused, which is counted. */
  return (
    message: WireMessage,
    channel: ChannelSettings,
    { arrivedAt, subscribedAt }: Pick<Arrival, "arrivedAt" | "subscribedAt">
  ): Arrival | undefined => {
    const label = { channel: channel.room.name }
    const decoded = decodeEvent(message, channel.room, arrivedAt.wall)
    if (Result.isFailure(decoded)) {
      const { constraint, field, reason } = decoded.failure
      const event_type = wireEventType(message)
      meter.count("eventsReceived", { ...label, event_type })
      meter.count("eventsInvalid", { ...label, reason })
      const about = { ...label, event_type, reason, error: `${field}: ${constraint}` }
      sample(reason, (leftOut) => log("Warn", "Invalid event", { ...about, ...leftOut }))
      return undefined
    }
    const { correlationId, domain, event, type } = decoded.success
    meter.count("eventsReceived", { ...label, event_type: type })
    const { subject } = message
    bridges.note(channel, { subject, domain: Option.getOrUndefined(domain), at: arrivedAt.monotonic })
    if (event._tag === "Other") return undefined
    if (event._tag === "UserList" && event.unreadable > 0) {
      meter.count("eventsInvalid", { ...label, reason: "member" }, event.unreadable)
    }
    return {
      type,
      event,
      domain,
      correlationId: Option.getOrElse(correlationId, () => CorrelationId.make(randomUUID())),
      channel: channel.key,
      arrivedAt,
      subscribedAt,
      message: {
        subject,
        template: eventTemplate(protocolOfSubject(subject) ?? fallbackProtocol, type),
        sender: readTraceparent(message.headers.get(traceparent))
      },
      raw: message
    }
  }
})

type Needs = BotConfig | BridgeSightings | Nats

/** Core subscriptions: events are decided in order of arrival, as fast as the process can. */
export const layer: Layer.Layer<Intake, never, Needs> = Layer.effect(
  Intake,
  Effect.gen(function*() {
    const config = yield* BotConfig
    const nats = yield* Nats
    const clock = yield* Clock.Clock
    const decode = yield* makeDecoder
    const queue: EventQueue = yield* makeEventQueue

    // One a channel the bot listens to.
    const receivers = new Map<ChannelKey, (message: WireMessage) => void>()

    const open = Effect.fnUntraced(function*(channel: ChannelSettings, handle: IntakeHandler) {
      const subscribedAt = readingOf(clock)
      let listening = true
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          listening = false
          if (receivers.get(channel.key) === receive) receivers.delete(channel.key)
        })
      )
      const receive = (message: WireMessage): void => {
        const arrivedAt = readingOf(clock)
        queue.offer({
          bytes: message.body.byteLength,
          channel: channel.room.name,
          isExpendable: () => {
            const decoded = decodeEvent(message, channel.room, arrivedAt.wall)
            return Result.isFailure(decoded) ||
              !canTrigger(decoded.success.event, config.read().channels.get(channel.key)?.triggers ?? [])
          },
          run: () => {
            const arrival = listening ? decode(message, channel, { arrivedAt, subscribedAt }) : undefined
            if (arrival !== undefined) handle({ arrival, ...unacknowledged })
          }
        })
      }
      receivers.set(channel.key, receive)
      for (const subject of eventSubjects(channel.protocol, channel.room)) yield* nats.subscribe(subject, receive)
    })

    return Intake.of({ open, take: (channel, message) => receivers.get(channel)?.(message) })
  })
)
