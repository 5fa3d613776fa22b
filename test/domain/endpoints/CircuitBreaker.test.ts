import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import {
  type CircuitBreaker,
  closureOf,
  freshBreaker,
  isTrial,
  onAnswer,
  onEmptyAccount,
  onFailure,
  onRefusal,
  onRelease,
  onRequest
} from "../../../src/domain/endpoints/CircuitBreaker.ts"

type Happening = (breaker: CircuitBreaker, now: number) => CircuitBreaker

const after = (...happenings: ReadonlyArray<readonly [at: number, happens: Happening]>): CircuitBreaker =>
  happenings.reduce((breaker, [at, happens]) => happens(breaker, at), freshBreaker)

const times = (count: number, at: number, happens: Happening) =>
  Array.from({ length: count }, () => [at, happens] as const)
const wants = (ms?: number): Happening => (breaker, now) => onRefusal(breaker, ms, now)
/** One request after the other fails. */
const fails: Happening = (breaker, now) => onFailure(breaker, now, now)
/** A request that began earlier fails now. */
const failsSince = (beganAt: number): Happening => (breaker, now) => onFailure(breaker, beganAt, now)
const s = 1_000

/** ms the endpoint is left alone, and why; 0 = it may be asked. */
const closed = (breaker: CircuitBreaker, now: number): readonly [number, string] => {
  const closure = closureOf(breaker, now)
  return closure === undefined ? [0, ""] : [closure.forMs, closure.why]
}

describe("an endpoint is left alone", () => {
  const rows: ReadonlyArray<
    readonly [what: string, health: CircuitBreaker, now: number, closed: readonly [number, string]]
  > = [
    ["never, when nothing is known of it", freshBreaker, 0, [0, ""]],
    ["not after four failures", after(...times(4, 0, fails)), 0, [0, ""]],
    ["for 1 s after five", after(...times(5, 0, fails)), 0, [1 * s, "failures"]],
    ["until just then", after(...times(5, 0, fails)), 1 * s - 1, [1, "failures"]],
    ["and not longer", after(...times(5, 0, fails)), 1 * s, [0, ""]],
    ["not after five that are not in a row", after(...times(4, 0, fails), [0, onAnswer], ...times(4, 0, fails)), 0, [
      0,
      ""
    ]],
    ["not after twenty that were under way together", after(...times(20, 10 * s, failsSince(5 * s))), 10 * s, [0, ""]],
    [
      "not after two resets of twenty connections each",
      after(...times(20, 10 * s, failsSince(5 * s)), ...times(20, 12 * s, failsSince(11 * s))),
      12 * s,
      [0, ""]
    ],
    [
      "after five timeouts that came one after the other, though the requests overlapped",
      after(...[30, 32, 34, 36, 38].map((at) => [at * s, failsSince((at - 30) * s)] as const)),
      38 * s,
      [1 * s, "failures"]
    ],
    [
      "not for what hung before the last answer",
      after([21 * s, onAnswer], ...[30, 32, 34, 36, 38].map((at) => [at * s, failsSince((at - 30) * s)] as const)),
      38 * s,
      [0, ""]
    ],
    [
      "no longer for what hung before it was left alone",
      after(...times(5, 0, fails), [20 * s, failsSince(-1 * s)], [25 * s, failsSince(-1 * s)]),
      25 * s,
      [0, ""]
    ],
    ["while a trial is under way", after(...times(5, 0, fails), [40 * s, onRequest]), 40 * s, [1 * s, "failures"]],
    ["but not longer than the pause, if it hangs", after(...times(5, 0, fails), [40 * s, onRequest]), 41 * s, [0, ""]],
    [
      "no longer when the trial was answered",
      after(...times(5, 0, fails), [40 * s, onRequest], [40 * s + 1, onAnswer]),
      40 * s + 1,
      [0, ""]
    ],
    [
      "for 2 s when the trial failed",
      after(...times(5, 0, fails), [40 * s, onRequest], [41 * s, failsSince(40 * s)]),
      41 * s,
      [2 * s, "failures"]
    ],
    [
      "not when the trial was given up: another may go",
      after(...times(5, 0, fails), [40 * s, onRequest], [40 * s + 1, onRelease]),
      40 * s + 1,
      [0, ""]
    ],
    ["for minutes when its account is empty", after([0, onEmptyAccount]), 0, [300 * s, "account_empty"]],
    ["for 5 min at most, whatever it says", after([0, wants(999_999_999 * s)]), 0, [300 * s, "rate_limit"]],
    ["as long as it says", after([0, wants(90 * s)]), 0, [90 * s, "rate_limit"]],
    ["not at all when it says 0", after([0, wants(0)]), 0, [0, ""]],
    ["for 1 s when it says nothing", after([0, wants()]), 0, [1 * s, "rate_limit"]],
    ["for 2 s the second time", after([0, wants()], [s, wants()]), s, [2 * s, "rate_limit"]],
    ["for 4 s the third time", after([0, wants()], [s, wants()], [3 * s, wants()]), 3 * s, [4 * s, "rate_limit"]],
    ["for 1 s again after an answer", after([0, wants()], [s, wants()], [3 * s, onAnswer], [3 * s, wants()]), 3 * s, [
      1 * s,
      "rate_limit"
    ]],
    ["for 1 s after twenty refusals at once", after(...times(20, 0, wants())), 0, [1 * s, "rate_limit"]],
    ["until the longest wait it named", after([0, wants(60 * s)], [1, wants(5 * s)], [2, wants()]), 2, [
      60 * s - 2,
      "rate_limit"
    ]],
    ["longer when it says so in the meantime", after([0, wants()], [1, wants(60 * s)]), 1, [60 * s, "rate_limit"]],
    ["although a request from before is answered", after([0, wants(60 * s)], [1, onAnswer]), 1, [
      60 * s - 1,
      "rate_limit"
    ]],
    ["although a request from before fails", after([0, wants(60 * s)], [1, fails]), 1, [60 * s - 1, "rate_limit"]],
    [
      "although requests from before fail, and one is answered",
      after([0, wants(60 * s)], ...times(5, 1, fails), [2, onAnswer]),
      2,
      [60 * s - 2, "rate_limit"]
    ],
    ["for the longer of both", after([0, wants(0.5 * s)], ...times(5, 1, fails)), 1, [1 * s, "failures"]],
    [
      "not for failures before a 429: it answers",
      after(...times(4, 0, fails), [0, wants(0)], ...times(4, 0, fails)),
      0,
      [0, ""]
    ]
  ]
  it.each(rows)("%s", (_, health, now, expected) => {
    expect(closed(health, now)).toEqual(expected)
  })

  /** The pauses in s, when whatever is asked at the end of one ends like the others. */
  const pauses = (count: number, begin: CircuitBreaker, happens: Happening): ReadonlyArray<number> => {
    const waits: Array<number> = []
    let breaker = begin
    let now = 0
    for (let pause = 0; pause < count; pause++) {
      breaker = happens(onRequest(breaker, now), now)
      const [ms] = closed(breaker, now)
      waits.push(ms / s)
      now += ms
    }
    return waits
  }

  it("for 1, 2, 4 … 60 s when it never says how long", () => {
    expect(pauses(9, freshBreaker, wants())).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  it("for 1, 2, 4, 8 s when every trial fails, and never longer: an outage is not made longer than it is", () => {
    expect(pauses(6, after(...times(4, 0, fails)), fails)).toEqual([1, 2, 4, 8, 8, 8])
  })

  it("one request is a trial, and only when there were too many failures", () => {
    expect(isTrial(freshBreaker)).toBe(false)
    expect(isTrial(after(...times(4, 0, fails)))).toBe(false)
    expect(isTrial(after(...times(5, 0, fails)))).toBe(true)
  })

  const happenings = Arbitrary.array(
    Arbitrary.schema(Schema.Struct({
      what: Schema.Literals(["answered", "failed", "hung", "refused", "told", "empty"]),
      laterMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 }))
    })),
    { maxLength: 40 }
  )
  it.prop("is asked only when it may be, whatever happens, and always again within minutes", [happenings], ([all]) => {
    let breaker = freshBreaker
    let now = 0
    let waitUntil = 0
    for (const { laterMs, what } of all) {
      now += laterMs
      if (now < waitUntil) expect(closureOf(breaker, now)).toBeDefined()
      if (closureOf(breaker, now) === undefined) breaker = onRequest(breaker, now)
      if (what === "answered") breaker = onAnswer(breaker, now)
      else if (what === "failed") breaker = onFailure(breaker, now, now)
      else if (what === "hung") breaker = onFailure(breaker, now - 30_000, now)
      else if (what === "refused") breaker = onRefusal(breaker, undefined, now)
      else if (what === "empty") breaker = onEmptyAccount(breaker, now)
      else {
        breaker = onRefusal(breaker, 15_000, now)
        waitUntil = now + 15_000
      }
    }
    expect(closureOf(breaker, now + 300_000)).toBeUndefined()
    if (all.every(({ what }) => what === "answered" || what === "failed" || what === "hung")) {
      expect(closureOf(breaker, now + 8_000)).toBeUndefined()
    }
  }, { arbitrary: { runs: 300 } })
})
