import { connect, headers } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Result, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { WireCommand, WireMessage } from "../../../src/domain/wire/Wire.ts"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import { Nats, type NatsConnectError } from "../../../src/services/Nats.ts"
import { Bus } from "../../support/Bus.ts"
import { eventually } from "../../support/eventually.ts"
import { LogLines } from "../../support/LogLines.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { natsSettings } from "../../support/natsSettings.ts"

const connection = (more: Readonly<Record<string, unknown>> = {}) =>
  Layer.unwrap(Effect.map(NatsServer, ({ url }) => NatsConnection.layer(natsSettings({ servers: [url], ...more }))))

const world = (more: Readonly<Record<string, unknown>> = {}) =>
  Layer.mergeAll(connection(more), Bus.layer).pipe(
    Layer.provideMerge(NatsServer.layer),
    Layer.provideMerge(Logger.layer([]))
  )

const command = (body: string, more: Partial<WireCommand> = {}): WireCommand => ({
  subject: "test.commands",
  headers: new Map(),
  body,
  request: false,
  ...more
})

const publish = (body: string, more: Partial<WireCommand> = {}) => Nats.use((nats) => nats.publish(command(body, more)))
const connected = Nats.use((nats) => nats.connected)

const until = (state: boolean) => eventually(`connected: ${state}`, connected, (now) => now === state)

/** What comes on a subject from now on: to be run whenever one wants to know. */
const listen = (subject: string) => {
  const seen: Array<WireMessage> = []
  return Nats.use((nats) => nats.subscribe(subject, (message) => void seen.push(message))).pipe(
    Effect.as(Effect.sync(() => [...seen]))
  )
}

const textOf = ({ body }: WireMessage): string => new TextDecoder().decode(body)

/** Takes at most as long as something that does not wait. */
const atOnce = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.timeoutOrElse(effect, { duration: "1 second", orElse: () => Effect.die(new Error("took more than a second")) })

describe("the connection to NATS", () => {
  it.live("publishes subject, headers and body exactly, and the server has them on return", () =>
    Effect.gen(function*() {
      const sent = new Map([["Correlation-Id", "a-1"], ["Timestamp", "1700000000000"], ["Source", "llm-bot"], [
        "Nats-Msg-Id",
        "x/y=z"
      ]])
      const { heard } = yield* publish("{\"text\":\"äöü 😀\"}", { headers: sent })
      const seen = yield* Bus.use((bus) => bus.commands)
      assert.deepStrictEqual(seen, [
        { subject: "test.commands", headers: Object.fromEntries(sent), body: "{\"text\":\"äöü 😀\"}", request: false }
      ])
      assert.isTrue(heard)
    }).pipe(Effect.provide(world()), Effect.scoped))

  it.live("receives headers and bodies up to a megabyte, and publishes them", () =>
    Effect.gen(function*() {
      const received = yield* listen("test.events.*")
      const body = "ä".repeat(500_000)
      yield* Bus.use((bus) => bus.send("test.events.large", body, { "Correlation-Id": "a-2", Other: "two words" }))
      const [message] = yield* eventually("the message", received, ({ length }) => length === 1)
      assert.deepStrictEqual(message?.headers, new Map([["Correlation-Id", "a-2"], ["Other", "two words"]]))
      assert.strictEqual(message === undefined ? "" : textOf(message), body)
      yield* publish(body)
      assert.deepStrictEqual((yield* Bus.use((bus) => bus.commands)).map((seen) => seen.body), [body])
    }).pipe(Effect.provide(world()), Effect.scoped))

  it.live("refuses a body larger than the server takes, and goes on", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(publish("x".repeat(1_100_000)))
      assert.strictEqual(error._tag, "NatsNotSent")
      yield* publish("small")
      assert.deepStrictEqual((yield* Bus.use((bus) => bus.commands)).map((seen) => seen.body), ["small"])
    }).pipe(Effect.provide(world()), Effect.scoped))

  it.live("a request nobody listens to is not heard; with a responder it is", () =>
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      const { heard } = yield* publish("anyone?", { subject: "kryten.robot.command", request: true })
      assert.isFalse(heard)
      const bridge = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: url.replace("nats://", "") })),
        (client) => Effect.promise(() => client.close())
      )
      bridge.subscribe("kryten.robot.command", {
        callback: (_, message) => void message.respond("{\"success\":true}", { headers: headers() })
      })
      yield* Effect.promise(() => bridge.flush())
      const { heard: now } = yield* publish("anyone now?", { subject: "kryten.robot.command", request: true })
      assert.isTrue(now)
    }).pipe(
      Effect.provide(connection().pipe(Layer.provideMerge(NatsServer.layer), Layer.provideMerge(Logger.layer([])))),
      Effect.scoped
    ))
})

describe("a server that dies and comes back", () => {
  it.live("is reported truly, subscriptions survive, publishing fails at once in between", () =>
    Effect.gen(function*() {
      const server = yield* NatsServer
      const states: Array<boolean> = []
      yield* Nats.use((nats) =>
        Stream.runForEach(nats.connection, (state) => Effect.sync(() => void states.push(state)))
      ).pipe(
        Effect.forkScoped({ startImmediately: true })
      )
      const received = yield* listen("test.events.*")
      assert.isTrue(yield* connected)
      yield* server.kill
      yield* until(false)
      const error = yield* Effect.flip(atOnce(publish("lost")))
      assert.strictEqual(error._tag, "NatsNotSent")
      const later = yield* atOnce(Effect.result(publish("lost too", { request: true })))
      assert.isTrue(Result.isFailure(later))
      yield* server.restart
      yield* until(true)
      yield* publish("back")
      const commands = yield* Bus.use((bus) => bus.commands)
      assert.deepStrictEqual(commands.map(({ body }) => body), ["back"])
      yield* Bus.use((bus) => bus.send("test.events.one", "still there?", {}))
      const messages = yield* eventually("the message", received, ({ length }) => length > 0)
      assert.deepStrictEqual(messages.map(textOf), ["still there?"])
      assert.deepStrictEqual(states, [true, false, true])
    }).pipe(Effect.provide(world()), Effect.scoped))

  it.live("a subscription made while it was away hears after its return", () =>
    Effect.gen(function*() {
      const server = yield* NatsServer
      yield* server.kill
      yield* until(false)
      const listening = yield* Effect.forkChild(listen("test.events.*"), { startImmediately: true })
      yield* server.restart
      const received = yield* Fiber.join(listening)
      yield* until(true)
      yield* publish("flushed")
      yield* Bus.use((bus) => bus.commands)
      yield* Bus.use((bus) => bus.send("test.events.one", "hello", {}))
      yield* eventually("the message", received, ({ length }) => length === 1)
    }).pipe(Effect.provide(world()), Effect.scoped))

  it.live("`lost` fails once max_reconnect_attempts are spent", () =>
    Effect.gen(function*() {
      const server = yield* NatsServer
      const lost = yield* Effect.forkChild(Nats.use((nats) => nats.lost), { startImmediately: true })
      yield* server.kill
      const error = yield* Effect.flip(Fiber.join(lost))
      assert.strictEqual(error._tag, "NatsGivenUp")
      assert.isFalse(yield* connected)
      const after = yield* Effect.flip(atOnce(publish("too late")))
      assert.strictEqual(after._tag, "NatsNotSent")
    }).pipe(Effect.provide(world({ max_reconnect_attempts: 2 })), Effect.scoped))

  it.live("closing while it is away takes at most 2 s, and nothing connects any more", () =>
    Effect.gen(function*() {
      const server = yield* NatsServer
      const scope = yield* Scope.make()
      const nats = yield* Effect.map(Layer.buildWithScope(connection(), scope), (context) =>
        Nats.pipe(Effect.provideContext(context)))
      const { connected: state, lost } = yield* nats
      yield* server.kill
      yield* eventually("the loss is noticed", state, (now) =>
        !now)
      const closed = yield* Effect.forkChild(Effect.exit(lost), { startImmediately: true })
      // The 2 s are simulated: were it to wait longer, it would not end.
      yield* Effect.gen(function*() {
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(closing)
      }).pipe(Effect.provide(TestClock.layer()))
      yield* atOnce(Fiber.join(closed))
    }).pipe(Effect.provide(NatsServer.layer.pipe(Layer.provideMerge(Logger.layer([])))), Effect.scoped))
})

describe("credentials", () => {
  const guarded = (...args: ReadonlyArray<string>) =>
    NatsServer.layerWith(args).pipe(Layer.provideMerge(LogLines.layer))
  const attempt = (more: Readonly<Record<string, unknown>>): Effect.Effect<void, NatsConnectError, NatsServer> =>
    Effect.scoped(Effect.asVoid(Layer.build(connection(more))))

  const servers = [
    ["a user", ["--user", "bot", "--pass", "right-one"], { user: "bot", password: "right-one" }, {
      user: "bot",
      password: "wrong-one"
    }],
    ["a token", ["--auth", "right-one"], { token: "right-one" }, { token: "wrong-one" }]
  ] as const
  for (const [what, args, right, wrong] of servers) {
    it.live(`${what}: the right ones connect`, () =>
      attempt(right).pipe(Effect.provide(guarded(...args)), Effect.scoped))

    it.live(`${what}: wrong ones and none fail at once, and are not shown`, () =>
      Effect.gen(function*() {
        for (const given of [wrong, {}]) {
          const error = yield* Effect.flip(atOnce(attempt(given)))
          assert.strictEqual(error._tag, "NatsRefused")
          assert.notInclude(error.message, "wrong-one")
        }
        const lines = yield* LogLines.use(({ all }) => all)
        assert.lengthOf(lines.filter(({ message }) => message.includes("NATS connection failed")), 2)
        assert.notInclude(JSON.stringify(lines), "wrong-one")
      }).pipe(Effect.provide(guarded(...args)), Effect.scoped))
  }

  it.live("nats-io/nats.net.v1#630: an address of several names each, and no part of a password", () =>
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      yield* attempt({ servers: [`nats://127.0.0.1:1,${url}`], user: "bot", password: "right-one" })
      const error = yield* Effect.flip(
        attempt({ servers: ["nats://bot:pa@sword#1@no-such-host.invalid:4222"], connect_attempts: 1 })
      )
      assert.include(error.message, "no-such-host.invalid")
      assert.notInclude(error.message, "sword")
    }).pipe(Effect.provide(guarded("--user", "bot", "--pass", "right-one")), Effect.scoped))

  it.live("a credentials file that cannot be read fails at once", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(atOnce(attempt({ creds_file: "/no/such/file.creds" })))
      assert.deepInclude(error, { _tag: "NatsFileUnusable", field: "creds_file" })
    }).pipe(Effect.provide(guarded()), Effect.scoped))
})
