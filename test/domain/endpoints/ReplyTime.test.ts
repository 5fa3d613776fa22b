import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { type AskedEndpoint, nextAttempt, reachOf, retryDelay } from "../../../src/domain/endpoints/ReplyTime.ts"

const s = 1_000
const fresh: AskedEndpoint = { timeoutMs: 30 * s, triesLeft: 3, fresh: true, waitMs: 0, failedFast: false }
const timedOut: AskedEndpoint = { ...fresh, triesLeft: 2, fresh: false, waitMs: 1 * s }
const failedFast: AskedEndpoint = { ...timedOut, failedFast: true }
const spent: AskedEndpoint = { ...timedOut, triesLeft: 0 }
const closed = (waitMs: number): AskedEndpoint => ({ ...fresh, waitMs })

describe("the next attempt of a reply", () => {
  const rows: ReadonlyArray<
    readonly [
      what: string,
      endpoints: ReadonlyArray<AskedEndpoint>,
      leftMs: number,
      next: readonly [index: number, waitMs: number, limitMs: number] | undefined
    ]
  > = [
    ["the only endpoint has all the time up to its timeout", [fresh], 60 * s, [0, 0, 30 * s]],
    ["and no more than there is", [fresh], 20 * s, [0, 0, 20 * s]],
    ["without a deadline its timeout holds", [fresh], Infinity, [0, 0, 30 * s]],
    ["a long timeout holds too", [{ ...fresh, timeoutMs: 600 * s }], Infinity, [0, 0, 600 * s]],
    ["the first leaves its fallback the same time", [fresh, fresh], 40 * s, [0, 0, 20 * s]],
    ["and two fallbacks two thirds", [fresh, fresh, fresh], 60 * s, [0, 0, 20 * s]],
    ["in proportion to what they ask for", [{ ...fresh, timeoutMs: 50 * s }, { ...fresh, timeoutMs: 10 * s }], 30 * s, [
      0,
      0,
      25 * s
    ]],
    ["a timeout moves on to the fallback at once", [timedOut, fresh], 30 * s, [1, 0, 30 * s]],
    ["its retry comes after", [timedOut, { ...timedOut, waitMs: 2 * s }], 30 * s, [0, 1 * s, 29 * s]],
    ["a fast failure is retried before the fallback", [failedFast, fresh], 60 * s, [0, 1 * s, 29.5 * s]],
    ["but not in the fallback's time", [failedFast, fresh], 30 * s, [1, 0, 30 * s]],
    ["the last fallback's fast failure is retried before the first's timeout", [timedOut, failedFast], 30 * s, [
      1,
      1 * s,
      29 * s
    ]],
    ["what has no tries left is not asked", [spent, fresh], 60 * s, [1, 0, 30 * s]],
    ["nor waited for", [spent, spent], 60 * s, undefined],
    ["an endpoint left alone for a while is waited out", [closed(2 * s)], 60 * s, [0, 2 * s, 30 * s]],
    ["unless another can be asked now", [closed(2 * s), fresh], 60 * s, [1, 0, 30 * s]],
    ["the one that opens first is waited for", [closed(9 * s), closed(4 * s)], 60 * s, [1, 4 * s, 28 * s]],
    ["not beyond the deadline", [closed(60 * s)], 60 * s, undefined],
    ["an endpoint that opens too late leaves its time to the others", [fresh, closed(90 * s)], 30 * s, [0, 0, 30 * s]],
    ["without a deadline nobody waits for minutes", [closed(61 * s)], Infinity, undefined],
    ["nobody is asked when the time is over", [fresh], 0, undefined],
    ["nor after it", [fresh, fresh], -5, undefined],
    ["no endpoint, no attempt", [], 60 * s, undefined]
  ]
  it.each(rows)("%s", (_, endpoints, leftMs, expected) => {
    const next = nextAttempt(endpoints, leftMs)
    assert.deepStrictEqual(next && ([next.index, next.waitMs, next.limitMs] as const), expected)
  })

  it.each<readonly [what: string, endpoints: ReadonlyArray<AskedEndpoint>, leftMs: number, isLast: boolean]>([
    ["a timeout below what is left", [fresh], 30 * s + 1, false],
    ["a timeout that ends with the time", [fresh], 30 * s, true],
    ["a timeout beyond it", [fresh], 30 * s - 1, true],
    ["a wait that makes it so", [closed(2 * s)], 31 * s, true],
    ["a share of the time", [fresh, fresh], 40 * s, false],
    ["no deadline", [fresh], Infinity, false]
  ])("is the last one, or not: %s", (_, endpoints, leftMs, isLast) => {
    assert.strictEqual(nextAttempt(endpoints, leftMs)?.isLast, isLast)
  })

  const endpoint = Schema.Struct({
    timeoutMs: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 600_000 })),
    // How it takes a request: not at all, after this long with a failure, or with a timeout.
    takesMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 700_000 }))
  })
  const cases = Schema.Struct({
    endpoints: Schema.Array(endpoint).check(Schema.isMinLength(1), Schema.isMaxLength(5)),
    deadlineMs: Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 120_000 })),
    retries: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))
  })
  it.prop(
    "every endpoint is asked, however the others take their time, and never after the deadline",
    [Arbitrary.schema(cases)],
    ([{ deadlineMs, endpoints, retries }]) => {
      const tries = endpoints.map(() => 0)
      const retryAt = endpoints.map(() => 0)
      let fast = -1
      let now = 0
      for (let asked = 0; asked < 100; asked++) {
        const next = nextAttempt(
          endpoints.map(({ timeoutMs }, index) => ({
            timeoutMs,
            triesLeft: retries + 1 - (tries[index] ?? 0),
            fresh: tries[index] === 0,
            waitMs: Math.max(0, (retryAt[index] ?? 0) - now),
            failedFast: index === fast
          })),
          deadlineMs - now
        )
        if (next === undefined) break
        const { index, limitMs, waitMs } = next
        assert.isAbove(limitMs, 0)
        const takesMs = endpoints[index]?.takesMs ?? 0
        now += waitMs + Math.min(takesMs, limitMs)
        assert.isAtMost(now, deadlineMs + 1e-6)
        tries[index] = (tries[index] ?? 0) + 1
        retryAt[index] = now + retryDelay(1, tries[index], 0.5)
        fast = takesMs < limitMs ? index : -1
      }
      assert.isTrue(tries.every((count) => count >= 1 && count <= retries + 1), `${tries}`)
    },
    { arbitrary: { runs: 500 } }
  )
})

describe("the delay of a retry", () => {
  it("doubles up to 10 s, a fifth more or less", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 20].map((retry) => retryDelay(1, retry, 0.5)),
      [1, 2, 4, 8, 10, 10].map((
        seconds
      ) => seconds * s)
    )
    assert.deepStrictEqual([0, 1].map((jitter) => Math.round(retryDelay(1, 1, jitter))), [800, 1200])
  })
})

describe("what a configuration reaches", () => {
  const rows: ReadonlyArray<
    readonly [
      what: string,
      timeouts: ReadonlyArray<number>,
      tries: number,
      deadline: number,
      reach: ReadonlyArray<readonly [first: number, tries: number]>
    ]
  > = [
    ["the defaults fit", [20], 3, 60, [[20, 3]]],
    ["the defaults with a fallback", [20, 20], 3, 60, [[20, 3], [20, 3]]],
    ["a third try that never comes", [30], 3, 60, [[30, 2]]],
    ["a timeout above the deadline", [600], 1, 60, [[60, 1]]],
    ["a first endpoint that shares", [60, 20], 1, 60, [[45, 1], [15, 1]]],
    ["no deadline", [600, 600], 9, Infinity, [[600, 9], [600, 9]]]
  ]
  it.each(rows)("%s", (_, timeouts, tries, deadline, expected) => {
    const reach = reachOf(timeouts.map((seconds) => seconds * s), tries, deadline * s)
    assert.deepStrictEqual(reach.map((one) => [one.firstMs / s, one.tries] as const), expected)
  })
})
