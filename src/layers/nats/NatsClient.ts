import type { NatsConnection } from "@nats-io/transport-node"
import { Context } from "effect"

/** The connection as its client has it: for what stands on JetStream. Whoever opened it closes it. */
export class NatsClient extends Context.Service<NatsClient, NatsConnection>()("llm-bot/NatsClient") {}
