import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeLogSampler } from "../../../src/services/telemetry/LogSampling.ts"

/** What a flood of `count` lines of one kind writes: for each written line how many were left out before it. */
const flood = Effect.fnUntraced(function*(sampler: ReturnType<typeof makeLogSampler>, kind: string, count: number) {
  const written: Array<number> = []
  const write = ({ repeats_left_out = 0 }: Readonly<Record<string, number>>) =>
    Effect.sync(() => void written.push(repeats_left_out))
  for (let index = 0; index < count; index++) yield* sampler(kind, write)
  return written
})

describe("repeats in the log", () => {
  it.effect("the first 20 of a minute are written, then every doubling with the count of what was left out", () =>
    Effect.gen(function*() {
      const written = yield* flood(makeLogSampler(), "cooldown", 200)
      assert.deepStrictEqual(written, [...Array.from({ length: 20 }, () => 0), 19, 39, 79])
    }))

  it.effect("100,000 of a kind are some dozens of lines", () =>
    Effect.gen(function*() {
      const written = yield* flood(makeLogSampler(), "cooldown", 100_000)
      assert.isBelow(written.length, 40)
    }))

  it.effect("kinds do not count for each other, and a new minute begins anew with what is owed", () =>
    Effect.gen(function*() {
      const sampler = makeLogSampler()
      yield* flood(sampler, "cooldown", 30)
      assert.lengthOf(yield* flood(sampler, "busy", 20), 20)
      yield* TestClock.adjust("59 seconds")
      assert.lengthOf(yield* flood(sampler, "cooldown", 1), 0)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* flood(sampler, "cooldown", 2), [11, 0])
    }))
})
