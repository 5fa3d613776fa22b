import type { PubAck } from "@nats-io/jetstream"
import { Effect, Layer, Result } from "effect"
import { outboxOf } from "../../domain/jetstream/StreamNames.ts"
import type { WireCommand } from "../../domain/wire/Wire.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import { Nats, NatsNotSent, type NatsSendError, NatsUnconfirmed, type Published } from "../../services/Nats.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { headersOf } from "../nats/NatsMessages.ts"
import { attempt, codeOf, isOff } from "./ApiFaults.ts"
import { JetStream } from "./JetStream.ts"
import { Streams } from "./Streams.ts"

/** How long one attempt waits for the stream's word, ms. */
const attemptMs = 2_000
/** How long until the next one. */
const pause = "250 millis"

/** NATS with the outbox before the bridge: a line is tried until the stream has it, and once there it is there once (N2). */
export const layer: Layer.Layer<Nats, never, BotConfig | JetStream | Nats | Streams> = Layer.effect(
  Nats,
  Effect.gen(function*() {
    const nats = yield* Nats
    const { client } = yield* JetStream
    const streams = yield* Streams
    const { settings } = yield* (yield* BotConfig).current
    const { prefix } = settings.nats.jetstream

    const publish = (command: WireCommand, stream: string, subject: string) =>
      attempt((): Promise<PubAck> =>
        client.publish(subject, command.body, {
          headers: headersOf(command),
          timeout: attemptMs,
          expect: { streamName: stream }
        })
      )

    const relay = Effect.fnUntraced(
      function*(command: WireCommand, forMs: number): Effect.fn.Return<Published, NatsSendError> {
        const outbox = outboxOf(prefix, command.subject)
        if (outbox === undefined) return yield* nats.publish(command)
        const began = yield* monotonicMillis
        // What was given to the client may have arrived, although no word of it came back.
        let given = false
        for (;;) {
          if (!given && !(yield* nats.connected)) return yield* new NatsNotSent({ detail: "not connected" })
          const tried = yield* Effect.result(publish(command, outbox.stream, outbox.subject))
          const now = yield* monotonicMillis
          if (Result.isSuccess(tried)) return { at: now, heard: true }
          const { cause, message: detail } = tried.failure
          if (codeOf(cause) !== undefined && !isOff(cause)) return yield* new NatsNotSent({ detail })
          // Nobody answered for the stream: it is not there.
          if (isOff(cause)) yield* Effect.ignore(streams.ensure)
          else given = true
          if (now - began > forMs) {
            return yield* given ? new NatsUnconfirmed({ detail }) : new NatsNotSent({ detail })
          }
          yield* Effect.sleep(pause)
        }
      }
    )

    return Nats.of({
      ...nats,
      publish: (command) => command.relay === undefined ? nats.publish(command) : relay(command, command.relay.forMs)
    })
  })
)
