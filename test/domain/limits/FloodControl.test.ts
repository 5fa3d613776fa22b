import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { FloodControl } from "../../../src/domain/ChatEvent.ts"
import {
  countLine,
  departure,
  freshPace,
  type Pace,
  paceDelay,
  paceIn,
  paceRefused
} from "../../../src/domain/limits/FloodControl.ts"

/** A room without flood control: the bot's own pace. */
const calm = paceIn(freshPace, undefined)
/** What CyTube suggests, and a room that wants it slower. */
const usual = paceIn(freshPace, { burst: 4, sustained: 1, cooldown: 4 })
const strict = paceIn(freshPace, { burst: 1, sustained: 0.2, cooldown: 5 })

/** Sends a line at each of the given moments. */
const after = (pace: Pace, ...moments: ReadonlyArray<number>): Pace => moments.reduce(countLine, pace)

const table: ReadonlyArray<readonly [what: string, pace: Pace, now: number, delay: number]> = [
  ["nothing was sent", freshPace, 0, 0],
  ["two left just now", after(freshPace, 0, 0), 0, 0],
  ["three left just now, into a room that told nothing", after(freshPace, 0, 0, 0), 0, 1_250],
  ["three left just now, into a room without flood control", after(calm, 0, 0, 0), 0, 1_000],
  ["three left just now, into a room with the usual figures", after(usual, 0, 0, 0), 0, 1_250],
  ["one left just now, into a strict room", after(strict, 0), 0, 5_250],
  ["and five seconds later", after(strict, 0), 5_000, 250],
  ["three left a second ago", after(calm, 0, 0, 0), 1_000, 0],
  ["a fourth left late", after(calm, 0, 0, 0, 1_750), 1_750, 1_000],
  ["three left, spread over four seconds: no new burst", after(freshPace, 0, 2_000, 4_000), 4_000, 1_250],
  ["silence gives a new burst", after(freshPace, 0, 0, 0, 4_250, 4_250), 4_250, 0],
  ["a silence a little too short does not", after(freshPace, 0, 0, 0, 4_249), 4_249, 1_250],
  ["a room tells of itself after three lines", paceIn(after(freshPace, 0, 0, 0), undefined), 0, 1_000],
  ["a room wants more than a burst of one", paceIn(freshPace, { burst: 0.5, sustained: 1, cooldown: 4 }), 0, 0],
  ["refused, by the figures the room told", paceRefused(after(usual, 0), 1_000, 100), 100, 1_250],
  ["refused, by a room that told nothing", paceRefused(after(freshPace, 0), 5_000, 100), 100, 5_250],
  ["and the next line after that", countLine(paceRefused(after(freshPace, 0), 5_000, 100), 6_000), 6_000, 5_250]
]

/** When lines leave that are ready after the given gaps, each as soon as it may. */
const leaving = (fresh: Pace, gaps: ReadonlyArray<number>): ReadonlyArray<number> => {
  const times: Array<number> = []
  let pace = fresh
  let ready = 0
  for (const gap of gaps) {
    ready += gap
    const free = Math.max(ready, times.at(-1) ?? 0)
    const at = free + paceDelay(pace, free)
    times.push(at)
    pace = countLine(pace, at)
  }
  return times
}

/** CyTube's own count: whether it refuses a line that comes at each moment. */
const refusals = ({ burst, cooldown, sustained }: FloodControl, times: ReadonlyArray<number>): number => {
  let count = 0
  let last = Number.NEGATIVE_INFINITY
  let refused = 0
  for (const at of times) {
    const rested = last < at - cooldown * 1_000
    const free = !rested && count < burst
    if (!rested && !free && at - last < 1_000 / sustained) {
      refused++
      continue
    }
    count = rested ? 1 : free ? count + 1 : count
    last = at
  }
  return refused
}

const Gap = Schema.Union([
  Schema.Literals([0, 0, 0, 1, 333.3, 999, 1_000, 1_001, 2_500, 3_999, 4_001, 10_000]),
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 6_000 }))
])
const Figures = Schema.Struct({
  burst: Schema.Literals([1, 2, 3, 4, 10]),
  sustained: Schema.Literals([0.1, 0.2, 0.3, 0.5, 1, 2, 10]),
  cooldown: Schema.Literals([0, 1, 2, 4, 10, 60])
})
/** How long lines travel, ms: one may overtake the clock by less than the margin. */
const Travel = Schema.Array(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 240 })))
  .check(Schema.isMinLength(1))

describe("the pace of a channel", () => {
  it.each(table)("%s", (_, pace, now, delay) => assert.strictEqual(paceDelay(pace, now), delay))

  it.prop(
    "is clear of the flood control that the room told, however long lines travel",
    [Figures, Schema.Array(Gap), Travel],
    ([figures, gaps, travel]) => {
      const times = leaving(paceIn(freshPace, figures), gaps)
      let last = 0
      const arrivals = times.map((at, index) => {
        // They travel on one connection: none overtakes another.
        last = Math.max(last, at + (travel[index % travel.length] ?? 0))
        return last
      })
      assert.strictEqual(refusals(figures, arrivals), 0)
    }
  )

  it.prop("is clear of what CyTube suggests where the room told nothing", [Schema.Array(Gap)], ([gaps]) => {
    assert.strictEqual(refusals({ burst: 4, sustained: 1, cooldown: 4 }, leaving(freshPace, gaps)), 0)
  })

  it.prop("never more than 3 + the seconds that passed, in any window", [Schema.Array(Gap)], ([gaps]) => {
    const times = leaving(calm, gaps)
    for (const [first, from] of times.entries()) {
      for (const [last, until] of times.entries()) {
        if (last < first) continue
        assert.isAtMost(last - first + 1, 3 + Math.max(0, until - from) / 1_000 + 3)
      }
    }
  })

  it.prop("no line waits longer than the pace wants", [Schema.Array(Gap)], ([gaps]) => {
    const times = leaving(calm, gaps)
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
    readonly [what: string, pace: Pace, ahead: number, deadline: number, waitMs: number, inTime: boolean]
  > = [
    ["a line alone", calm, 0, 1, 0, true],
    ["a third line", calm, 2, 1, 0, true],
    ["a fourth waits a second", calm, 3, 2_000, 1_000, true],
    ["and needs one to spare", calm, 3, 1_999, 1_000, false],
    ["a fourth where the room told nothing", freshPace, 3, 2_500, 1_250, true],
    ["behind three that left", after(calm, 0, 0, 0), 0, 10_000, 1_000, true],
    ["behind three that left and nine to leave", after(calm, 0, 0, 0), 8, 10_000, 9_000, true],
    ["and one more", after(calm, 0, 0, 0), 9, 10_000, 10_000, false],
    ["in a strict room", after(strict, 0), 1, 60_000, 10_500, true],
    ["without a deadline everything", after(calm, 0, 0, 0), 10_000, Infinity, 10_001_000, true]
  ]
  it.each(rows)("%s", (_, pace, ahead, deadline, waitMs, inTime) => {
    assert.deepStrictEqual(departure(pace, ahead, deadline, 0), { waitMs, inTime })
  })
})
