import { Layer } from "effect"
import type { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
import type { BotConfig } from "../../services/BotConfig.ts"
import type { BridgeSightings } from "../../services/bridge/BridgeSightings.ts"
import type { Intake } from "../../services/Intake.ts"
import type { Nats } from "../../services/Nats.ts"
import type { NatsClient } from "../nats/NatsClient.ts"
import * as IntakeJetStream from "./IntakeJetStream.ts"
import { JetStream } from "./JetStream.ts"
import { Streams } from "./Streams.ts"

/** The streams, as the configuration wants them. */
const streams = Streams.layer.pipe(Layer.provideMerge(JetStream.layer))

/** Events from the streams. */
export const intake: Layer.Layer<Intake, JetStreamFault, BotConfig | BridgeSightings | Nats | NatsClient> = Layer
  .provide(IntakeJetStream.layer, streams)
