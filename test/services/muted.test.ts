import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Logger, Metric, Result } from "effect"
import { stringify } from "yaml"
import { Health } from "../../src/services/Health.ts"
import { FlakyNats } from "../support/FlakyNats.ts"
import { endOf, settingsOf, Simulation } from "../support/Simulation.ts"
import { pass, VirtualTime } from "../support/VirtualTime.ts"

const settings = settingsOf(stringify({
  nats: { servers: ["nats://memory"] },
  channels: [{ name: "lobby" }],
  bot: { username: "MovieBot" },
  llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
  triggers: [{ type: "mention" }, { type: "pm" }],
  rate_limits: { max_per_user_per_minute: null, global_cooldown_seconds: 0 }
}))

const event = (name: string, payload: unknown, id?: string) =>
  Simulation.use(({ publish }) => publish("lobby", name, payload, id))

/** How a mention, or a private message, ends now. */
const asks = Effect.fnUntraced(function*(id: string, isPrivate = false) {
  const time = yield* Clock.currentTimeMillis
  yield* isPrivate
    ? event("pm", { from: { name: "Ana", rank: 1 }, to: { name: "MovieBot" }, msg: `this is ${id}`, time }, id)
    : event("chatMsg", { user: { name: "Ana", rank: 1 }, msg: `MovieBot, this is ${id}`, meta: {}, time }, id)
  yield* pass(15_000)
  const records = yield* Simulation.use(({ records }) => records)
  return records.flatMap((record) => record.correlationId === id ? [endOf(record)] : [])
})

const simulated = <A>(story: Effect.Effect<A, never, Simulation | FlakyNats | Health | VirtualTime>) =>
  story.pipe(
    Effect.provide(Simulation.layer(settings, (_, index) => ({
      afterMs: 0,
      says: Result.succeed(`The answer that has number ${index}`)
    }))),
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.scoped
  )

const meta = (name: string, muted: boolean) => event("setUserMeta", { name, meta: { afk: false, muted } })
const asked = Effect.map(Simulation.use(({ requests }) => requests), ({ length }) => length)
const state = Effect.map(Health.use(({ report }) => report), ({ channels }) => channels["lobby"])

describe("a bot that a moderator muted", () => {
  it.live("asks no model until that is lifted, is seen in health, and answers in private", () =>
    simulated(Effect.gen(function*() {
      yield* meta("moviebot", true)
      assert.deepStrictEqual(yield* asks("a"), ["muted"])
      assert.strictEqual(yield* asked, 0)
      assert.strictEqual(yield* state, "muted")
      assert.deepStrictEqual(yield* asks("b", true), ["replied"])
      yield* meta("MovieBot", false)
      assert.strictEqual(yield* state, "active")
      assert.deepStrictEqual(yield* asks("c"), ["replied"])
    })))

  const known: ReadonlyArray<readonly [what: string, name: string, payload: unknown, end: string]> = [
    ["a refusal", "noflood", { action: "chat", msg: "You have been muted on this channel." }, "muted"],
    ["a refusal of another kind", "noflood", { action: "chat", msg: "slow down" }, "replied"],
    ["his own entry on a join", "addUser", { name: "MovieBot", rank: 1, meta: { muted: true } }, "muted"],
    ["the list", "userlist", [{ name: "MovieBot", rank: 1, meta: { muted: true } }], "muted"],
    ["somebody else is", "setUserMeta", { name: "Bob", meta: { muted: true } }, "replied"]
  ]
  it.live.each(known)("knows it: %s", ([, name, payload, end]) =>
    simulated(Effect.gen(function*() {
      yield* event(name, payload)
      assert.deepStrictEqual(yield* asks("a"), [end])
    })))

  it.live("tries again after a loss of NATS, as it may have missed that it was lifted", () =>
    simulated(Effect.gen(function*() {
      yield* meta("MovieBot", true)
      yield* FlakyNats.use(({ begin, end }) => Effect.andThen(begin, end))
      yield* pass(1)
      assert.deepStrictEqual(yield* asks("a"), ["replied"])
    })))
})
