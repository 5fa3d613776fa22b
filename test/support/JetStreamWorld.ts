import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection as Client } from "@nats-io/transport-node"
import { Context, Effect, Layer, SubscriptionRef } from "effect"
import { stringify } from "yaml"
import { activate, type ActiveSettings } from "../../src/domain/ChannelSettings.ts"
import { parseSettings } from "../../src/domain/settings/SettingsFile.ts"
import { JetStream } from "../../src/layers/jetstream/JetStream.ts"
import { Streams } from "../../src/layers/jetstream/Streams.ts"
import * as NatsConnection from "../../src/layers/nats/NatsConnection.ts"
import { BotConfig } from "../../src/services/BotConfig.ts"
import { NatsServer } from "./NatsServer.ts"

/** Settings of a bot with durable intake; `more` replaces whole sections, `nats` fields of that one. */
export const durableSettings = (
  url: string,
  { jetstream = {}, nats = {}, ...more }: Readonly<Record<string, object>> = {}
): ActiveSettings => {
  const parsed = parseSettings(
    stringify({
      nats: { servers: [url], protocol: "cytube", ...nats, jetstream: { enabled: true, prefix: "b", ...jetstream } },
      channels: [{ name: "lobby" }],
      bot: { username: "MovieBot" },
      llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "none" },
      ...more
    }),
    {}
  )
  if (parsed._tag === "Failure") throw new Error(JSON.stringify(parsed.failure))
  return activate(parsed.success.settings)
}

/** Another client of the server, for what bridges and operators do. */
export const clientOf = (url: string, access: { readonly user?: string; readonly pass?: string } = {}) =>
  Effect.acquireRelease(
    Effect.promise(() => connect({ servers: url.replace("nats://", ""), ...access })),
    (client) => Effect.promise(() => client.close())
  )

/** The streams of an account, as an operator sees them. */
export const managerOf = (client: Client): Effect.Effect<JetStreamManager> =>
  Effect.promise(() => jetstreamManager(client))

/** Builds the streams of a configuration; they are kept until the scope closes. */
export const provisioned = Effect.fnUntraced(function*(active: ActiveSettings) {
  const ref = yield* SubscriptionRef.make(active)
  const services = yield* Layer.build(
    Streams.layer.pipe(
      Layer.provideMerge(JetStream.layer),
      Layer.provideMerge(NatsConnection.layer(active.settings.nats)),
      Layer.provideMerge(Layer.succeed(BotConfig, BotConfig.fromRef(ref)))
    )
  )
  return {
    services,
    streams: Context.get(services, Streams),
    configure: (next: ActiveSettings) => SubscriptionRef.set(ref, next)
  }
})

/** A server with JetStream: its address, and a client of it. */
export const serverWith = Effect.fnUntraced(function*(binary?: string, config?: string) {
  const services = yield* Layer.build(NatsServer.layerJetStream(binary, config))
  return Context.get(services, NatsServer)
})
