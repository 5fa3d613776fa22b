import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { WireMessage } from "../../src/domain/wire/Wire.ts"
import * as NatsMemory from "../../src/layers/nats/NatsMemory.ts"
import { Announcements } from "../../src/services/Announcements.ts"
import { BotConfig } from "../../src/services/BotConfig.ts"
import { Nats } from "../../src/services/Nats.ts"
import { LogLines } from "../support/LogLines.ts"
import { settingsOf } from "../support/Simulation.ts"
import { epoch } from "../support/VirtualTime.ts"

const settings = (protocol: string) =>
  settingsOf(`
nats: { servers: ["nats://memory"], protocol: ${protocol} }
channels: [{ name: lobby }]
bot: { username: MovieBot }
llm_api: { base_url: "http://localhost/v1", api_key: none, model: script }
`)

const announcer = { version: "1.2.3", hostname: "attic", httpPort: 8080 }

/** Everything the bot said on the bus. */
const heard = Effect.gen(function*() {
  const messages: Array<{ readonly subject: string; readonly body: string }> = []
  const take = ({ body, subject }: WireMessage): void =>
    void messages.push({ subject, body: new TextDecoder().decode(body) })
  yield* Nats.use((nats) => nats.subscribe("kryten.lifecycle.llm.*", take))
  return messages
})

const kinds = (messages: ReadonlyArray<{ readonly subject: string }>) =>
  messages.map(({ subject }) => subject.slice("kryten.lifecycle.llm.".length))

const publish = (subject: string, payload: unknown = {}) =>
  Nats.use((nats) => nats.publish({ subject, headers: new Map(), body: JSON.stringify(payload), request: false }))

/** Begins in a scope of its own, so that it can end before the bus. */
const begun = Effect.fnUntraced(function*(protocol: string, who = announcer) {
  const scope = yield* Scope.make()
  const layer = Layer.provide(Announcements.layerNoDeps, BotConfig.layerFixed(settings(protocol)))
  const services = yield* Layer.buildWithScope(layer, scope)
  yield* TestClock.adjust("2500 millis")
  yield* Context.get(services, Announcements).begin(who)
  return { close: Scope.close(scope, Exit.void) }
})

const world = Layer.mergeAll(NatsMemory.layer, LogLines.layer)

describe("announcements", () => {
  for (const protocol of ["kryten", "kryten-legacy"]) {
    it.effect(`in ${protocol}: startup, a heartbeat every 10 s, startup again when asked, shutdown`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(epoch)
        const messages = yield* heard
        const { close } = yield* begun(protocol)
        assert.deepStrictEqual(messages.map(({ body }) => JSON.parse(body)), [{
          service: "llm",
          version: "1.2.3",
          hostname: "attic",
          timestamp: "2026-01-01T00:00:02.500Z",
          uptime_seconds: 2.5,
          metadata: {
            endpoints: { health: { port: 8080, path: "/health" }, metrics: { port: 8080, path: "/metrics" } }
          }
        }])
        yield* TestClock.adjust("9999 millis")
        assert.deepStrictEqual(kinds(messages), ["startup"])
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(kinds(messages), ["startup", "heartbeat"])
        yield* publish("kryten.service.discovery.poll")
        yield* TestClock.adjust("20 seconds")
        yield* close
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(kinds(messages), [
          "startup",
          "heartbeat",
          "startup",
          "heartbeat",
          "heartbeat",
          "shutdown"
        ])
        const last = JSON.parse(messages.at(-1)?.body ?? "")
        assert.deepInclude(last, { service: "llm", timestamp: "2026-01-01T00:00:32.500Z", uptime_seconds: 32.5 })
      }).pipe(Effect.provide(world), Effect.scoped))
  }

  it.effect("names no endpoints where nothing is served", () =>
    Effect.gen(function*() {
      const messages = yield* heard
      yield* begun("kryten", { ...announcer, httpPort: undefined })
      assert.deepInclude(JSON.parse(messages[0]?.body ?? ""), { metadata: { endpoints: {} } })
    }).pipe(Effect.provide(world), Effect.scoped))

  it.effect("are unknown in cytube", () =>
    Effect.gen(function*() {
      const messages = yield* heard
      const { close } = yield* begun("cytube")
      yield* publish("kryten.service.discovery.poll")
      yield* TestClock.adjust("1 minute")
      yield* close
      assert.deepStrictEqual(messages, [])
    }).pipe(Effect.provide(world), Effect.scoped))

  it.effect("of the bridge are told: that it lost CyTube, not that it reached NATS, whatever it says besides", () =>
    Effect.gen(function*() {
      yield* begun("kryten")
      yield* publish("kryten.lifecycle.robot.connected", { target: "NATS" })
      yield* publish("kryten.lifecycle.robot.connected", { target: "CyTube", channel: "lobby" })
      yield* publish("kryten.lifecycle.robot.disconnected", { target: "CyTube", reason: "zanzibar" })
      yield* publish("kryten.lifecycle.robot.disconnected", ["zanzibar"])
      yield* publish("kryten.lifecycle.robot.zanzibar", { target: "CyTube" })
      yield* publish("kryten.lifecycle.robot.shutdown", {})
      const lines = yield* LogLines.use(({ all }) => all)
      assert.deepStrictEqual(lines.map(({ level, message }) => [level, message]), [
        ["Info", "Bridge connected to CyTube"],
        ["Warn", "Bridge lost CyTube"],
        ["Warn", "Bridge stopped"]
      ])
    }).pipe(Effect.provide(world), Effect.scoped))
})
