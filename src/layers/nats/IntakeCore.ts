import { Effect, Layer, Option, Queue, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import { CorrelationId } from "../../domain/Ids.ts"
import { readTraceparent, traceparent } from "../../domain/telemetry/TraceContext.ts"
import { eventSubjects, eventTemplate } from "../../domain/wire/Subject.ts"
import { decodeEvent, wireEventType, type WireMessage } from "../../domain/wire/Wire.ts"
import { Intake, type IntakeMessage } from "../../services/Intake.ts"
import { makeLogSampler } from "../../services/telemetry/LogSampling.ts"
import { makeLogWriter } from "../../services/telemetry/LogWriter.ts"
import { count } from "../../services/telemetry/Metrics.ts"
import { readClock } from "../../services/Time.ts"
import { Nats } from "../../services/Nats.ts"

/** Events a channel may have waiting: full, the oldest is dropped and counted (F1). */
const queueSize = 256

/** Plain subscriptions: nothing is kept at the server, so acknowledgements do nothing. */
export const layer: Layer.Layer<Intake, never, Nats | SecureRandom.SecureRandom> = Layer.effect(
  Intake,
  Effect.gen(function*() {
    const nats = yield* Nats
    const random = yield* SecureRandom.SecureRandom

    const sample = yield* makeLogSampler
    const log = yield* makeLogWriter("Intake")

    const open = Effect.fnUntraced(function*(channel: ChannelSettings) {
      const queue = yield* Effect.acquireRelease(Queue.sliding<IntakeMessage>(queueSize), Queue.shutdown)
      const subscribedAt = yield* readClock
      const label = { channel: channel.room.name }

      const offer = Effect.fnUntraced(function*(delivery: IntakeMessage) {
        // A sliding queue never says that it dropped something, so look before.
        if (Queue.isFullUnsafe(queue)) yield* count("eventsDropped", label)
        yield* Queue.offer(queue, delivery)
      })

      const take = Effect.fnUntraced(function*(message: WireMessage) {
        const arrivedAt = yield* readClock
        const decoded = decodeEvent(message, channel.room, arrivedAt.wall)
        if (Result.isFailure(decoded)) {
          const { constraint, field, reason } = decoded.failure
          yield* count("eventsReceived", { ...label, event_type: wireEventType(message) })
          yield* count("eventsInvalid", { ...label, reason })
          return sample(reason, (leftOut) =>
            log("Warn", "Invalid event", {
              ...label,
              reason,
              error: `${field}: ${constraint}`,
              event_type: wireEventType(message),
              ...leftOut
            }))
        }
        const { domain, event, type } = decoded.success
        yield* count("eventsReceived", { ...label, event_type: type })
        if (event._tag === "Other") return
        const correlationId = Option.isSome(decoded.success.correlationId)
          ? decoded.success.correlationId.value
          : CorrelationId.make(yield* random.uuidV4())
        const traced = {
          subject: message.subject,
          template: eventTemplate(channel.protocol, type),
          sender: readTraceparent(message.headers.get(traceparent))
        }
        yield* offer({
          arrival: {
            type,
            event,
            domain,
            correlationId,
            channel: channel.key,
            arrivedAt,
            subscribedAt,
            message: traced,
            raw: message
          },
          ack: Effect.void,
          nak: Effect.void,
          working: Effect.void
        })
      })

      for (const subject of eventSubjects(channel.protocol, channel.room)) yield* nats.subscribe(subject, take)
      return { next: Queue.take(queue) }
    })

    return Intake.of({ open })
  })
)
