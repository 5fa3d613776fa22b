import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Bus } from "../../support/Bus.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { notifySocket } from "../../support/NotifySocket.ts"
import { configOnDisk, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

describe.concurrent("systemd", () => {
  it.live("is told READY, signs of life, RELOADING with the time, READY again and STOPPING", () =>
    Effect.gen(function*() {
      const socket = yield* notifySocket
      const config = yield* configOnDisk()
      const program = yield* startWith(config, [], { ...socket.env, WATCHDOG_USEC: "400000" })
      yield* socket.heard("READY=1")
      yield* socket.heard("WATCHDOG=1", 3)
      yield* program.signal("SIGHUP")
      yield* socket.heard("READY=1", 2)
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
      const told = (yield* socket.told).filter(({ state }) => state !== "WATCHDOG=1")
      assert.deepStrictEqual(told.map(({ state }) => state.split("\n")[0]), [
        "READY=1",
        "RELOADING=1",
        "READY=1",
        "STOPPING=1"
      ])
      const reloading = told[1]
      const usec = Number(/MONOTONIC_USEC=(\d+)/.exec(reloading?.state ?? "")?.[1])
      // The clock is systemd's own, and the time that of the reload, at most a few seconds before it was heard.
      assert.isAtMost(usec, reloading?.usec ?? 0)
      assert.isAbove(usec, (reloading?.usec ?? 0) - 5_000_000)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("is told nothing by a watchdog that asks another process", () =>
    Effect.gen(function*() {
      const socket = yield* notifySocket
      const env = { ...socket.env, WATCHDOG_USEC: "200000", WATCHDOG_PID: "1" }
      const program = yield* startWith(yield* configOnDisk(), [], env)
      yield* socket.heard("READY=1")
      yield* Effect.sleep("600 millis")
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
      assert.deepStrictEqual((yield* socket.told).map(({ state }) => state), ["READY=1", "STOPPING=1"])
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("no tool to tell it with is a warning, no more", () =>
    Effect.gen(function*() {
      const program = yield* startWith(yield* configOnDisk(), [], {
        NOTIFY_SOCKET: "/no/such/socket",
        PATH: "/nowhere"
      })
      yield* program.logged("systemd notification failed")
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
    }).pipe(Effect.provide(world), Effect.scoped))
})
