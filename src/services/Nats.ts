import { Context, type Effect, Schema, type Scope, type Stream } from "effect"
import type { WireCommand, WireMessage } from "../domain/wire/Wire.ts"

/** NATS could not be reached or refused. */
export class NatsError extends Schema.TaggedError<NatsError>()("NatsError", {
  /** `flush`: the client took the message, but the server did not confirm in time that it has it. */
  operation: Schema.Literals(["connect", "subscribe", "publish", "flush"]),
  /** What the server or the client said, without any credential. */
  detail: Schema.String,
  /** False when trying again cannot help: refused credentials, a bad file. */
  retryable: Schema.Boolean
}) {
  override get message() {
    return `NATS ${this.operation} failed: ${this.detail}`
  }
}

/** A command the server has. */
export interface Published {
  /** False when nobody listens where a request went: no bridge is connected (WIRE, kryten). Otherwise true. */
  readonly heard: Effect.Effect<boolean>
}

/** The connection to NATS. It reconnects by itself; subscriptions survive that. */
export class Nats extends Context.Service<Nats, {
  /**
   * Sends and returns once the server has it. While disconnected it fails at once: the client would silently drop
   * what it is given (SCALE, how the client behaves).
   */
  readonly publish: (command: WireCommand) => Effect.Effect<Published, NatsError>
  /** Runs the handler for every message until the scope closes. The handler must be fast and must not fail. */
  readonly subscribe: (
    subject: string,
    handler: (message: WireMessage) => Effect.Effect<void>
  ) => Effect.Effect<void, NatsError, Scope.Scope>
  readonly connected: Effect.Effect<boolean>
  /** True on every (re)connection, false on every loss; begins with the state now. */
  readonly connection: Stream.Stream<boolean>
  /** Fails when the connection is given up for good (`nats.max_reconnect_attempts`). */
  readonly lost: Effect.Effect<never, NatsError>
}>()("llm-bot/Nats") {}
