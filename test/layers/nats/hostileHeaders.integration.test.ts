import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Metric, Schema } from "effect"
import type { WireMessage } from "../../../src/domain/wire/Wire.ts"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { NatsSettings } from "../../../src/domain/settings/Settings.ts"
import { eventually } from "../../support/eventually.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { RawNats } from "../../support/RawNats.ts"

const settings = Schema.decodeUnknownSync(NatsSettings)

const world = Layer.mergeAll(
  Layer.unwrap(Effect.map(NatsServer, ({ url }) => NatsConnection.layer(settings({ servers: [url] })))),
  RawNats.layer
).pipe(Layer.provideMerge(NatsServer.layer), Layer.provideMerge(Logger.layer([])))

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1")

/** Headers that somebody can publish and no client can read. */
const malformed: ReadonlyArray<readonly [what: string, headers: Uint8Array]> = [
  ["a name with a blank", bytes("NATS/1.0\r\na b:c\r\n\r\n")],
  ["a CR in a value", bytes("NATS/1.0\r\na:b\rc\r\n\r\n")],
  ["a name of 150 KB", bytes(`NATS/1.0\r\n${"a".repeat(150_000)} b:c\r\n\r\n`)],
  ["no version", bytes("hello\r\n\r\n")],
  ["nothing but a line break", bytes("\r\n")],
  ["no colon", bytes("NATS/1.0\r\nabc\r\n\r\n")],
  ["an odd status", bytes("NATS/1.0 abc\r\n\r\n")],
  ["control characters", bytes("NATS/1.0\r\n\u0000\u0001:\u0002\r\n\r\n")],
  ["bytes that are no UTF-8", new Uint8Array([...bytes("NATS/1.0\r\n"), 0xff, 0xfe, 0x3a, 0xc0, 13, 10, 13, 10])]
]

const seeded = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state % below
  }
}

/** Arbitrary header bytes, with and without the version line. */
const arbitrary = Array.from({ length: 300 }, (_, seed) => {
  const next = seeded(seed + 1)
  const noise = Uint8Array.from({ length: next(60) }, () => next(3) === 0 ? ":\r\n ".charCodeAt(next(4)) : next(256))
  return next(2) === 0 ? noise : new Uint8Array([...bytes("NATS/1.0\r\n"), ...noise])
})

describe("a message with headers that cannot be read", () => {
  it.live("is told as that, and the next message is handled at once", () =>
    Effect.gen(function*() {
      const nats = yield* Nats
      const raw = yield* RawNats
      const seen: Array<WireMessage> = []
      yield* nats.subscribe("room", (message) => void seen.push(message))
      const all = [...malformed.map(([, headers]) => headers), ...arbitrary]
      for (const headers of all) yield* raw.publish("room", headers, "{}")
      yield* raw.publish("room", bytes("NATS/1.0\r\nCorrelation-Id:last\r\n\r\n"), "{}")
      yield* eventually("the last message", Effect.sync(() => seen.length), (count) => count === all.length + 1)
      assert.strictEqual(seen.at(-1)?.headers.get("Correlation-Id"), "last")
      assert.isTrue(seen[0]?.unreadableHeaders)
      assert.isTrue(yield* nats.connected)
    }).pipe(Effect.provide(world), Effect.provideService(Metric.MetricRegistry, new Map())))

  for (const [what, headers] of malformed.slice(0, 3)) {
    it.live(`as the answer to a command (${what}) says that somebody listens, and no more`, () =>
      Effect.gen(function*() {
        const nats = yield* Nats
        const raw = yield* RawNats
        const seen: Array<WireMessage> = []
        yield* nats.subscribe("room", (message) => void seen.push(message))
        yield* raw.answer("commands", headers)
        const { heard } = yield* nats.publish({ subject: "commands", headers: new Map(), body: "{}", request: true })
        assert.isTrue(heard)
        assert.lengthOf((yield* nats.request("commands", "{}")).bodies, 1)
        yield* raw.publish("room", bytes("NATS/1.0\r\n\r\n"), "{}")
        yield* eventually("the next message", Effect.sync(() => seen.length), (count) => count === 1)
      }).pipe(Effect.provide(world)))
  }

  it.live("nobody listens where a command goes: known at once", () =>
    Effect.gen(function*() {
      const nats = yield* Nats
      const { heard } = yield* nats.publish({ subject: "nobody", headers: new Map(), body: "{}", request: true })
      assert.isFalse(heard)
      assert.deepStrictEqual(yield* nats.request("nobody", "{}"), { heard: false, bodies: [] })
    }).pipe(Effect.provide(world)))
})
