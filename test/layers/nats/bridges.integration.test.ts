import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { Bridge, type BridgeOptions } from "../../support/Bridge.ts"
import { eventually } from "../../support/eventually.ts"
import { answerTo, LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { decisions, everythingOff, runningBot } from "../../support/RunningBot.ts"

const world = (bridge: BridgeOptions, protocol: string = bridge.protocol) =>
  runningBot(protocol, everythingOff).pipe(
    Layer.provideMerge(Bridge.layer(bridge)),
    Layer.provideMerge(Layer.mergeAll(NatsServer.layer, LlmDouble.layer, Logger.layer([])))
  )

describe("the bot behind a bridge", () => {
  for (const protocol of Protocol.literals) {
    it.live(`${protocol}: a mention and a private message are answered, seen in the room and known as own lines`, () =>
      Effect.gen(function*() {
        const bridge = yield* Bridge
        yield* bridge.chat("Ana", "KrytenBot, which film is that?")
        yield* bridge.saidAtLeast(1)
        yield* bridge.pm("Bob", "and which actor?")
        assert.deepStrictEqual(yield* bridge.saidAtLeast(2), [
          { to: undefined, text: answerTo("KrytenBot, which film is that?") },
          { to: "Bob", text: answerTo("and which actor?") }
        ])
        // An echo amends its decision a moment after it is one itself.
        const deliveries = Effect.map(
          decisions(4),
          (records) => records.flatMap(({ delivery }) => delivery === undefined ? [] : [delivery._tag])
        )
        const delivered = yield* eventually("both are delivered", deliveries, ({ length }) => length === 2)
        assert.deepStrictEqual(delivered, ["Delivered", "Delivered"])
      }).pipe(Effect.provide(world({ protocol })), Effect.scoped))

    it.live(`${protocol}: it hears again some time after NATS is back, and the room goes on`, () =>
      Effect.gen(function*() {
        const bridge = yield* Bridge
        const server = yield* NatsServer
        const nats = yield* Nats
        yield* server.kill
        yield* eventually("the loss is noticed", nats.connected, (up) => !up)
        yield* bridge.deaf
        yield* bridge.chat("Ana", "KrytenBot, said while NATS was away")
        yield* server.restart
        yield* bridge.hears
        assert.strictEqual(
          (yield* bridge.saidAtLeast(1))[0]?.text,
          answerTo("KrytenBot, said while NATS was away")
        )
      }).pipe(Effect.provide(world({ protocol })), Effect.scoped))
  }

  it.live("a bridge that comes again brings the last 15 lines, which are not answered again", () =>
    Effect.gen(function*() {
      const bridge = yield* Bridge
      for (let line = 0; line < 20; line++) yield* bridge.chat("Ana", `line ${line}`)
      yield* bridge.chat("Ana", "KrytenBot, are you there?")
      yield* bridge.saidAtLeast(1)
      yield* bridge.leave("says so")
      yield* bridge.come
      const records = yield* decisions(37)
      assert.lengthOf(records.filter(({ outcome }) => outcome?._tag === "Replied"), 1)
      assert.lengthOf(yield* bridge.said, 1)
    }).pipe(Effect.provide(world({ protocol: "kryten" })), Effect.scoped))
})

describe("protocol: auto", () => {
  for (const protocol of Protocol.literals) {
    it.live(`${protocol}: is found from what arrives, and the answer is heard`, () =>
      Effect.gen(function*() {
        const bridge = yield* Bridge
        yield* bridge.chat("Ana", "KrytenBot, which film is that?")
        yield* bridge.saidAtLeast(1)
        const [record] = yield* decisions(2)
        assert.strictEqual(record?.outcome?._tag, "Replied")
      }).pipe(Effect.provide(world({ protocol }, "auto")), Effect.scoped))
  }

  it.live("another spelling of the domain is no obstacle: commands bear the bridge's", () =>
    Effect.gen(function*() {
      const bridge = yield* Bridge
      yield* bridge.chat("Ana", "KrytenBot, which film is that?")
      yield* bridge.saidAtLeast(1)
    }).pipe(Effect.provide(world({ protocol: "kryten", domain: "CyTube.Test" }, "auto")), Effect.scoped))
})
