import type { NatsConnection as Client } from "@nats-io/transport-node"
import { Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import type { ActiveSettings } from "../../src/domain/ChannelSettings.ts"
import type { DecisionRecord } from "../../src/domain/decision/Decision.ts"
import type { Protocol } from "../../src/domain/wire/protocols/Protocol.ts"
import * as LlmOpenAi from "../../src/layers/llm/LlmOpenAi.ts"
import { botOn, byTheClock } from "../../src/layers/Main.ts"
import { intakeOf, outletOf } from "../../src/layers/Transport.ts"
import * as NatsConnection from "../../src/layers/nats/NatsConnection.ts"
import { BotConfig } from "../../src/services/BotConfig.ts"
import type { DecisionListener } from "../../src/services/decision/DecisionListener.ts"
import { StateStore } from "../../src/services/state/StateStore.ts"
import { Ownership } from "../../src/services/ownership/Ownership.ts"
import { type BridgeIdentity, eventBody, eventSubject, linePayload } from "./BridgeWords.ts"
import { durableSettings } from "./JetStreamWorld.ts"

/** The room of these tests. */
const roomOf = (protocol: Protocol): BridgeIdentity => ({
  protocol,
  domain: "cytube.test",
  channel: "TestChan",
  account: "KrytenBot"
})

/** A bot in that room without limits; `more` replaces whole sections. */
export const settingsOf = (
  protocol: Protocol,
  nats: string,
  llm: string,
  more: Readonly<Record<string, object>> = {}
): ActiveSettings =>
  durableSettings(nats, {
    nats: { protocol },
    channels: [{ name: "TestChan", domain: "cytube.test" }],
    bot: { username: "KrytenBot" },
    llm_api: { base_url: llm, api_key: "none", model: "double", max_concurrent_per_channel: 1000 },
    triggers: [{ type: "mention" }, { type: "pm" }],
    rate_limits: {
      max_per_user_per_minute: null,
      max_per_user_per_hour: null,
      max_per_channel_per_minute: null,
      max_per_channel_per_hour: null,
      global_cooldown_seconds: 0
    },
    telemetry: { log_content: true },
    ...more
  })

/** Starts the bot in this process; the decisions it closed, in order. It stops with the scope. */
export const startBot = Effect.fnUntraced(function*({ settings }: ActiveSettings) {
  const decisions: Array<DecisionRecord> = []
  const gather = Effect.succeed<DecisionListener>({ closed: ({ record }) => void decisions.push(record) })
  const services = yield* Layer.build(
    botOn(intakeOf(settings.nats), [gather]).pipe(
      Layer.provide(byTheClock),
      Layer.provide(outletOf(settings.nats)),
      Layer.provideMerge(Layer.mergeAll(
        NatsConnection.layer(settings.nats),
        LlmOpenAi.layer,
        Ownership.alone(settings.nats.jetstream.partitions),
        StateStore.layerNone
      )),
      Layer.provide(Layer.mergeAll(BotConfig.layerFixed(settings), SecureRandom.layerWebCrypto))
    )
  )
  return { decisions, services }
})

/** A bridge's words on the bus, without the room behind it. */
export const speaker = (client: Client, protocol: Protocol) => {
  const room = roomOf(protocol)
  return {
    /** A line, said so long ago, ms. */
    say: (from: string, text: string, ageMs = 0): void => {
      const payload = { ...linePayload(room, from, undefined, text), time: Date.now() - ageMs }
      client.publish(eventSubject(room, "chatMsg"), eventBody(room, "chatMsg", payload))
    },
    raw: (event: string, body: string): void => client.publish(eventSubject(room, event), body)
  }
}

/** The commands that come from now on, in whatever protocol. */
export const heardCommands = Effect.fnUntraced(function*(client: Client) {
  const heard: Array<{ readonly subject: string; readonly body: string; readonly id: string }> = []
  for (const subject of ["cytube.commands.>", "kryten.commands.>", "kryten.robot.command"]) {
    client.subscribe(subject, {
      callback: (_, { data, headers, subject }) =>
        void heard.push({ subject, body: new TextDecoder().decode(data), id: headers?.get("Nats-Msg-Id") ?? "" })
    })
  }
  yield* Effect.promise(() => client.flush())
  return heard
})
