import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { type LogSampler, makeLogSampler } from "../../../src/services/telemetry/LogSampling.ts"

/** What a flood of `count` lines of one kind writes: for each written line how many were left out before it. */
const flood = (sampler: LogSampler, kind: string, count: number): ReadonlyArray<number> => {
  const written: Array<number> = []
  for (let index = 0; index < count; index++) {
    sampler(kind, ({ repeats_left_out = 0 }) => void written.push(repeats_left_out))
  }
  return written
}

describe("repeats in the log", () => {
  it.effect("the first 20 of a minute are written, then every doubling with the count of what was left out", () =>
    Effect.gen(function*() {
      const written = flood(yield* makeLogSampler, "cooldown", 200)
      assert.deepStrictEqual(written, [...Array.from({ length: 20 }, () => 0), 19, 39, 79])
    }))

  it.effect("100,000 of a kind are some dozens of lines", () =>
    Effect.gen(function*() {
      const written = flood(yield* makeLogSampler, "cooldown", 100_000)
      assert.isBelow(written.length, 40)
    }))

  it.effect("kinds do not count for each other, and a new minute begins anew with what is owed", () =>
    Effect.gen(function*() {
      const sampler = yield* makeLogSampler
      flood(sampler, "cooldown", 30)
      assert.lengthOf(flood(sampler, "busy", 20), 20)
      yield* TestClock.adjust("59 seconds")
      assert.lengthOf(flood(sampler, "cooldown", 1), 0)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(flood(sampler, "cooldown", 2), [11, 0])
    }))
})
