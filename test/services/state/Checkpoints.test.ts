import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch, Layer, Logger, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { stringify } from "yaml"
import { BotConfig } from "../../../src/services/BotConfig.ts"
import { Checkpoints, type Part } from "../../../src/services/state/Checkpoints.ts"
import { StateName, type StateReach, StateStore, StateUnsaved } from "../../../src/services/state/StateStore.ts"
import { encodeValue, storedShape } from "../../../src/services/state/StoredValue.ts"
import { settingsOf } from "../../support/Simulation.ts"

const shape = storedShape(1, Schema.Struct({ count: Schema.Finite }))
type Counter = typeof shape.schema.Type

/** A part that counts. */
const counter = (text: string) => {
  const name = StateName.make(text)
  let count = 0
  let changed = false
  const part: Part<Counter> = {
    name,
    shape,
    snapshot: () => ({ count }),
    takeChange: () => {
      const before = changed
      changed = false
      return before
    }
  }
  return { name, part, add: () => void (count++, changed = true) }
}

/** A store that can be slow or full. */
const store = (reach: StateReach = "next_process") => {
  const values = new Map<StateName, unknown>()
  const open = Latch.makeUnsafe(true)
  let full = false
  let saves = 0
  const layer = Layer.effect(
    StateStore,
    Effect.map(StateStore, (inner) =>
      StateStore.of({
        ...inner,
        save: (name, value) => {
          saves++
          return Effect.andThen(
            open.await,
            Effect.suspend(() => full ? Effect.fail(new StateUnsaved({ detail: "full" })) : inner.save(name, value))
          )
        }
      }))
  ).pipe(Layer.provide(StateStore.layerMap(values, reach)))
  return {
    values,
    layer,
    open,
    fill: (now: boolean) => void (full = now),
    saves: () => saves,
    countOf: (name: StateName) => JSON.stringify(values.get(name) ?? null)
  }
}

const savingEvery = (save_seconds: number) =>
  BotConfig.layerFixed(settingsOf(stringify({
    nats: { servers: ["nats://memory"] },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "none" },
    state: { save_seconds }
  })))
const withStore = ({ layer }: ReturnType<typeof store>, seconds = 5) =>
  Checkpoints.layerNoDeps.pipe(
    Layer.provide(Layer.merge(layer, savingEvery(seconds))),
    Layer.provideMerge(Logger.layer([]))
  )

describe("saving what changed", () => {
  it.effect("writes a changed part within the interval, and nothing that did not change", () => {
    const kept = store()
    return Effect.gen(function*() {
      const { keep } = yield* Checkpoints
      const [one, two] = [counter("one"), counter("two")]
      yield* keep(one.part)
      yield* keep(two.part)
      one.add()
      yield* TestClock.adjust("5 seconds")
      assert.include(kept.countOf(one.name), `"count":1`)
      assert.isFalse(kept.values.has(two.name))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(kept.saves(), 1)
    }).pipe(Effect.provide(withStore(kept)))
  })

  it.effect("keeps in mind what changed while it was written, whoever asked meanwhile", () => {
    const kept = store()
    return Effect.gen(function*() {
      const { keep, status } = yield* Checkpoints
      const one = counter("one")
      yield* keep(one.part)
      one.add()
      kept.open.closeUnsafe()
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(kept.saves(), 1)
      one.add()
      assert.strictEqual(Option.getOrThrow(yield* status).unsaved, 1)
      kept.open.openUnsafe()
      yield* TestClock.adjust("1 millis")
      assert.include(kept.countOf(one.name), `"count":1`)
      assert.strictEqual(Option.getOrThrow(yield* status).unsaved, 1)
      yield* TestClock.adjust("6 seconds")
      assert.include(kept.countOf(one.name), `"count":2`)
      assert.strictEqual(Option.getOrThrow(yield* status).unsaved, 0)
    }).pipe(Effect.provide(withStore(kept)))
  })

  it.effect("tries again what the store did not take, and says for how long it has waited", () => {
    const kept = store()
    return Effect.gen(function*() {
      const { keep, status } = yield* Checkpoints
      const one = counter("one")
      yield* keep(one.part)
      one.add()
      kept.fill(true)
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("15 seconds")
      const failing = Option.getOrThrow(yield* status)
      assert.deepInclude(failing, { failure: "full", unsaved: 1, unsavedMs: 15_000, lastSavedAt: undefined })
      kept.fill(false)
      yield* TestClock.adjust("5 seconds")
      const well = Option.getOrThrow(yield* status)
      assert.deepInclude(well, { failure: undefined, unsaved: 0, unsavedMs: 0, lastSavedAt: 25_000 })
    }).pipe(Effect.provide(withStore(kept)))
  })

  it.effect("saves at the stop what is not saved yet, and what was being written too", () => {
    const kept = store()
    const [one, two] = [counter("one"), counter("two")]
    return Effect.gen(function*() {
      yield* Effect.gen(function*() {
        const { keep } = yield* Checkpoints
        yield* keep(one.part)
        yield* keep(two.part)
        one.add()
        kept.open.closeUnsafe()
        yield* TestClock.adjust("5 seconds")
        one.add()
        two.add()
        kept.open.openUnsafe()
      }).pipe(Effect.provide(withStore(kept)))
      assert.include(kept.countOf(one.name), `"count":2`)
      assert.include(kept.countOf(two.name), `"count":1`)
    })
  })

  it.effect("gives up at the stop when the store hangs", () => {
    const kept = store()
    return Effect.gen(function*() {
      const stopping = yield* Effect.forkChild(
        Effect.gen(function*() {
          const { keep } = yield* Checkpoints
          const one = counter("one")
          yield* keep(one.part)
          one.add()
          kept.open.closeUnsafe()
        }).pipe(Effect.provide(withStore(kept, 3_600)))
      )
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(stopping)
      assert.strictEqual(kept.values.size, 0)
    })
  })

  it.effect("removes what was forgotten while it was written", () => {
    const kept = store()
    return Effect.gen(function*() {
      const { forget, keep, status } = yield* Checkpoints
      const one = counter("one")
      yield* keep(one.part)
      one.add()
      kept.open.closeUnsafe()
      yield* TestClock.adjust("5 seconds")
      one.add()
      yield* forget(one.name)
      kept.open.openUnsafe()
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(kept.values.size, 0)
      assert.strictEqual(kept.saves(), 1)
      assert.strictEqual(Option.getOrThrow(yield* status).unsaved, 0)
    }).pipe(Effect.provide(withStore(kept)))
  })

  it.effect("saves ten thousand parts in one pass", () => {
    const kept = store()
    return Effect.gen(function*() {
      const { keep, status } = yield* Checkpoints
      const parts = Array.from({ length: 10_000 }, (_, index) => counter(`channel.${index}`))
      for (const { add, part } of parts) {
        yield* keep(part)
        add()
      }
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(kept.values.size, parts.length)
      assert.strictEqual(Option.getOrThrow(yield* status).unsaved, 0)
    }).pipe(Effect.provide(withStore(kept)))
  })
})

describe("a process's own parts", () => {
  const stored = encodeValue(shape, { savedAt: { wall: 0 }, value: { count: 7 } })
  it.effect.each(
    [
      ["next_process", Option.some({ count: 7 }), 8],
      ["nobody", Option.some({ count: 7 }), 7],
      ["replicas", Option.none(), 7]
    ] as const
  )("restored and saved where %s finds the store", ([reach, restored, after]) => {
    const kept = store(reach)
    return Effect.gen(function*() {
      const { keep, status } = yield* Checkpoints
      const one = counter("one")
      kept.values.set(one.name, stored)
      assert.deepStrictEqual(Option.map(yield* keep(one.part), ({ value }) => value), restored)
      for (let count = 0; count < 8; count++) one.add()
      yield* TestClock.adjust("5 seconds")
      assert.include(kept.countOf(one.name), `"count":${after}`)
      assert.strictEqual(Option.isSome(yield* status), reach === "next_process")
    }).pipe(Effect.provide(withStore(kept)))
  })
})
