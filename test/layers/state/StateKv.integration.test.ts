import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstreamManager } from "@nats-io/jetstream"
import { Kvm } from "@nats-io/kv"
import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import * as StateKv from "../../../src/layers/state/StateKv.ts"
import { StateName, StateStore } from "../../../src/services/state/StateStore.ts"
import { eventually } from "../../support/eventually.ts"
import { LogLines } from "../../support/LogLines.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { natsSettings } from "../../support/natsSettings.ts"

const name = StateName.make("mutes.lobby")
const value = { version: 1, savedAt: { wall: 5 }, value: { text: "ümläuts 🎬 too", list: [1, 2] } }

const server = (...args: ReadonlyArray<string>) =>
  Layer.provideMerge(
    Layer.unwrap(Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "llm-bot-jetstream-"))
      return NatsServer.layerWith(args.length === 0 ? ["-js", "-sd", folder] : args)
    })),
    LogLines.layer
  )

/** The store of one replica. */
const replica = Effect.fnUntraced(function*() {
  const { url } = yield* NatsServer
  const settings = natsSettings({ servers: [url], jetstream: { enabled: true, prefix: "b" } })
  const services = yield* Layer.build(
    StateKv.layer(settings.jetstream).pipe(Layer.provide(NatsConnection.layer(settings)))
  )
  return Context.get(services, StateStore)
})

const client = Effect.gen(function*() {
  const { url } = yield* NatsServer
  return yield* Effect.acquireRelease(
    Effect.promise(() => connect({ servers: url })),
    (open) => Effect.promise(() => open.close())
  )
})
const bucket = Effect.flatMap(client, (open) => Effect.promise(() => new Kvm(open).open("b_STATE")))
const streams = Effect.flatMap(client, (open) =>
  Effect.promise(async () => {
    const found: Array<string> = []
    for await (const stream of (await jetstreamManager(open)).streams.names()) found.push(stream)
    return found
  }))

const ofState = Effect.flatMap(
  LogLines,
  ({ all }) =>
    Effect.map(
      all,
      (lines) =>
        lines.flatMap(({ annotations, level, message }) =>
          annotations["logger"] === "State" ? [`${level} ${message}`] : []
        )
    )
)

describe("a bucket of saved values", () => {
  it.live("gives every replica what one of them saved, and is there only when it is needed", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* replica(), yield* replica()]
      assert.strictEqual(one.reach, "replicas")
      assert.deepStrictEqual(yield* streams, [])
      assert.deepStrictEqual(yield* one.load(name), Option.none())
      assert.deepStrictEqual(yield* one.names, [])
      yield* one.save(name, value)
      assert.deepStrictEqual(yield* two.load(name), Option.some(value))
      yield* two.save(name, { ...value, version: 2 })
      assert.deepStrictEqual(yield* one.load(name), Option.some({ ...value, version: 2 }))
      assert.deepStrictEqual(yield* one.names, [name])
      yield* one.remove(name)
      yield* one.remove(name)
      assert.deepStrictEqual(yield* two.load(name), Option.none())
      assert.deepStrictEqual(yield* two.names, [])
      assert.deepStrictEqual(yield* streams, ["KV_b_STATE"])
      assert.deepStrictEqual(yield* ofState, [])
    }).pipe(Effect.scoped, Effect.provide(server())))

  it.live(
    "survives a server that is killed, and says once that nothing is saved meanwhile",
    () =>
      Effect.gen(function*() {
        const { kill, restart } = yield* NatsServer
        const store = yield* replica()
        yield* store.save(name, value)
        yield* kill
        yield* Effect.flip(store.save(name, { ...value, version: 2 }))
        yield* Effect.flip(store.save(name, { ...value, version: 3 }))
        assert.include((yield* Effect.flip(store.load(name))).message, "the saved state cannot be read")
        yield* restart
        const loaded = yield* eventually("a value", Effect.option(store.load(name)), Option.isSome)
        assert.deepStrictEqual(loaded, Option.some(Option.some(value)))
        yield* eventually("a save", Effect.option(store.save(name, { ...value, version: 4 })), Option.isSome)
        const lines = yield* ofState
        assert.lengthOf(lines, 2)
        assert.include(lines[0], "Warn State is not saved in the bucket b_STATE, the bot goes on without:")
        assert.strictEqual(lines[1], "Info State is saved in the bucket b_STATE again")
      }).pipe(Effect.scoped, Effect.provide(server())),
    60_000
  )

  it.live("is made again after it was deleted", () =>
    Effect.gen(function*() {
      const store = yield* replica()
      yield* store.save(name, value)
      const manager = yield* Effect.flatMap(client, (open) => Effect.promise(() => jetstreamManager(open)))
      yield* Effect.promise(() => manager.streams.delete("KV_b_STATE"))
      yield* eventually("a save", Effect.option(store.save(name, value)), Option.isSome)
      assert.deepStrictEqual(yield* store.load(name), Option.some(value))
    }).pipe(Effect.scoped, Effect.provide(server())), 60_000)

  it.live("puts aside what nobody understands, and what is no JSON", () =>
    Effect.gen(function*() {
      const store = yield* replica()
      yield* store.save(name, value)
      const kv = yield* bucket
      yield* Effect.promise(() => kv.put(name, `{"version":1,"val`))
      assert.deepStrictEqual(yield* store.load(name), Option.none())
      assert.deepStrictEqual(yield* store.load(name), Option.none())
      assert.strictEqual((yield* Effect.promise(() => kv.get(`${name}/bad`)))?.string(), `{"version":1,"val`)
      yield* store.save(name, value)
      yield* store.putAside(name, "it is of version 1, this program writes 2")
      assert.deepStrictEqual(yield* store.load(name), Option.none())
      assert.deepStrictEqual(yield* store.names, [])
      assert.deepStrictEqual(yield* ofState, [
        "Warn mutes.lobby in b_STATE is not used: it is no JSON; it is kept as mutes.lobby/bad",
        "Warn mutes.lobby in b_STATE is not used: it is of version 1, this program writes 2; it is kept as mutes.lobby/bad"
      ])
    }).pipe(Effect.scoped, Effect.provide(server())), 60_000)

  it.live("says what is wrong where JetStream is off, and where a value is too large", () =>
    Effect.gen(function*() {
      const store = yield* replica()
      const { detail } = yield* Effect.flip(store.save(name, value))
      assert.match(detail, /jetstream/i)
    }).pipe(Effect.scoped, Effect.provide(server("-DV"))), 60_000)

  it.live(
    "does not take what is larger than the server lets through, and goes on with the rest",
    () =>
      Effect.gen(function*() {
        const store = yield* replica()
        yield* store.save(name, value)
        yield* Effect.flip(store.save(name, "x".repeat(1_100_000)))
        assert.deepStrictEqual(yield* store.load(name), Option.some(value))
        yield* store.save(name, { ...value, version: 2 })
      }).pipe(Effect.scoped, Effect.provide(server())),
    60_000
  )
})
