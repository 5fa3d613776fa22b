import { Context, type Effect, Schema, type Scope, type Stream } from "effect"
import type { WireCommand, WireMessage } from "../domain/wire/Wire.ts"

/** NATS could not be reached or refused. */
export class NatsError extends Schema.TaggedError<NatsError>()("NatsError", {
  /** `flush`: the client took the message, but the server did not confirm in time that it has it. */
  operation: Schema.Literals(["connect", "subscribe", "publish", "flush", "request"]),
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
  /** When the server had it, monotonic ms. */
  readonly at: number
  /** False when nobody listens where a request went: no bridge is connected (WIRE, protocols). Otherwise true. */
  readonly heard: Effect.Effect<boolean>
}

/** Somebody's question, as it came. */
export interface Question {
  readonly body: Uint8Array
  /** The longest answer the server takes. */
  readonly maxBytes: number
}

/** The connection to NATS. It reconnects by itself; subscriptions survive that. */
export class Nats extends Context.Service<Nats, {
  /**
   * Sends and returns once the server has it. While disconnected it fails at once: the client would silently drop
   * what it is given (F8).
   */
  readonly publish: (command: WireCommand) => Effect.Effect<Published, NatsError>
  /** Runs the handler for every message until the scope closes. The handler must be fast and must not fail. */
  readonly subscribe: (
    subject: string,
    handler: (message: WireMessage) => Effect.Effect<void>
  ) => Effect.Effect<void, NatsError, Scope.Scope>
  /** Answers every question until the scope closes. Answering must be fast and must not fail. */
  readonly respond: (
    subject: string,
    answer: (question: Question) => Effect.Effect<string>
  ) => Effect.Effect<void, NatsError, Scope.Scope>
  /** Asks everybody who responds there: waits 2 s for the first answer, then until 0.3 s brought no other. */
  readonly request: (subject: string, body: string) => Effect.Effect<ReadonlyArray<Uint8Array>, NatsError>
  readonly connected: Effect.Effect<boolean>
  /** True on every (re)connection, false on every loss; begins with the state now. */
  readonly connection: Stream.Stream<boolean>
  /** Fails when the connection is given up for good (`nats.max_reconnect_attempts`). */
  readonly lost: Effect.Effect<never, NatsError>
}>()("llm-bot/Nats") {}
