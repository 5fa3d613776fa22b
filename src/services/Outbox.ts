import { Clock, Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChatCommand } from "../domain/ChatCommand.ts"
import { digest } from "../domain/Digest.ts"
import type { CorrelationId, EventIdentity } from "../domain/Ids.ts"
import { encodeCommand } from "../domain/wire/Wire.ts"
import { Nats, type NatsError, type Published } from "./Nats.ts"

/** Sends commands to the bridge (F8). */
export class Outbox extends Context.Service<Outbox, {
  /** Returns once the server has the command. */
  readonly send: (
    command: ChatCommand,
    channel: ChannelSettings,
    trigger: { readonly correlationId: CorrelationId; readonly identity: EventIdentity }
  ) => Effect.Effect<Published, NatsError>
}>()("llm-bot/Outbox") {
  static readonly layerNoDeps = Layer.effect(Outbox, Effect.gen(function*() {
    const nats = yield* Nats
    const random = yield* SecureRandom.SecureRandom
    return Outbox.of({
      send: Effect.fn("Outbox.send")(function*(command, channel, trigger) {
        const stamp = {
          correlationId: trigger.correlationId,
          messageId: digest(["reply", trigger.identity]),
          requestId: yield* random.uuidV4(),
          at: yield* Clock.currentTimeMillis
        }
        return yield* nats.publish(encodeCommand(channel.protocol, channel.room, command, stamp))
      })
    })
  }))
}
