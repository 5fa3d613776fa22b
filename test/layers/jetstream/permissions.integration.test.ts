import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { NatsClient } from "../../../src/layers/nats/NatsClient.ts"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import { durableFaults } from "../../../src/layers/jetstream/JetStreamCheck.ts"
import { heardCommands, startBot } from "../../support/DurableBot.ts"
import { eventually } from "../../support/eventually.ts"
import { clientOf, durableSettings, serverWith } from "../../support/JetStreamWorld.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { natsServerBinaries } from "../../support/natsServerBinary.ts"

const page = readFileSync("docs/nats-permissions.md", "utf8")
const block = /## Durable intake\n[^]*?```\n(authorization[^]*?)```/.exec(page)?.[1] ?? ""
const granted = block.replace("$LLM_BOT_PASSWORD", "right").replace("$BRIDGE_PASSWORD", "right")

const settingsOf = (url: string, llm: string) =>
  durableSettings(url, {
    nats: { user: "llm-bot", password: "right" },
    jetstream: { prefix: "llmbot" },
    llm_api: { base_url: llm, api_key: "none", model: "double" },
    triggers: [{ type: "mention", cooldown_seconds: 0 }],
    rate_limits: { global_cooldown_seconds: 0 }
  })

for (const [suite, binary] of natsServerBinaries()) {
  describe(`the permissions of docs/nats-permissions.md for durable intake, on ${suite}'s nats-server`, () => {
    it.live("are enough, before and after a restart", () => {
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      return Effect.gen(function*() {
        const { url } = yield* serverWith(binary, granted)
        const llm = Context.get(yield* Layer.build(LlmDouble.layer), LlmDouble)
        const bridge = yield* clientOf(url, { user: "bridge", pass: "right" })
        const heard = yield* heardCommands(bridge)
        const settings = settingsOf(url, llm.url)
        for (const said of ["one", "two"]) {
          yield* Effect.gen(function*() {
            yield* startBot(settings)
            const user = { name: said, rank: 1 }
            const body = JSON.stringify({ user, msg: `MovieBot, ${said}`, meta: {}, time: Date.now() })
            bridge.publish("cytube.events.lobby.chatMsg", body)
            yield* eventually(said, Effect.succeed(heard), () => heard.some(({ body }) => body.includes(said)))
          }).pipe(Effect.scoped)
        }
        const connection = yield* Layer.build(NatsConnection.layer(settings.settings.nats))
        const client = Context.get(connection, NatsClient)
        assert.deepStrictEqual(
          yield* Effect.provideService(durableFaults(settings.settings), NatsClient, client),
          []
        )
        assert.deepStrictEqual(lines.filter((line) => /violation|permission/i.test(line)), [])
      }).pipe(Effect.provide(logger), Effect.scoped)
    })

    it.live("each is missed by the check where the API is asked for it", () =>
      Effect.gen(function*() {
        const less = granted.replace("\"$JS.API.STREAM.UPDATE.llmbot_IN\"", "").replace(
          "\"$JS.API.CONSUMER.LIST.llmbot_IN\",",
          ""
        )
        const { url } = yield* serverWith(binary, less)
        const { settings } = settingsOf(url, "http://127.0.0.1:9/v1")
        const connection = yield* Layer.build(NatsConnection.layer(settings.nats))
        const faults = yield* Effect.provideService(
          durableFaults(settings),
          NatsClient,
          Context.get(connection, NatsClient)
        )
        assert.sameMembers(faults.map(({ about, reason }) => `${reason} ${about}`), [
          "permission $JS.API.STREAM.UPDATE.llmbot_IN",
          "permission $JS.API.CONSUMER.LIST.llmbot_IN"
        ])
      }).pipe(Effect.provide(Logger.layer([])), Effect.scoped))
  })
}
