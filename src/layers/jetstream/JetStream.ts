import { jetstream, type JetStreamClient, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream"
import { Context, Effect, Layer } from "effect"
import { isAtLeast, JetStreamFault, oldestServer } from "../../domain/jetstream/JetStreamFault.ts"
import { NatsClient } from "../nats/NatsClient.ts"
import { faultOf } from "./ApiFaults.ts"

/** JetStream's API on the connection. */
export class JetStream extends Context.Service<JetStream, {
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
  /** Waits until the server has heard everything; not while it is away. */
  readonly flushed: Effect.Effect<void>
}>()("llm-bot/JetStream") {
  static readonly layer: Layer.Layer<JetStream, JetStreamFault, NatsClient> = Layer.effect(
    JetStream,
    Effect.gen(function*() {
      const connection = yield* NatsClient
      const version = connection.info?.version ?? "of unknown version"
      if (!isAtLeast(version, oldestServer)) {
        return yield* new JetStreamFault({ reason: "old_server", about: "nats-server", detail: version })
      }
      const manager = yield* Effect.tryPromise({
        try: () => jetstreamManager(connection),
        catch: (cause) => faultOf("the account", cause)
      })
      return JetStream.of({
        client: jetstream(connection),
        manager,
        flushed: Effect.ignore(Effect.tryPromise(() => connection.flush()))
      })
    })
  )
}
