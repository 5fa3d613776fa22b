import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result, Schedule } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { layerNoDeps } from "../../../src/layers/llm/LlmOpenAi.ts"
import { completionOf } from "../../support/LlmDouble.ts"
import { ask, type Asking, askServer, configured, secret, world } from "../../support/LlmAsking.ts"
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
  /** Lets so many ms pass in which no request goes out; the next one does. */
  const closedFor = Effect.fnUntraced(function*(ms: number) {
    const before = yield* requests
    yield* TestClock.adjust(ms - 1)
    assert.strictEqual((yield* askServer()).end, "LlmEndpointClosed", `after ${ms - 1} ms`)
    assert.strictEqual(yield* requests, before)
    yield* TestClock.adjust(1)
    assert.notStrictEqual((yield* askServer()).end, "LlmEndpointClosed", `after ${ms} ms`)
    assert.strictEqual(yield* requests, before + 1)
  })

  it.effect("is not tried again; no request goes out before Retry-After ends, however many come", () =>
    Effect.gen(function*() {
      yield* answering(says(429, "{}", { "retry-after": "1" }), ok)
      assert.strictEqual((yield* askServer({ api: { retry_attempts: 3 } })).end, "LlmRateLimited")
      const storm = yield* several(20)
      assert.deepStrictEqual([ends(storm), storm.flatMap(({ attempts }) => attempts)], [["LlmEndpointClosed"], []])
      assert.strictEqual(yield* requests, 1)
      yield* closedFor(1_000)
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))

  it.effect("to twenty requests at once closes the endpoint once", () =>
    Effect.gen(function*() {
      yield* answering(says(429))
      assert.deepStrictEqual(ends(yield* several(20)), ["LlmRateLimited"])
      yield* answering((call, response, index) => (index === 0 ? says(429) : ok)(call, response, index))
      assert.deepStrictEqual(ends(yield* several(20)), ["LlmEndpointClosed"])
      assert.strictEqual(yield* requests, 0)
      yield* closedFor(1_000)
    }).pipe(Effect.provide(world)))

  it.effect("holds although a request from before is answered after it", () =>
    Effect.gen(function*() {
      yield* answering(says(429, "{}", { "retry-after": "60" }), (call, response, index) =>
        void setTimeout(() => ok(call, response, index), 50))
      assert.deepStrictEqual(ends(yield* several(2)), ["LlmRateLimited", "Hello there!"])
      assert.deepStrictEqual(ends(yield* several(3)), ["LlmEndpointClosed"])
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))

  it.effect("may name a date", () =>
    Effect.gen(function*() {
      // Simulated time begins in 1970.
      yield* answering(says(429, "{}", { "retry-after": new Date(2_000).toUTCString() }), ok)
      yield* askServer()
      yield* closedFor(2_000)
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))

  it.effect("without a time closes the endpoint for a second, then for two", () =>
    Effect.gen(function*() {
      yield* answering(says(429), says(429), ok)
      yield* askServer()
      yield* closedFor(1_000)
      assert.strictEqual((yield* askServer()).end, "LlmEndpointClosed")
      yield* closedFor(2_000)
    }).pipe(Effect.provide(world)))
})

describe("a server that fails and fails", () => {
  it.live("is left alone after five times, also within one reply", () =>
    Effect.gen(function*() {
      yield* answering(says(500))
      const api = { retry_attempts: 9, retry_delay_seconds: 0 }
      assert.strictEqual((yield* askServer({ api })).end, "LlmEndpointClosed")
      assert.deepStrictEqual(ends(yield* several(10, { api })), ["LlmEndpointClosed"])
      assert.strictEqual(yield* requests, 5)
    }).pipe(Effect.provide(world)))

  it.live("now and then is asked on", () =>
    Effect.gen(function*() {
      const { answer } = yield* LlmServer
      yield* answer((call, response, index) => (index % 3 === 2 ? ok : says(503))(call, response, index))
      const api = { retry_attempts: 2, retry_delay_seconds: 0 }
      const all = yield* Effect.forEach(Array.from({ length: 10 }), () => askServer({ api }))
      assert.deepStrictEqual([ends(all), yield* requests], [["Hello there!"], 30])
    }).pipe(Effect.provide(world)))

  /** A server without a socket, that takes a second to answer. */
  const slowServer = () => {
    let status = 500
    let asked = 0
    const client = HttpClient.make((request) =>
      Effect.suspend(() => {
        if (request.method === "POST") asked++
        const answer = HttpClientResponse.fromWeb(request, new Response(completionOf("Hello there!"), { status }))
        return Effect.as(request.method === "POST" ? Effect.sleep("1 second") : Effect.void, answer)
      })
    )
    const layer = layerNoDeps.pipe(
      Layer.provide(Layer.mergeAll(Layer.succeed(HttpClient.HttpClient, client), configured("http://llm.test/v1")))
    )
    return {
      layer,
      asked: () => asked,
      recovers: () => {
        status = 200
      }
    }
  }
  const askMany = (count: number) =>
    Effect.forkChild(Effect.all(Array.from({ length: count }, () => ask({})), { concurrency: "unbounded" }), {
      startImmediately: true
    })

  it.effect("is probed by one request after 30 s; who comes meanwhile waits for what it finds", () => {
    const server = slowServer()
    return Effect.gen(function*() {
      const endsAfterSecond = (fiber: Effect.Success<ReturnType<typeof askMany>>) =>
        Effect.map(
          Effect.andThen(TestClock.adjust("1 second"), Fiber.join(fiber)),
          (all) => all.map(({ end }) => end).toSorted()
        )
      assert.deepStrictEqual(
        yield* endsAfterSecond(yield* askMany(5)),
        Array.from({ length: 5 }, () => "LlmServerFailed")
      )
      yield* TestClock.adjust("28999 millis")
      assert.strictEqual((yield* ask({})).end, "LlmEndpointClosed")
      assert.strictEqual(server.asked(), 5)
      yield* TestClock.adjust("1001 millis")
      assert.deepStrictEqual((yield* endsAfterSecond(yield* askMany(10))).slice(-2), [
        "LlmEndpointClosed",
        "LlmServerFailed"
      ])
      assert.strictEqual(server.asked(), 6)

      // The probe that is given up tells nothing, so the next one may go; what has recovered is asked as ever.
      yield* TestClock.adjust("30 seconds")
      const given = yield* Effect.forkChild(ask({}), { startImmediately: true })
      assert.strictEqual((yield* ask({})).end, "LlmEndpointClosed")
      yield* Fiber.interrupt(given)
      server.recovers()
      assert.deepStrictEqual((yield* endsAfterSecond(yield* askMany(10))).slice(0, 2), [
        "Hello there!",
        "LlmEndpointClosed"
      ])
      assert.strictEqual(server.asked(), 8)
      assert.deepStrictEqual([...new Set(yield* endsAfterSecond(yield* askMany(10)))], ["Hello there!"])
    }).pipe(Effect.provide(server.layer))
  })
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

  it.effect("share one budget of time with the first", () =>
    Effect.gen(function*() {
      const { aborted, idle, url } = yield* LlmServer
      yield* answering(hangs)
      const fallbacks = [fallback(url, "second"), fallback(url, "third")]
      const asking = yield* Effect.forkChild(askServer({ api: { fallbacks, timeout_seconds: 0.3 }, budgetMs: 700 }))
      for (const [count, ms] of [[1, 300], [2, 400]] as const) {
        yield* TestClock.withLive(
          Effect.repeat(requests, { until: (made) => made === count, schedule: Schedule.spaced("5 millis") })
        )
        yield* TestClock.adjust(ms)
      }
      const { attempts, end } = yield* Fiber.join(asking)
      assert.deepStrictEqual([end, attempts.map(({ durationMs, model, status }) => [model, status, durationMs])], [
        "LlmTimeout",
        [["first", "timeout", 300], ["second", "timeout", 400]]
      ])
      yield* TestClock.withLive(idle)
      assert.strictEqual(yield* aborted, 2)
    }).pipe(Effect.provide(world)))

  it.live("nobody there at all is an error, too", () =>
    Effect.map(
      ask({ url: "http://127.0.0.1:9/v1", api: { fallbacks: [fallback("http://127.0.0.1:9/v1", "second")] } }),
      ({ attempts, end }) => assert.deepStrictEqual([end, attempts.length], ["LlmUnreachable", 2])
    ).pipe(Effect.provide(world)))
})
