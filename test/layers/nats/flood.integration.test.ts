import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Metric } from "effect"
import { askedLine, LlmDouble } from "../../support/LlmDouble.ts"
import { total } from "../../../src/services/telemetry/Metrics.ts"
import { Bus } from "../../support/Bus.ts"
import { eventually } from "../../support/eventually.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { everythingOff, runningBot } from "../../support/RunningBot.ts"

const world = runningBot("cytube", everythingOff).pipe(
  Layer.provideMerge(Layer.mergeAll(Bus.layer, LlmDouble.layer)),
  Layer.provideMerge(NatsServer.layer),
  Layer.provideMerge(Logger.layer([]))
)

/** Lines of a room, all at once; every `mentionEvery`th calls the bot. */
const flood = Effect.fnUntraced(function*(lines: number, mentionEvery: number) {
  const { send } = yield* Bus
  const time = Date.now()
  for (let index = 0; index < lines; index++) {
    const msg = index % mentionEvery === 0 ? `KrytenBot, are you there ${index}` : `line ${index} of a flood`
    const body = JSON.stringify({ username: `Fan${index % 300}`, msg, meta: {}, time: time + (index % 1_000) })
    yield* send("cytube.events.testchan.chatMsg", body, {})
  }
  return Array.from({ length: Math.ceil(lines / mentionEvery) }, (_, index) => index * mentionEvery)
})

/** Which mentions the model was asked about. */
const asked = Effect.map(
  LlmDouble.use(({ calls }) => calls),
  (calls) => calls.flatMap((call) => /are you there (\d+)/.exec(askedLine(call))?.[1] ?? []).map(Number)
)

describe("a flood in a room", () => {
  it.live("of 20,000 lines at once: each of the 20 mentions in it gets its decision, and nothing is dropped", () =>
    Effect.gen(function*() {
      const mentions = yield* flood(20_000, 1_000)
      yield* eventually("every mention", asked, (those) => those.length === mentions.length)
      assert.deepStrictEqual((yield* asked).toSorted((one, other) => one - other), mentions)
      yield* eventually("every line", total("eventsReceived"), (count) => count === 20_000)
      assert.strictEqual(yield* total("eventsDropped"), 0)
    }).pipe(Effect.provide(world), Effect.provideService(Metric.MetricRegistry, new Map())))

  it.live("while the process stands still for 2 s loses nothing", () =>
    Effect.gen(function*() {
      const mentions = yield* flood(1_000, 100)
      // The lines are with the server, and the process does nothing else meanwhile.
      yield* Bus.use(({ commands }) => commands)
      yield* Effect.sync(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000))
      yield* eventually("every mention", asked, (those) => those.length === mentions.length)
      yield* eventually("every line", total("eventsReceived"), (count) => count === 1_000)
      assert.strictEqual(yield* total("eventsDropped"), 0)
    }).pipe(Effect.provide(world), Effect.provideService(Metric.MetricRegistry, new Map())))
})
