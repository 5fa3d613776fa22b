import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Logger, Metric, Result } from "effect"
import { stringify } from "yaml"
import { endOf, settingsOf, Simulation } from "../../support/Simulation.ts"
import { passTo, VirtualTime } from "../../support/VirtualTime.ts"
import { unlimited } from "../../support/unlimited.ts"

/** A room without limits of its own, so that only its flood control is left. */
const settings = (deadline: number) =>
  settingsOf(stringify({
    nats: { servers: ["nats://memory"] },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: {
      base_url: "http://localhost/v1",
      api_key: "none",
      model: "script",
      max_concurrent_per_channel: 1_000
    },
    triggers: [{ type: "mention" }],
    rate_limits: {
      ...unlimited,
      media_change_cooldown_seconds: 0
    },
    response_processing: { reply_deadline_seconds: deadline, quality_checks_enabled: false }
  }))

/** A hundred mentions, one each so many ms: how each ended, and how often the model was asked. */
const storm = (everyMs: number, modelMs: number, deadline: number) =>
  Effect.gen(function*() {
    const { publish, records, requests } = yield* Simulation
    for (let index = 0; index < 100; index++) {
      yield* passTo(index * everyMs)
      yield* publish("lobby", "chatMsg", {
        user: { name: `Ana${index}`, rank: 1 },
        msg: `MovieBot, this is ${index}`,
        meta: {},
        time: yield* Clock.currentTimeMillis
      }, `line-${index}`)
    }
    yield* passTo(100 * everyMs + 120_000)
    const ends = (yield* records).map(endOf)
    const count = (end: string) => ends.filter((one) => one === end).length
    return { asked: (yield* requests).length, replied: count("replied"), late: count("deadline"), pace: count("pace") }
  }).pipe(
    Effect.provide(Simulation.layer(settings(deadline), (_, index) => ({
      afterMs: modelMs,
      says: Result.succeed(`The answer that has number ${index}`)
    }))),
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.scoped
  )

describe("mentions faster than the room's flood control", () => {
  const rows: ReadonlyArray<readonly [what: string, everyMs: number, modelMs: number, deadline: number]> = [
    ["all at once", 0, 1_000, 10],
    ["five a second", 200, 1_000, 10],
    ["five a second and a slow model", 200, 4_000, 10],
    ["two a second and the default deadline", 500, 1_000, 60]
  ]
  it.live.each(rows)(
    "%s: the model is asked for what can leave in time",
    ([, everyMs, modelMs, deadline]) =>
      Effect.gen(function*() {
        const { asked, late, pace, replied } = yield* storm(everyMs, modelMs, deadline)
        assert.strictEqual(replied + late + pace, 100)
        assert.strictEqual(asked, replied + late)
        assert.isAtMost(late, 3, JSON.stringify({ asked, replied, late, pace }))
        // What the pace carries is not refused either.
        const seconds = 99 * everyMs / 1_000 + Math.min(deadline, 100)
        assert.isAtLeast(replied, Math.min(100, seconds * 0.7), JSON.stringify({ asked, replied, late, pace }))
      })
  )
})
