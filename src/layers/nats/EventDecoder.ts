import { Effect, Option, Result } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import { readTraceparent, traceparent } from "../../domain/telemetry/TraceContext.ts"
import { eventTemplate, protocolOfSubject } from "../../domain/wire/Subject.ts"
import { decodeEvent, wireEventType, type WireMessage } from "../../domain/wire/Wire.ts"
import { fallbackProtocol } from "../../domain/wire/protocols/Protocol.ts"
import { BridgeSightings } from "../../services/bridge/BridgeSightings.ts"
import type { Arrival } from "../../services/Intake.ts"
import { makeLogSampler } from "../../services/telemetry/LogSampling.ts"
import { makeLogWriter } from "../../services/telemetry/LogWriter.ts"
import { makeMeter } from "../../services/telemetry/Metrics.ts"
import { makeCorrelationIds } from "./CorrelationIds.ts"

/** When a message came, and since when its channel is listened to. */
type Moments = Pick<Arrival, "arrivedAt" | "subscribedAt">

/** Decodes a message of a channel; nothing when it is invalid or unused, which is counted (F1). Never throws. */
export type EventDecoder = (message: WireMessage, channel: ChannelSettings, moments: Moments) => Arrival | undefined

/** Decodes and counts messages, in whatever way they reach the process. */
export const makeEventDecoder: Effect.Effect<EventDecoder, never, BridgeSightings> = Effect.gen(function*() {
  const bridges = yield* BridgeSightings
  const meter = yield* makeMeter
  const sample = yield* makeLogSampler
  const log = yield* makeLogWriter("Intake")
  const newCorrelationId = makeCorrelationIds()

  return (message, channel, { arrivedAt, subscribedAt }) => {
    const { name } = channel.room
    const decoded = decodeEvent(message, channel.room, arrivedAt.wall)
    if (Result.isFailure(decoded)) {
      const { constraint, field, reason } = decoded.failure
      const event_type = wireEventType(message)
      meter.count("eventsReceived", { channel: name, event_type })
      meter.count("eventsInvalid", { channel: name, reason })
      const about = { channel: name, event_type, reason, error: `${field}: ${constraint}` }
      sample(reason, (leftOut) => log("Warn", "Invalid event", { ...about, ...leftOut }))
      return undefined
    }
    const { correlationId, domain, event, type } = decoded.success
    meter.count("eventsReceived", { channel: name, event_type: type })
    const { subject } = message
    const protocol = protocolOfSubject(subject)
    bridges.note(channel, { protocol, domain: Option.getOrUndefined(domain), at: arrivedAt.monotonic })
    if (event._tag === "Other") return undefined
    if (event._tag === "UserList" && event.unreadable > 0) {
      meter.count("eventsInvalid", { channel: name, reason: "member" }, event.unreadable)
    }
    return {
      type,
      event,
      domain,
      correlationId: Option.getOrElse(correlationId, newCorrelationId),
      channel: channel.key,
      arrivedAt,
      subscribedAt,
      message: {
        subject,
        template: eventTemplate(protocol ?? fallbackProtocol, type),
        sender: readTraceparent(message.headers.get(traceparent))
      },
      raw: message
    }
  }
})
