import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Metric, Result, Scope } from "effect"
import { stringify } from "yaml"
import { faultReasons } from "../../../src/domain/bridge/BridgeFault.ts"
import { BridgeWatch } from "../../../src/services/bridge/BridgeWatch.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { FlakyNats } from "../../support/FlakyNats.ts"
import { LogLines } from "../../support/LogLines.ts"
import { settingsOf, Simulation } from "../../support/Simulation.ts"
import { pass, VirtualTime } from "../../support/VirtualTime.ts"

const settings = settingsOf(stringify({
  nats: { servers: ["nats://memory"], protocol: "kryten" },
  channels: [{ name: "lobby" }],
  bot: { username: "MovieBot" },
  llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
  triggers: [{ type: "mention" }]
}))

const simulated = <A>(
  story: Effect.Effect<A, unknown, BridgeWatch | FlakyNats | LogLines | Nats | VirtualTime>
) =>
  story.pipe(
    Effect.provide(
      Simulation.layer(settings, () => ({ afterMs: 0, says: Result.succeed("Yes.") })).pipe(
        Layer.provideMerge(Layer.merge(VirtualTime.layer, LogLines.layer))
      )
    ),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.scoped
  )

const answer = JSON.stringify({
  success: true,
  data: { cytube: { domain: "cytu.be", channel: "lobby", user: "MovieBot" } }
})

/** A bridge that answers until it is closed. */
const openBridge = Effect.gen(function*() {
  const scope = yield* Scope.make()
  const nats = yield* Nats
  yield* Scope.provide(nats.respond("kryten.robot.command", () => Effect.succeed(answer)), scope)
  return { close: Scope.close(scope, Exit.void) }
})

const faults = Effect.map(
  BridgeWatch.use((watch) => watch.faults),
  (found) => found.map(({ fault }) => faultReasons[fault._tag])
)
const said = Effect.map(
  LogLines.use(({ all }) => all),
  (lines) =>
    lines.filter(({ annotations }) => annotations["logger"] === "BridgeWatch").map(({ level, message }) =>
      `${level} ${message}`
    )
)

/** A bridge is there and watched; then NATS is away for a while, and with it the bridge. */
const untilBothWereAway = Effect.gen(function*() {
  const { close } = yield* openBridge
  yield* BridgeWatch.use(({ begin }) => begin)
  yield* pass(1_000)
  assert.deepStrictEqual([yield* faults, yield* said], [[], []])
  yield* FlakyNats.use(({ begin }) => begin)
  yield* close
  yield* pass(60_000)
  yield* FlakyNats.use(({ end }) => end)
})

describe("a bridge that was away with NATS", () => {
  it.live("is not missed while it may be on its way back", () =>
    simulated(Effect.gen(function*() {
      yield* untilBothWereAway
      yield* pass(3_000)
      assert.deepStrictEqual(yield* faults, [])
      yield* openBridge
      yield* pass(120_000)
      assert.deepStrictEqual([yield* faults, yield* said], [[], []])
    })))

  it.live("is missed when it takes longer, asked for soon again, and told as there once it is", () =>
    simulated(Effect.gen(function*() {
      yield* untilBothWereAway
      yield* pass(4_900)
      assert.deepStrictEqual([yield* faults, yield* said], [[], []])
      yield* pass(200)
      const gone =
        "Error lobby: no bridge listens for lobby on cytu.be: start it, or give it and the bot the same NATS " +
        "(nobody listens on kryten.robot.command)"
      assert.deepStrictEqual([yield* faults, yield* said], [["no_bridge"], [gone]])
      yield* openBridge
      yield* pass(5_000)
      assert.deepStrictEqual([yield* faults, yield* said], [
        [],
        [gone, "Info Over: lobby: the bridge of lobby is there now"]
      ])
    })))

  it.live("is asked for less and less often the longer it stays away", () =>
    simulated(Effect.gen(function*() {
      yield* untilBothWereAway
      // Looks after 5, 10, 20, 40, 70 … s.
      yield* pass(71_000)
      yield* openBridge
      yield* pass(20_000)
      assert.deepStrictEqual(yield* faults, ["no_bridge"])
      yield* pass(10_000)
      assert.deepStrictEqual(yield* faults, [])
    })))
})
