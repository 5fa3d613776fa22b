import { Effect, Layer } from "effect"
import type { JetStreamFault } from "../domain/jetstream/JetStreamFault.ts"
import type { NatsSettings } from "../domain/settings/Settings.ts"
import type { BotConfig } from "../services/BotConfig.ts"
import type { BridgeSightings } from "../services/bridge/BridgeSightings.ts"
import type { Intake } from "../services/Intake.ts"
import { Nats } from "../services/Nats.ts"
import { Relayed } from "../services/reply/Relayed.ts"
import * as IntakeCore from "./nats/IntakeCore.ts"
import type { NatsClient } from "./nats/NatsClient.ts"

type Durable = typeof import("./jetstream/Durable.ts")

/** A part of durable intake, loaded only where that is on; else what stands for it. */
const part = <A, E, R>(
  { jetstream }: NatsSettings,
  durable: (parts: Durable) => Layer.Layer<A, E, R>,
  core: Layer.Layer<A, E, R>
): Layer.Layer<A, E, R> =>
  jetstream.enabled
    ? Layer.unwrap(Effect.map(Effect.promise(() => import("./jetstream/Durable.ts")), durable))
    : core

type OnJetStream = BotConfig | Nats | NatsClient

/**
 * Where events come from: core subscriptions, or the streams of durable intake (N2). What keeps the streams from being
 * there is a failure of the outlet, which comes first.
 */
export const intakeOf = (nats: NatsSettings): Layer.Layer<Intake, never, OnJetStream | BridgeSightings> =>
  part<Intake, never, OnJetStream | BridgeSightings>(nats, ({ intake }) => Layer.orDie(intake), IntakeCore.layer)

/** How lines leave, and which limits are shared: at once and none, or as durable intake has it (N2). */
export const outletOf = (nats: NatsSettings): Layer.Layer<Nats, JetStreamFault, OnJetStream> =>
  Layer.mergeAll(
    part<Nats, JetStreamFault, OnJetStream>(nats, (parts) => parts.nats, Layer.effect(Nats, Nats)),
    part<never, JetStreamFault, OnJetStream>(nats, (parts) => parts.sharedLimits, Layer.empty),
    Layer.succeed(Relayed, nats.jetstream.enabled)
  )
