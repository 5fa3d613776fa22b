import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { eventually } from "../../support/eventually.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder } from "../../support/Program.ts"
import { configOnDisk, get, startWith } from "../../support/RunningProgram.ts"

/** A server's configuration in which the user `bot` may subscribe to and publish only what is given. */
const permissions = (subscribe: ReadonlyArray<string>, publish: ReadonlyArray<string>): string => `
authorization {
  users = [
    { user: bot, password: right, permissions: {
      subscribe: ${JSON.stringify(subscribe)}, publish: ${JSON.stringify(publish)} } }
    { user: bridge, password: right }
  ]
}
`

const settings = (url: string) => {
  const parsed = parseSettings(
    `
nats: { servers: ["${url}"], user: bot, password: "\${NATS_PASSWORD}" }
channels: [{ name: lobby }]
bot: { username: MovieBot }
llm_api: { base_url: "http://localhost/v1", api_key: "\${LLM_API_KEY}", model: none }
`,
    { LLM_API_KEY: "none", NATS_PASSWORD: "right" }
  )
  return parsed._tag === "Success" ? parsed.success.settings.nats : assert.fail(JSON.stringify(parsed.failure))
}

/** A server whose permissions can be changed under way. */
const world = Effect.gen(function*() {
  const file = join(yield* emptyFolder, "nats.conf")
  const write = (text: string) => Effect.sync(() => writeFileSync(file, text))
  yield* write(permissions(["room.>", "_INBOX.>"], ["say"]))
  const services = yield* Layer.build(NatsServer.layerWith(["-c", file]))
  const server = yield* NatsServer.pipe(Effect.provideContext(services))
  const bot = yield* Layer.build(NatsConnection.layer(settings(server.url)))
  const nats = yield* Nats.pipe(Effect.provideContext(bot))
  const bridge = yield* Effect.acquireRelease(
    Effect.promise(() => connect({ servers: server.url.replace("nats://", ""), user: "bridge", pass: "right" })),
    (client) => Effect.promise(() => client.close())
  )
  const allow = (subscribe: ReadonlyArray<string>, publish: ReadonlyArray<string>) =>
    Effect.andThen(write(permissions(subscribe, publish)), server.signal("SIGHUP"))
  return { allow, bridge, nats, server }
})

describe("a subscription that is refused", () => {
  it.live("at the start, or later, is told, tried again, and hears when it is allowed again", () =>
    Effect.gen(function*() {
      const { allow, bridge, nats } = yield* world
      const heard: Array<string> = []
      const hear = ({ subject }: { readonly subject: string }): void => void heard.push(subject)
      yield* nats.subscribe("room.one", hear)
      yield* nats.subscribe("other.one", hear)
      const refused = Effect.map(nats.refused, ({ subscribe }) => [...subscribe].toSorted())
      assert.deepStrictEqual(yield* refused, ["other.one"])
      const hears = (subject: string) =>
        eventually(
          `${subject} is heard`,
          Effect.sync(() => {
            bridge.publish(subject)
            return heard
          }),
          (all) => all.includes(subject)
        )
      yield* hears("room.one")

      yield* allow(["other.>"], [])
      yield* eventually("the refusal moves", refused, (now) => now.join() === "room.one")
      yield* hears("other.one")

      heard.length = 0
      yield* allow(["other.>", "room.>"], [])
      yield* hears("room.one")
      assert.deepStrictEqual(yield* refused, [])
    }).pipe(Effect.provide(Logger.layer([])), Effect.scoped))

  it.live("keeps a question from its answers only as long as it is refused", () =>
    Effect.gen(function*() {
      const { allow, bridge, nats } = yield* world
      bridge.subscribe("say", { callback: (_, message) => void message.respond("heard") })
      yield* Effect.promise(() => bridge.flush())
      const answers = Effect.map(Effect.orDie(nats.request("say", "hello")), ({ bodies }) => bodies.length)
      assert.strictEqual(yield* answers, 1)
      yield* allow(["room.>"], ["say"])
      yield* eventually("nothing comes", answers, (count) => count === 0)
      yield* allow(["room.>", "_INBOX.>"], ["say"])
      yield* eventually("answers come", answers, (count) => count === 1)
    }).pipe(Effect.provide(Logger.layer([])), Effect.scoped), 40_000)
})

describe("a bot whose channel's subscription is refused", () => {
  it.live("runs, but is not ready", () =>
    Effect.gen(function*() {
      const folder = yield* emptyFolder
      const conf = join(folder, "nats.conf")
      writeFileSync(conf, permissions(["_INBOX.>"], [">"]))
      yield* Effect.gen(function*() {
        const { url } = yield* NatsServer
        const access = { servers: [url], user: "bot", password: "right" }
        const { port } = yield* Effect.tap(configOnDisk({ nats: access }), (config) => startWith(config))
        assert.strictEqual((yield* get(port, "/livez")).status, 200)
        assert.strictEqual((yield* get(port, "/readyz")).status, 503)
      }).pipe(Effect.provide(Layer.mergeAll(LlmDouble.layer, NatsServer.layerWith(["-c", conf]))))
    }).pipe(Effect.scoped))
})

describe("a subject that must not be published", () => {
  it.live("is told, until it was let through", () =>
    Effect.gen(function*() {
      const { allow, nats } = yield* world
      const refused = Effect.map(nats.refused, ({ publish }) => [...publish])
      assert.strictEqual((yield* Effect.flip(nats.request("shout", "{}")))._tag, "NatsRefused")
      assert.deepStrictEqual(yield* refused, ["shout"])
      yield* allow(["room.>", "_INBOX.>"], ["say", "shout"])
      const asked = yield* eventually("it is let through", Effect.result(nats.request("shout", "{}")), (now) =>
        now._tag === "Success")
      assert.deepInclude(asked, { success: { heard: false, bodies: [] } })
      assert.deepStrictEqual(yield* refused, [])
    }).pipe(Effect.provide(Logger.layer([])), Effect.scoped))
})

describe("a server that stands still", () => {
  it.live("is noticed within some seconds, and again when it goes on", () =>
    Effect.gen(function*() {
      const { nats, server } = yield* world
      yield* server.signal("SIGSTOP")
      yield* eventually("it is noticed", nats.connected, (up) => !up)
      yield* server.signal("SIGCONT")
      yield* eventually("it is back", nats.connected, (up) => up)
    }).pipe(Effect.provide(Logger.layer([])), Effect.scoped), 40_000)
})
