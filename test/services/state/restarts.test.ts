import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Logger, Metric, Result } from "effect"
import { stringify } from "yaml"
import { type StateName, StateStore } from "../../../src/services/state/StateStore.ts"
import { endOf, settingsOf, Simulation } from "../../support/Simulation.ts"
import { pass, VirtualTime } from "../../support/VirtualTime.ts"

const settings = (sections: Readonly<Record<string, unknown>>) =>
  settingsOf(stringify({
    nats: { servers: ["nats://memory"] },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
    rate_limits: { max_per_user_per_minute: null, global_cooldown_seconds: 0 },
    ...sections
  }))

/** What Ana says, and how each of it ended. */
const says = Effect.fnUntraced(function*(...lines: ReadonlyArray<string>) {
  const { publish, records } = yield* Simulation
  for (const msg of lines) {
    const time = yield* Clock.currentTimeMillis
    yield* publish(
      "lobby",
      "chatMsg",
      { user: { name: "Ana", rank: 1 }, msg, meta: {}, time },
      msg.replaceAll(" ", "-")
    )
    yield* pass(5_000)
  }
  const all = yield* records
  return lines.map((msg) =>
    all.flatMap((record) => record.correlationId === msg.replaceAll(" ", "-") ? [endOf(record)] : []).join()
  )
})

/** The bot's lives, one after the other, with the state that the former left. */
const lives = (sections: Readonly<Record<string, unknown>>) => {
  const values = new Map<StateName, unknown>()
  let answers = 0
  return <A>(life: Effect.Effect<A, never, Simulation | VirtualTime>) =>
    life.pipe(
      Effect.provide(Simulation.layer(
        settings(sections),
        () => ({ afterMs: 0, says: Result.succeed(`The answer that has number ${answers++}`) }),
        StateStore.layerMap(values)
      )),
      Effect.scoped
    )
}

const inVirtualTime = <A>(story: Effect.Effect<A, never, VirtualTime>) =>
  story.pipe(
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )

describe("a bot that is started again", () => {
  it.live("counts on: who had no luck before has his answer after so many draws all the same", () =>
    inVirtualTime(Effect.gen(function*() {
      const live = lives({
        triggers: [{ type: "keyword", keywords: ["zither"], fire_probability: 0.001, max_unlucky_draws: 3 }]
      })
      assert.deepStrictEqual(yield* live(says("zither one", "zither two")), ["probability", "probability"])
      assert.deepStrictEqual(yield* live(says("zither three")), ["probability"])
      assert.deepStrictEqual(yield* live(says("zither four", "zither five")), ["replied", "probability"])
    })))

  // https://github.com/Mantaro/MantaroBot/issues/156, https://github.com/dbm-network/mods/issues/883: every restart gave
  // the cooldowns back
  it.live("cools on: a restart ends no cooldown and fills no limit", () =>
    inVirtualTime(Effect.gen(function*() {
      const live = lives({
        triggers: [{ type: "mention" }],
        rate_limits: { max_per_user_per_minute: null, global_cooldown_seconds: 60 }
      })
      assert.deepStrictEqual(yield* live(says("MovieBot one")), ["replied"])
      for (let start = 0; start < 3; start++) {
        assert.notDeepEqual(yield* live(says(`MovieBot again ${start}`)), ["replied"])
      }
      yield* pass(60_000)
      assert.deepStrictEqual(yield* live(says("MovieBot later")), ["replied"])
    })))
})
