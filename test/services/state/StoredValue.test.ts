import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Option, Schema } from "effect"
import { StateName, StateStore } from "../../../src/services/state/StateStore.ts"
import { encodeValue, loadValue, type StoredShape } from "../../../src/services/state/StoredValue.ts"

const name = StateName.make("mutes.lobby")
interface Mute {
  readonly until: number
}
const shape: StoredShape<Mute> = { version: 2, schema: Schema.Struct({ until: Schema.Finite }) }

const loaded = (stored: unknown) =>
  Effect.gen(function*() {
    const values = new Map([[name, stored]])
    const value = yield* loadValue(name, shape).pipe(Effect.provide(StateStore.layerMap(values)))
    return { value, left: values.size }
  }).pipe(Effect.provide(Logger.layer([])))

describe("a stored value", () => {
  it.effect("comes back with the moment it was saved", () =>
    Effect.gen(function*() {
      const value = { savedAt: { wall: 1_000 }, value: { until: 5 } }
      assert.deepStrictEqual(yield* loaded(encodeValue(shape, value)), { value: Option.some(value), left: 1 })
    }))

  it.effect.each([
    ["another version", { version: 1, savedAt: { wall: 1_000 }, value: { until: 5 } }],
    ["a later version", { version: 3, savedAt: { wall: 1_000 }, value: { until: 5 } }],
    ["other fields", { version: 2, savedAt: { wall: 1_000 }, value: { to: 5 } }],
    ["no envelope", { until: 5 }],
    ["nothing of ours", "text"]
  ])("of %s is put aside", ([, stored]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* loaded(stored), { value: Option.none(), left: 0 })
    }))

  it.effect("is none where nothing survives", () =>
    Effect.gen(function*() {
      const store = yield* StateStore
      yield* store.save(name, { until: 5 })
      assert.deepStrictEqual(yield* store.load(name), Option.none())
      assert.strictEqual(store.reach, "nobody")
    }).pipe(Effect.provide(StateStore.layerNone)))
})

describe("the name of a stored value", () => {
  it.each(["channel.lobby", "users", "control.my_room-2"])("%s is one", (text) => {
    assert.isTrue(Schema.is(StateName)(text))
  })
  it.each(["", ".", "..", "a/b", "../a", "A", "a..b", "a.", ".a", "é", "a b", "a\0", "x".repeat(41)])(
    "%j is none",
    (text) => {
      assert.isFalse(Schema.is(StateName)(text))
    }
  )
})
