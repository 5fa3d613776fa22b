import { Context, type Effect, Schema, type Scope, type Stream } from "effect"
import type { RefusedSubjects } from "../domain/bridge/BridgeFacts.ts"
import type { WireCommand, WireMessage } from "../domain/wire/Wire.ts"

/** Nothing left the process: the client is not connected, or did not take the message. */
export class NatsNotSent extends Schema.TaggedError<NatsNotSent>()("NatsNotSent", { detail: Schema.String }) {
  override get message() {
    return `NATS did not take the message (${this.detail}): is the server up, and its max_payload large enough?`
  }
}

/** The client took the message, but the server did not confirm it: it may have arrived all the same. */
export class NatsUnconfirmed extends Schema.TaggedError<NatsUnconfirmed>()("NatsUnconfirmed", {
  detail: Schema.String,
  /** When that was known, monotonic ms; absent in earlier recordings. */
  at: Schema.optionalKey(Schema.Finite)
}) {
  override get message() {
    return `NATS did not confirm the message (${this.detail}); it may have arrived, so it is not sent again`
  }
}

/** Connecting failed, or a request got no answer; a retry may help. */
export class NatsUnreachable extends Schema.TaggedError<NatsUnreachable>()("NatsUnreachable", {
  detail: Schema.String
}) {
  override get message() {
    return `NATS cannot be reached (${this.detail}); is nats.servers right and the server up?`
  }
}

/** The server refuses this user, or its request; a retry cannot help. */
export class NatsRefused extends Schema.TaggedError<NatsRefused>()("NatsRefused", { detail: Schema.String }) {
  override get message() {
    return `NATS refuses this user (${this.detail}); check its credentials and docs/nats-permissions.md`
  }
}

/** A file named in the configuration cannot be used; a retry cannot help. */
export class NatsFileUnusable extends Schema.TaggedError<NatsFileUnusable>()("NatsFileUnusable", {
  /** The field below `nats`. */
  field: Schema.Literals(["creds_file", "tls.ca_file", "tls.cert_file", "tls.key_file"]),
  detail: Schema.String
}) {
  override get message() {
    return `nats.${this.field} ${this.detail}`
  }
}

/** A subscription was not made. */
export class NatsNotSubscribed extends Schema.TaggedError<NatsNotSubscribed>()("NatsNotSubscribed", {
  subject: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `NATS does not subscribe to ${this.subject} (${this.detail}); is the connection open?`
  }
}

/** The connection was lost and all reconnect attempts are exhausted. */
export class NatsGivenUp extends Schema.TaggedError<NatsGivenUp>()("NatsGivenUp", { detail: Schema.String }) {
  override get message() {
    return `NATS reconnect attempts exhausted (${this.detail}); ` +
      "is the server up, and nats.max_reconnect_attempts high enough?"
  }
}

/** Why a message did not get through, by what is known of it. A detail never holds a credential. */
export const NatsSendError = Schema.Union([NatsNotSent, NatsUnconfirmed])
export type NatsSendError = typeof NatsSendError.Type

/** Why there is no connection at the start. */
export const NatsConnectError = Schema.Union([NatsUnreachable, NatsRefused, NatsFileUnusable])
export type NatsConnectError = typeof NatsConnectError.Type

/** Everything that can go wrong with NATS. */
export const NatsError = Schema.Union([
  ...NatsSendError.members,
  ...NatsConnectError.members,
  NatsNotSubscribed,
  NatsGivenUp
])
export type NatsError = typeof NatsError.Type

/** A command the server confirmed. */
export interface Published {
  /** When the server confirmed it, monotonic ms. */
  readonly at: number
  /** False when a request had no responders: no bridge is connected (WIRE, protocols). Otherwise true. */
  readonly heard: boolean
}

/** What a request brought. */
export interface Answers {
  /** False when the server says that nobody listens there. */
  readonly heard: boolean
  readonly bodies: ReadonlyArray<Uint8Array>
}

/** A request, as received. */
export interface Question {
  readonly body: Uint8Array
  /** The largest answer the server accepts, bytes. */
  readonly maxBytes: number
}

/** The connection to NATS. It reconnects by itself; subscriptions survive that. */
export class Nats extends Context.Service<Nats, {
  /**
   * Sends and returns once the server has it. While disconnected it fails at once: the client would silently drop
   * what it is given (F8).
   */
  readonly publish: (command: WireCommand) => Effect.Effect<Published, NatsSendError>
  /** Calls the handler for every message until the scope closes. The handler must be fast and must not throw. */
  readonly subscribe: (
    subject: string,
    handler: (message: WireMessage) => void
  ) => Effect.Effect<void, NatsNotSubscribed, Scope.Scope>
  /** Answers every request until the scope closes. Answering must be fast and must not fail. */
  readonly respond: (
    subject: string,
    answer: (question: Question) => Effect.Effect<string>
  ) => Effect.Effect<void, NatsNotSubscribed, Scope.Scope>
  /**
   * Asks responders, at most `most` of them (1,000): waits 2 s for the first answer, then until 0.1 to 0.3 s pass without
   * another, by how far away the first was.
   */
  readonly request: (
    subject: string,
    body: string,
    most?: number
  ) => Effect.Effect<Answers, NatsUnreachable | NatsRefused>
  /** The subjects that the server refuses to this user now, as far as they were tried. */
  readonly refused: Effect.Effect<RefusedSubjects>
  readonly connected: Effect.Effect<boolean>
  /** True on every (re)connection, false on every loss; begins with the state now. */
  readonly connection: Stream.Stream<boolean>
  /** Fails when the connection is given up for good (`nats.max_reconnect_attempts`). */
  readonly lost: Effect.Effect<never, NatsGivenUp>
}>()("llm-bot/Nats") {}
