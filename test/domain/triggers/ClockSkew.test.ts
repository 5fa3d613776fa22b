import { assert, describe, it } from "@effect/vitest"
import type { SkipReason } from "../../../src/domain/decision/Decision.ts"
import { nextStaleRow, noStaleRow, suspectedSkew } from "../../../src/domain/triggers/ClockSkew.ts"

type Event = readonly [reason: SkipReason | undefined, ageMs: number]
const times = (count: number, event: (index: number) => Event): ReadonlyArray<Event> =>
  Array.from({ length: count }, (_, index) => event(index))

const skewOf = (events: ReadonlyArray<Event>) =>
  suspectedSkew(events.reduce((row, [reason, age]) => nextStaleRow(row, reason, age), noStaleRow))

const minutes = 60_000

describe("a wrong clock", () => {
  const rows: ReadonlyArray<readonly [string, ReadonlyArray<Event>, number | undefined]> = [
    [
      "lines from before the start, all as late",
      times(10, (index) => ["before_start", 10 * minutes + index * 40]),
      10 * minutes
    ],
    ["nine of them", times(9, () => ["before_start", 10 * minutes]), undefined],
    ["the history of a room", times(15, (index) => ["before_start", 10 * minutes - index * 5_000]), undefined],
    ["two histories", times(30, (index) => ["before_start", (index % 15) * 5_000]), undefined],
    ["stale lines of any age", times(10, (index) => ["stale", minutes + index * 3_000]), minutes],
    [
      "lines from before the start, then stale ones",
      times(10, (index) => [index < 5 ? "before_start" : "stale", 10 * minutes]),
      10 * minutes
    ],
    [
      "a line that is answered among them",
      times(12, (index) => [index === 5 ? undefined : "before_start", minutes]),
      undefined
    ],
    ["a young line for another bot", times(12, (index) => [index === 5 ? "other_bot" : "stale", minutes]), undefined],
    [
      "duplicates and lines of the server",
      times(20, (index) => [index % 2 === 0 ? "duplicate" : "stale", minutes]),
      minutes
    ],
    ["a clock that was put right", [...times(20, (): Event => ["before_start", minutes]), [undefined, 0]], undefined]
  ]
  for (const [what, events, skew] of rows) {
    it(`${what}: ${skew === undefined ? "no sign" : "suspected"}`, () => assert.strictEqual(skewOf(events), skew))
  }
})
