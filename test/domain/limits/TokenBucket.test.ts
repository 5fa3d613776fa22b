import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  departure,
  fullBucket,
  takeToken,
  type TokenBucket,
  tokenDelay
} from "../../../src/domain/limits/TokenBucket.ts"

/** Sends a line at each of the given moments. */
const after = (...moments: ReadonlyArray<number>): TokenBucket => moments.reduce(takeToken, fullBucket)

const table: ReadonlyArray<readonly [what: string, pacing: TokenBucket, now: number, delay: number]> = [
  ["nothing was sent", fullBucket, 0, 0],
  ["one left just now", after(0), 0, 0],
  ["two left just now", after(0, 0), 0, 0],
  ["three left just now", after(0, 0, 0), 0, 1_000],
  ["three left half a second ago", after(0, 0, 0), 500, 500],
  ["three left a moment less than a second ago", after(0, 0, 0), 999.5, 0.5],
  ["three left a second ago", after(0, 0, 0), 1_000, 0],
  ["a fourth left when it could", after(0, 0, 0, 1_000), 1_000, 1_000],
  ["a fourth left late", after(0, 0, 0, 1_750), 1_750, 250],
  ["three left, spread over two seconds", after(0, 1_000, 2_000), 2_000, 0],
  ["three left three seconds ago", after(0, 0, 0), 3_000, 0],
  ["silence makes no more than three", after(0, 0, 0, 60_000, 60_000, 60_000), 60_000, 1_000],
  ["the clock stands still for a while", after(5_000, 5_000, 5_000), 5_000, 1_000]
]

/** When lines leave that are ready after the given gaps, each as soon as it may. */
const leaving = (gaps: ReadonlyArray<number>): ReadonlyArray<number> => {
  const times: Array<number> = []
  let pacing = fullBucket
  let ready = 0
  for (const gap of gaps) {
    ready += gap
    const free = Math.max(ready, times.at(-1) ?? 0)
    const at = free + tokenDelay(pacing, free)
    times.push(at)
    pacing = takeToken(pacing, at)
  }
  return times
}

const Gap = Schema.Union([
  Schema.Literals([0, 0, 0, 1, 333.3, 999, 1_000, 1_001, 2_500, 10_000]),
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 4_000 }))
])

describe("the pace of a channel", () => {
  it.each(table)("%s", (_, pacing, now, delay) => assert.strictEqual(tokenDelay(pacing, now), delay))

  it.prop("never more than 3 + the seconds that passed, in any window", [Schema.Array(Gap)], ([gaps]) => {
    const times = leaving(gaps)
    for (const [first, from] of times.entries()) {
      for (const [last, until] of times.entries()) {
        if (last < first) continue
        // A thousandth of a line for the arithmetic of fractions.
        assert.isAtMost(last - first + 1, 3 + (until - from) / 1_000 + 0.001)
      }
    }
  })

  it.prop("never more than 3 at one moment", [Schema.Array(Gap)], ([gaps]) => {
    const times = leaving(gaps)
    for (const at of times) assert.isAtMost(times.filter((other) => other === at).length, 3)
  })

  it.prop("no line waits longer than the pace wants", [Schema.Array(Gap)], ([gaps]) => {
    const times = leaving(gaps)
    let ready = 0
    for (const [index, gap] of gaps.entries()) {
      ready += gap
      const at = times[index] ?? 0
      // It left when it was ready, or at most a second after the line before it.
      const before = times[index - 1] ?? Number.NEGATIVE_INFINITY
      assert.isAtMost(at, Math.max(ready, before + 1_000) + 1e-6, `line ${index}, ready at ${ready}`)
    }
  })
})

describe("what the pace can carry", () => {
  const rows: ReadonlyArray<
    readonly [what: string, pace: TokenBucket, ahead: number, deadline: number, waitMs: number, inTime: boolean]
  > = [
    ["a line alone", fullBucket, 0, 1, 0, true],
    ["a third line", fullBucket, 2, 1, 0, true],
    ["a fourth waits a second", fullBucket, 3, 2_000, 1_000, true],
    ["and needs one to spare", fullBucket, 3, 1_999, 1_000, false],
    ["behind three that left", after(0, 0, 0), 0, 10_000, 1_000, true],
    ["behind three that left and nine to leave", after(0, 0, 0), 8, 10_000, 9_000, true],
    ["and one more", after(0, 0, 0), 9, 10_000, 10_000, false],
    ["without a deadline everything", after(0, 0, 0), 10_000, Infinity, 10_001_000, true]
  ]
  it.each(rows)("%s", (_, pace, ahead, deadline, waitMs, inTime) => {
    assert.deepStrictEqual(departure(pace, ahead, deadline, 0), { waitMs, inTime })
  })
})
