import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import {
  answered,
  asked,
  type CircuitBreaker,
  closedBreaker,
  closureOf,
  failed,
  refused,
  released
} from "../../../src/domain/llm/CircuitBreaker.ts"

type Happening = (health: CircuitBreaker, now: number) => CircuitBreaker

const after = (...happenings: ReadonlyArray<readonly [at: number, happens: Happening]>): CircuitBreaker =>
  happenings.reduce((health, [at, happens]) => happens(health, at), closedBreaker)

const times = (count: number, at: number, happens: Happening) =>
  Array.from({ length: count }, () => [at, happens] as const)
const wants = (ms?: number): Happening => (health, now) => refused(health, ms, now)
const begins: Happening = (health) => asked(health)
const leaves: Happening = (health) => released(health)
const s = 1_000

/** ms the endpoint is left alone, and why; 0 = it may be asked. */
const closed = (health: CircuitBreaker, now: number): readonly [number, string] => {
  const closure = closureOf(health, now)
  return closure === undefined ? [0, ""] : [closure.forMs, closure.why]
}

describe("an endpoint is left alone", () => {
  const rows: ReadonlyArray<
    readonly [what: string, health: CircuitBreaker, now: number, closed: readonly [number, string]]
  > = [
    ["never, when nothing is known of it", closedBreaker, 0, [0, ""]],
    ["not after four failures", after(...times(4, 0, failed)), 0, [0, ""]],
    ["for 30 s after five", after(...times(5, 0, failed)), 0, [30 * s, "failures"]],
    ["until just then", after(...times(5, 0, failed)), 30 * s - 1, [1, "failures"]],
    ["and not longer", after(...times(5, 0, failed)), 30 * s, [0, ""]],
    ["not after five that are not in a row", after(...times(4, 0, failed), [0, answered], ...times(4, 0, failed)), 0, [
      0,
      ""
    ]],
    ["counting from the last failure", after(...times(5, 0, failed), [5 * s, failed]), 5 * s, [30 * s, "failures"]],
    ["while the probe is under way", after(...times(5, 0, failed), [40 * s, begins]), 50 * s, [30 * s, "failures"]],
    [
      "no longer when the probe was answered",
      after(...times(5, 0, failed), [40 * s, begins], [41 * s, answered]),
      41 * s,
      [0, ""]
    ],
    [
      "for another 30 s when the probe failed",
      after(...times(5, 0, failed), [40 * s, begins], [41 * s, failed]),
      41 * s,
      [30 * s, "failures"]
    ],
    [
      "not when the probe was given up: another may go",
      after(...times(5, 0, failed), [40 * s, begins], [41 * s, leaves]),
      41 * s,
      [0, ""]
    ],
    ["as long as it says", after([0, wants(90 * s)]), 0, [90 * s, "rate_limit"]],
    ["not at all when it says 0", after([0, wants(0)]), 0, [0, ""]],
    ["for 1 s when it says nothing", after([0, wants()]), 0, [1 * s, "rate_limit"]],
    ["for 2 s the second time", after([0, wants()], [s, wants()]), s, [2 * s, "rate_limit"]],
    ["for 4 s the third time", after([0, wants()], [s, wants()], [3 * s, wants()]), 3 * s, [4 * s, "rate_limit"]],
    ["for 1 s again after an answer", after([0, wants()], [s, wants()], [3 * s, answered], [3 * s, wants()]), 3 * s, [
      1 * s,
      "rate_limit"
    ]],
    ["for 1 s after twenty refusals at once", after(...times(20, 0, wants())), 0, [1 * s, "rate_limit"]],
    ["until the longest wait it named", after([0, wants(60 * s)], [1, wants(5 * s)], [2, wants()]), 2, [
      60 * s - 2,
      "rate_limit"
    ]],
    ["longer when it says so in the meantime", after([0, wants()], [1, wants(60 * s)]), 1, [60 * s, "rate_limit"]],
    ["although a request from before is answered", after([0, wants(60 * s)], [1, answered]), 1, [
      60 * s - 1,
      "rate_limit"
    ]],
    ["although a request from before fails", after([0, wants(60 * s)], [1, failed]), 1, [60 * s - 1, "rate_limit"]],
    [
      "although requests from before fail, and one is answered",
      after([0, wants(60 * s)], ...times(5, 1, failed), [2, answered]),
      2,
      [60 * s - 2, "rate_limit"]
    ],
    ["for the longer of both", after([0, wants(20 * s)], ...times(5, 1, failed)), 1, [30 * s, "failures"]],
    [
      "not for failures before a 429: it answers",
      after(...times(4, 0, failed), [0, wants(0)], ...times(4, 0, failed)),
      0,
      [0, ""]
    ]
  ]
  it.each(rows)("%s", (_, health, now, expected) => {
    expect(closed(health, now)).toEqual(expected)
  })

  it("for 1, 2, 4 … 60 s when it never says how long", () => {
    const waits: Array<number> = []
    let health = closedBreaker
    let now = 0
    for (let count = 0; count < 9; count++) {
      health = refused(asked(health), undefined, now)
      const [ms] = closed(health, now)
      waits.push(ms / s)
      now += ms
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  it("one request probes, and only when there were too many failures", () => {
    expect(asked(closedBreaker).probing).toBe(false)
    expect(asked(after(...times(4, 0, failed))).probing).toBe(false)
    expect(asked(after(...times(5, 0, failed))).probing).toBe(true)
  })

  const happenings = Arbitrary.array(
    Arbitrary.schema(Schema.Struct({
      what: Schema.Literals(["answered", "failed", "refused", "told"]),
      laterMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 }))
    })),
    { maxLength: 40 }
  )
  it.prop("is asked only when it may be, whatever happens, and always again in the end", [happenings], ([all]) => {
    let health = closedBreaker
    let now = 0
    let waitUntil = 0
    for (const { laterMs, what } of all) {
      now += laterMs
      if (now < waitUntil) expect(closureOf(health, now)).toBeDefined()
      if (closureOf(health, now) === undefined) health = asked(health)
      if (what === "answered") health = answered(health, now)
      else if (what === "failed") health = failed(health, now)
      else if (what === "refused") health = refused(health, undefined, now)
      else {
        health = refused(health, 15_000, now)
        waitUntil = now + 15_000
      }
    }
    expect(closureOf(released(health), now + 60_000)).toBeUndefined()
  }, { arbitrary: { runs: 300 } })
})
