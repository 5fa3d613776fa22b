import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { LlmClient } from "../../../src/services/LlmClient.ts"
import { monotonicMillis } from "../../../src/services/Time.ts"
import { completionOf } from "../../support/LlmDouble.ts"
import { ask, type Asking, askServer, secret, world } from "../../support/LlmAsking.ts"
import { withoutSocket } from "../../support/LlmWithoutSocket.ts"
import { answering, hangs, LlmServer, says } from "../../support/LlmServer.ts"

const ok = says(200, completionOf("Hello there!"))
const requests = Effect.flatMap(LlmServer, ({ asked }) => Effect.map(asked, ({ length }) => length))
const several = (count: number, asking: Asking = {}) =>
  Effect.all(Array.from({ length: count }, () => askServer(asking)), { concurrency: "unbounded" })
const askedModels = Effect.flatMap(LlmServer, ({ asked }) => Effect.map(asked, (all) => all.map(({ model }) => model)))
const ends = (
  all: ReadonlyArray<{ readonly end: string }>
): ReadonlyArray<string> => [...new Set(all.map(({ end }) => end))]

describe("a 429", () => {
  it.live("is waited out by every reply whose deadline allows; no request goes out before", () =>
    Effect.gen(function*() {
      const { asked } = yield* LlmServer
      yield* answering(says(429, "{}", { "retry-after": "1" }), ok)
      const asking = { api: { retry_attempts: 2 }, budgetMs: 10_000 }
      const first = yield* Effect.forkChild(askServer(asking))
      yield* Effect.repeat(requests, { until: (count) => count === 1, schedule: Schedule.spaced("2 millis") })
      const { closed } = yield* LlmClient
      const [closure] = yield* Effect.repeat(closed, {
        until: ({ length }) => length > 0,
        schedule: Schedule.spaced("2 millis")
      })
      assert.deepInclude(closure, { model: "first", why: "rate_limit" })
      assert.deepStrictEqual(ends([...yield* several(10, asking), yield* Fiber.join(first)]), ["Hello there!"])
      const [told = 0, ...later] = (yield* asked).map(({ at }) => at)
      assert.strictEqual(later.length, 11)
      assert.isAtLeast(Math.min(...later) - told, 1_000)
    }).pipe(Effect.provide(world)))

  it.live("that does not fit the deadline ends the reply at once, and the next ones unasked", () =>
    Effect.gen(function*() {
      yield* answering(says(429, "{}", { "retry-after": "60" }), ok)
      const asking = { api: { retry_attempts: 3 }, budgetMs: 10_000 }
      assert.strictEqual((yield* askServer(asking)).end, "LlmRateLimited")
      const storm = yield* several(20, asking)
      assert.deepStrictEqual([ends(storm), storm.flatMap(({ attempts }) => attempts)], [["LlmEndpointClosed"], []])
      assert.isBelow(Math.max(...storm.map(({ tookMs }) => tookMs)), 1_000)
      assert.strictEqual(yield* requests, 1)
    }).pipe(Effect.provide(world)))

  it.live("is forgotten by a reload, however long it was to hold", () =>
    Effect.gen(function*() {
      const { closed, reopen } = yield* LlmClient
      yield* answering(says(429, "{}", { "retry-after": "999999999" }), ok)
      assert.strictEqual((yield* askServer({ budgetMs: 1_000 })).end, "LlmRateLimited")
      const [closure] = yield* closed
      assert.isAtMost(closure?.forMs ?? Infinity, 300_000)
      yield* reopen
      assert.deepStrictEqual(yield* closed, [])
      assert.strictEqual((yield* askServer({ budgetMs: 1_000 })).end, "Hello there!")
    }).pipe(Effect.provide(world)))

  it.live("holds although a request from before is answered after it", () =>
    Effect.gen(function*() {
      yield* answering(says(429, "{}", { "retry-after": "60" }), (call, response, index) =>
        void setTimeout(() => ok(call, response, index), 50))
      const asking = { budgetMs: 5_000 }
      assert.deepStrictEqual(ends(yield* several(2, asking)), ["LlmRateLimited", "Hello there!"])
      assert.deepStrictEqual(ends(yield* several(3, asking)), ["LlmEndpointClosed"])
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))

  it.live("may name a date", () =>
    Effect.gen(function*() {
      const date = new Date(Date.now() + 2_000)
      yield* answering(says(429, "{}", { "retry-after": date.toUTCString() }), ok)
      assert.strictEqual((yield* askServer({ api: { retry_attempts: 1 }, budgetMs: 10_000 })).end, "Hello there!")
      // The date has whole seconds.
      assert.isAtLeast(Date.now(), Math.floor(date.getTime() / 1000) * 1000)
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))
})

describe("an account without credit (402)", () => {
  it.live("is named, and not asked again for minutes", () =>
    Effect.gen(function*() {
      const { closed } = yield* LlmClient
      yield* answering(says(402))
      const { end, result } = yield* askServer({ api: { retry_attempts: 2 }, budgetMs: 5_000 })
      assert.strictEqual(end, "LlmRejected")
      assert.match(Result.isFailure(result) ? result.failure.message : "", /402; the account of this key has no credit/)
      assert.deepStrictEqual(ends(yield* several(3, { budgetMs: 5_000 })), ["LlmEndpointClosed"])
      assert.deepStrictEqual([yield* requests, (yield* closed).map(({ why }) => why)], [1, ["account_empty"]])
    }).pipe(Effect.provide(world)))
})

/** A server without a socket, as it is at each ms since the test began. */
type Weather = (atMs: number) => { readonly status: number; readonly afterMs: number }
const weatherServer = (weather: Weather) => {
  let asked = 0
  const layer = withoutSocket(Effect.fnUntraced(function*(isCompletion) {
    const { afterMs, status } = weather(yield* monotonicMillis)
    if (isCompletion) {
      asked++
      yield* Effect.sleep(afterMs)
    }
    return { status, body: completionOf("Hello there!") }
  }))
  return { layer, asked: () => asked }
}
const fine = { status: 200, afterMs: 100 }
const broken = { status: 503, afterMs: 10 }
const hanging = { status: 200, afterMs: 3_600_000 }

/** Mentions at so many ms, as the defaults ask: how each ended. */
const mentions = Effect.fnUntraced(function*(at: ReadonlyArray<number>, api: object = {}) {
  const asking = { api: { retry_attempts: 2, retry_delay_seconds: 1, timeout_seconds: 20, ...api }, budgetMs: 60_000 }
  const fibers = yield* Effect.forEach(
    at,
    (ms) => Effect.forkChild(Effect.andThen(Effect.sleep(ms), ask(asking)), { startImmediately: true })
  )
  for (let ms = 0; ms < Math.max(...at) + 60_000; ms += 250) yield* TestClock.adjust("250 millis")
  return yield* Effect.forEach(fibers, Fiber.join)
})
const everySecond = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => (from + index) * 1000)

describe("a server that fails and fails", () => {
  const outages: ReadonlyArray<readonly [what: string, weather: Weather]> = [
    ["is away", (ms) => ms < 18_000 ? broken : fine],
    ["hangs", (ms) => ms < 18_000 ? hanging : fine],
    ["flaps", (ms) => ms < 18_000 && ms % 4_000 < 2_000 ? broken : fine],
    ["is slow to fail", (ms) => ms < 18_000 ? { status: 500, afterMs: 1_500 } : fine],
    ["hangs and is away by turns", (ms) => ms >= 18_000 ? fine : ms % 2_000 < 1_000 ? hanging : broken]
  ]
  it.effect.each(outages)("and %s for 18 s answers every mention of the 20 s after", ([, weather]) => {
    const server = weatherServer(weather)
    return Effect.gen(function*() {
      const all = yield* mentions(everySecond(0, 38))
      assert.deepStrictEqual(ends(all.slice(18)), ["Hello there!"])
    }).pipe(Effect.provide(server.layer))
  })

  it.effect("and flaps every 2 s answers nearly all", () => {
    const server = weatherServer((ms) => ms % 4_000 < 2_000 ? broken : fine)
    return Effect.gen(function*() {
      const all = yield* mentions(everySecond(0, 45))
      assert.isAtLeast(all.filter(({ end }) => end === "Hello there!").length, 40)
    }).pipe(Effect.provide(server.layer))
  })

  it.effect("in one moment, with twenty requests under way, answers all twenty", () => {
    const server = weatherServer((ms) => ms < 1_000 ? { status: 500, afterMs: 1_000 - ms } : fine)
    return Effect.gen(function*() {
      const all = yield* mentions(Array.from({ length: 20 }, (_, index) => index * 40))
      assert.deepStrictEqual(ends(all), ["Hello there!"])
    }).pipe(Effect.provide(server.layer))
  })

  it.effect("is asked by one request at a time, later each time, while it is away", () => {
    const server = weatherServer(() => broken)
    return Effect.gen(function*() {
      const all = yield* mentions(everySecond(0, 60))
      assert.notInclude(ends(all), "Hello there!")
      // Five until it is known, then one after 1, 2, 4 and every 8 s.
      assert.isAtMost(server.asked(), 20)
      // A trial that fails counts for all who waited for it: nobody waits for the whole deadline.
      assert.isBelow(Math.max(...all.map(({ attempts }) => attempts.length)), 4)
    }).pipe(Effect.provide(server.layer))
  })

  it.live("now and then is asked on", () =>
    Effect.gen(function*() {
      const { answer } = yield* LlmServer
      yield* answer((call, response, index) => (index % 3 === 2 ? ok : says(503))(call, response, index))
      const api = { retry_attempts: 2, retry_delay_seconds: 0 }
      const all = yield* Effect.forEach(Array.from({ length: 10 }), () => askServer({ api }))
      assert.deepStrictEqual([ends(all), yield* requests], [["Hello there!"], 30])
    }).pipe(Effect.provide(world)))

  it.live("with a page and 200, as proxies do, is asked again", () =>
    Effect.gen(function*() {
      yield* answering(says(200, "<html>busy</html>", { "content-type": "text/html" }), says(200, ""), ok)
      const { attempts, end } = yield* askServer({ api: { retry_attempts: 2, retry_delay_seconds: 0.01 } })
      assert.deepStrictEqual([end, attempts.length], ["Hello there!", 3])
    }).pipe(Effect.provide(world)))
})

describe("fallbacks", () => {
  const fallback = (base_url: string, model: string, more: object = {}) => ({
    base_url,
    model,
    api_key: `key of ${model}`,
    ...more
  })

  it.live("are asked in order, each for its model with its key", () =>
    Effect.gen(function*() {
      const { answer, asked, url } = yield* LlmServer
      const other = yield* LlmServer.make
      yield* answer((call, response, index) => (call.model === "second" ? says(401) : says(500))(call, response, index))
      yield* other.answer(ok)
      const fallbacks = [fallback(`${url}/`, "second"), fallback(other.url, "third"), fallback(url, "fourth")]
      const { attempts, result } = yield* askServer({
        api: { fallbacks, stream: false, retry_attempts: 1, retry_delay_seconds: 0 }
      })
      assert.strictEqual(Result.getOrThrow(result).model, "third")
      assert.deepStrictEqual(attempts.map(({ attempt, model }) => [model, attempt]), [["first", 1], ["first", 2], [
        "second",
        1
      ], ["third", 1]])
      const keys = [...yield* asked, ...yield* other.asked].map(({ headers, model }) => [model, headers.authorization])
      assert.deepStrictEqual(keys, [
        ["first", `Bearer ${secret}`],
        ["first", `Bearer ${secret}`],
        ["second", "Bearer key of second"],
        ["third", "Bearer key of third"]
      ])
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("are not asked after an answer without text", () =>
    Effect.gen(function*() {
      const { url } = yield* LlmServer
      yield* answering(says(200, "{\"choices\":[{\"message\":{\"content\":null}}]}"))
      assert.strictEqual((yield* askServer({ api: { fallbacks: [fallback(url, "second")] } })).end, "LlmEmpty")
      assert.deepStrictEqual(yield* askedModels, ["first"])
    }).pipe(Effect.provide(world)))

  it.live("another model of the same server is asked while one is left alone", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* LlmServer
      yield* answer((call, response, index) =>
        (call.model === "first" ? says(429, "{}", { "retry-after": "60" }) : ok)(call, response, index)
      )
      const api = { fallbacks: [fallback(url, "second")] }
      assert.strictEqual((yield* askServer({ api })).end, "Hello there!")
      assert.strictEqual((yield* askServer({ api })).end, "Hello there!")
      assert.deepStrictEqual(yield* askedModels, ["first", "second", "second"])
    }).pipe(Effect.provide(world)))

  it.live("share one budget of time with the first: each is asked", () =>
    Effect.gen(function*() {
      const { aborted, asked, idle, url } = yield* LlmServer
      yield* answering(hangs)
      const fallbacks = [fallback(url, "second"), fallback(url, "third")]
      const { attempts, end, tookMs } = yield* askServer({ api: { fallbacks, timeout_seconds: 0.3 }, budgetMs: 700 })
      assert.deepStrictEqual([end, attempts.map(({ model, status }) => [model, status])], ["LlmTimeout", [
        ["first", "timeout"],
        ["second", "timeout"],
        ["third", "timeout"]
      ]])
      assert.isAtLeast(tookMs, 690)
      yield* idle
      // On a busy machine one may be over before the server has read it.
      assert.strictEqual(yield* aborted, (yield* asked).length)
    }).pipe(Effect.provide(world)))

  it.live("answer when the first hangs, whatever it could still be asked", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* LlmServer
      yield* answer((call, response, index) => (call.model === "first" ? hangs : ok)(call, response, index))
      const api = { fallbacks: [fallback(url, "second")], timeout_seconds: 0.3, retry_attempts: 2 }
      const { attempts, end } = yield* askServer({ api, budgetMs: 600 })
      assert.deepStrictEqual([end, attempts.map(({ model }) => model)], ["Hello there!", ["first", "second"]])
    }).pipe(Effect.provide(world)))

  it.live("time out, too, and then the first is asked again", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* LlmServer
      yield* answer((call, response, index) => (index < 2 ? hangs : ok)(call, response, index))
      const fallbacks = [fallback(url, "second", { timeout_seconds: 0.2 })]
      const api = { fallbacks, timeout_seconds: 0.2, retry_attempts: 1 }
      const { attempts, end } = yield* askServer({ api, budgetMs: 10_000 })
      assert.deepStrictEqual([end, attempts.map(({ model }) => model)], ["Hello there!", ["first", "second", "first"]])
    }).pipe(Effect.provide(world)))

  it.live("nobody there at all is an error, too", () =>
    Effect.map(
      ask({ url: "http://127.0.0.1:9/v1", api: { fallbacks: [fallback("http://127.0.0.1:9/v1", "second")] } }),
      ({ attempts, end }) => assert.deepStrictEqual([end, attempts.length], ["LlmUnreachable", 2])
    ).pipe(Effect.provide(world)))
})
