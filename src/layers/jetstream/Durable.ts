import { Layer } from "effect"
import type { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
import type { BotConfig } from "../../services/BotConfig.ts"
import type { BridgeSightings } from "../../services/bridge/BridgeSightings.ts"
import type { Intake } from "../../services/Intake.ts"
import type { Nats } from "../../services/Nats.ts"
import type { NatsClient } from "../nats/NatsClient.ts"
import * as IntakeJetStream from "./IntakeJetStream.ts"
import { JetStream } from "./JetStream.ts"
import * as NatsRelay from "./NatsRelay.ts"
import { Streams } from "./Streams.ts"
import * as UserLimitStreams from "./UserLimitStreams.ts"

/** The streams, as the configuration wants them. */
const streams = Streams.layer.pipe(Layer.provideMerge(JetStream.layer))

/** Events from the streams. */
export const intake: Layer.Layer<Intake, JetStreamFault, BotConfig | BridgeSightings | Nats | NatsClient> = Layer
  .provide(IntakeJetStream.layer, streams)

/** NATS with the outboxes before the bridges. */
export const nats: Layer.Layer<Nats, JetStreamFault, BotConfig | Nats | NatsClient> = Layer.provide(
  NatsRelay.layer,
  streams
)

/** The limits of people that replicas keep together. */
export const sharedLimits: Layer.Layer<never, JetStreamFault, BotConfig | Nats | NatsClient> = Layer.provide(
  UserLimitStreams.layer,
  streams
)
