import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Result } from "effect"
import { endOf, settingsOf, Simulation } from "../support/Simulation.ts"
import { epoch, passTo, VirtualTime } from "../support/VirtualTime.ts"

const settings = settingsOf(`
nats: { servers: ["nats://memory"] }
channels: [{ name: lobby }]
bot: { username: MovieBot }
llm_api: { base_url: "http://localhost/v1", api_key: none, model: script }
triggers: [{ type: mention }]
`)

/** A trigger that breaks while it is tested, as a bug of ours would. */
const broken = {
  ...settings,
  triggers: settings.triggers.map((entry) => ({
    ...entry,
    get enabled(): boolean {
      throw new Error("broken")
    }
  }))
}

const looking = settingsOf(`
nats: { servers: ["nats://memory"] }
channels: [{ name: lobby }]
bot: { username: MovieBot }
llm_api: { base_url: "http://localhost/v1", api_key: none, model: script }
triggers:
  - type: contextual
    evaluation_interval_seconds: 60
    min_messages_since_last_bot_message: 1
    rate_limit: { max_per_hour: 1 }
`)

const say = (simulation: Simulation["Service"], msg: string, at: number) =>
  simulation.publish(
    "lobby",
    "chatMsg",
    { user: { name: "Ana", rank: 1 }, msg, meta: {}, time: epoch + at },
    msg.replace(" ", "-")
  )

describe("a bug of ours", () => {
  it.live("fails the decision about the event, and the channel goes on", () =>
    Effect.gen(function*() {
      const simulation = yield* Simulation
      yield* passTo(1_000)
      for (const msg of ["MovieBot one", "MovieBot two"]) yield* say(simulation, msg, 1_000)
      yield* passTo(2_000)
      const records = yield* simulation.records
      assert.deepStrictEqual(records.map((record) => [record.correlationId, endOf(record)]), [
        ["MovieBot-one", "failed"],
        ["MovieBot-two", "failed"]
      ])
    }).pipe(
      Effect.provide(Simulation.layer(broken, () => ({ afterMs: 0, says: Result.succeed("an answer of the script") }))),
      Effect.provide([VirtualTime.layer, Logger.layer([])]),
      Effect.scoped
    ))

  it.live("in a look at the room fails that look and gives its place back, and the looks go on", () =>
    Effect.gen(function*() {
      const simulation = yield* Simulation
      yield* passTo(1_000)
      yield* say(simulation, "one", 1_000)
      yield* passTo(62_000)
      yield* say(simulation, "two", 62_000)
      yield* passTo(125_000)
      const looks = (yield* simulation.records).filter(({ eventType }) => eventType === "contextual")
      assert.deepStrictEqual(looks.map(endOf), ["failed", "declined"])
    }).pipe(
      Effect.provide(Simulation.layer(looking, (_, index) => {
        if (index === 0) throw new Error("broken")
        return { afterMs: 0, says: Result.succeed("No.") }
      })),
      Effect.provide([VirtualTime.layer, Logger.layer([])]),
      Effect.scoped
    ))
})
