import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result, Schedule } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { layerNoDeps } from "../../src/layers/LlmOpenAi.ts"
import { LlmClient } from "../../src/services/LlmClient.ts"
import { completionOf } from "../support/LlmDouble.ts"
import { ask, type Asking, askServer, configured, secret, world } from "../support/LlmAsking.ts"
import { chunk, drips, hangs, inTurn, type LlmHandler, LlmServer, says } from "../support/LlmServer.ts"

const ok = says(200, completionOf("Hello there!"))
const answering = (...handlers: Parameters<typeof inTurn>) => Effect.flatMap(LlmServer, ({ answer }) => answer(inTurn(...handlers)))
const requests = Effect.flatMap(LlmServer, ({ asked }) => Effect.map(asked, ({ length }) => length))
const several = (count: number, asking: Asking = {}) => Effect.all(Array.from({ length: count }, () => askServer(asking)), { concurrency: "unbounded" })
const ends = (all: ReadonlyArray<{ readonly end: string }>): ReadonlyArray<string> => [...new Set(all.map(({ end }) => end))]

describe("a 429", () => {
  /** Asks again and again until the server is asked, and says after how many ms (counted from the 429) it was. */
  const waited = Effect.gen(function*() {
    const { asked } = yield* LlmServer
    yield* Effect.repeat(askServer(), { until: ({ end }) => end !== "LlmEndpointClosed", schedule: Schedule.spaced("10 millis") })
    const [first, ...others] = yield* asked
    return (others.at(-1)?.at ?? 0) - (first?.at ?? 0)
  })

  it.live("is not tried again; no request goes out before Retry-After ends, however many come", () =>
    Effect.gen(function*() {
      yield* answering(says(429, "{}", { "retry-after": "1" }), ok)
      assert.strictEqual((yield* askServer({ api: { retry_attempts: 3 } })).end, "LlmRateLimited")
      const storm = yield* several(20)
      assert.deepStrictEqual([ends(storm), storm.flatMap(({ attempts }) => attempts)], [["LlmEndpointClosed"], []])
      assert.isBelow(Math.max(...storm.map(({ tookMs }) => tookMs)), 200)
      assert.strictEqual(yield* requests, 1)
      assert.closeTo(yield* waited, 1050, 70)
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))

  it.live("to twenty requests at once closes the endpoint once", () =>
    Effect.gen(function*() {
      yield* answering(says(429))
      assert.deepStrictEqual(ends(yield* several(20)), ["LlmRateLimited"])
      yield* answering((call, response, index) => (index === 0 ? says(429) : ok)(call, response, index))
      assert.deepStrictEqual(ends(yield* several(20)), ["LlmEndpointClosed"])
      assert.strictEqual(yield* requests, 0)
      const began = performance.now()
      yield* Effect.repeat(askServer(), { until: ({ end }) => end === "LlmRateLimited", schedule: Schedule.spaced("10 millis") })
      assert.isBelow(performance.now() - began, 1100)
    }).pipe(Effect.provide(world)))

  it.live("holds although a request from before is answered after it", () =>
    Effect.gen(function*() {
      yield* answering(says(429, "{}", { "retry-after": "60" }), (call, response, index) => void setTimeout(() => ok(call, response, index), 50))
      assert.deepStrictEqual(ends(yield* several(2)), ["LlmRateLimited", "Hello there!"])
      assert.deepStrictEqual(ends(yield* several(3)), ["LlmEndpointClosed"])
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))

  it.live("may name a date", () =>
    Effect.gen(function*() {
      const date = new Date(Date.now() + 2_000)
      yield* answering(says(429, "{}", { "retry-after": date.toUTCString() }), ok)
      yield* askServer()
      yield* waited
      // The date has whole seconds.
      assert.isAtLeast(Date.now(), Math.floor(date.getTime() / 1000) * 1000)
      assert.isBelow(Date.now(), Math.floor(date.getTime() / 1000) * 1000 + 200)
      assert.strictEqual(yield* requests, 2)
    }).pipe(Effect.provide(world)))

  it.live("without a time closes the endpoint for a second, then for two", () =>
    Effect.gen(function*() {
      yield* answering(says(429), says(429), ok)
      yield* askServer()
      assert.closeTo(yield* waited, 1050, 70)
      assert.strictEqual((yield* askServer()).end, "LlmEndpointClosed")
      const { asked } = yield* LlmServer
      yield* waited
      const [, second = 0, third = 0] = (yield* asked).map(({ at }) => at)
      assert.closeTo(third - second, 2050, 70)
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
    const layer = layerNoDeps.pipe(Layer.provide(Layer.mergeAll(Layer.succeed(HttpClient.HttpClient, client), configured("http://llm.test/v1"))))
    return {
      layer,
      asked: () => asked,
      recovers: () => {
        status = 200
      }
    }
  }
  const askMany = (count: number) => Effect.forkChild(Effect.all(Array.from({ length: count }, () => ask({})), { concurrency: "unbounded" }), { startImmediately: true })

  it.effect("is probed by one request after 30 s; who comes meanwhile waits for what it finds", () => {
    const server = slowServer()
    return Effect.gen(function*() {
      const endsAfterSecond = (fiber: Effect.Success<ReturnType<typeof askMany>>) =>
        Effect.map(Effect.andThen(TestClock.adjust("1 second"), Fiber.join(fiber)), (all) => all.map(({ end }) => end).sort())
      assert.deepStrictEqual(yield* endsAfterSecond(yield* askMany(5)), Array.from({ length: 5 }, () => "LlmServerFailed"))
      yield* TestClock.adjust("28999 millis")
      assert.strictEqual((yield* ask({})).end, "LlmEndpointClosed")
      assert.strictEqual(server.asked(), 5)
      yield* TestClock.adjust("1001 millis")
      assert.deepStrictEqual((yield* endsAfterSecond(yield* askMany(10))).slice(-2), ["LlmEndpointClosed", "LlmServerFailed"])
      assert.strictEqual(server.asked(), 6)

      // The probe that is given up tells nothing, so the next one may go; what has recovered is asked as ever.
      yield* TestClock.adjust("30 seconds")
      const given = yield* Effect.forkChild(ask({}), { startImmediately: true })
      assert.strictEqual((yield* ask({})).end, "LlmEndpointClosed")
      yield* Fiber.interrupt(given)
      server.recovers()
      assert.deepStrictEqual((yield* endsAfterSecond(yield* askMany(10))).slice(0, 2), ["Hello there!", "LlmEndpointClosed"])
      assert.strictEqual(server.asked(), 8)
      assert.deepStrictEqual([...new Set(yield* endsAfterSecond(yield* askMany(10)))], ["Hello there!"])
    }).pipe(Effect.provide(server.layer))
  })
})

describe("a server that", () => {
  const page = `<html>${"<br>".repeat(1000)}</html>`
  const forever = (part: string): LlmHandler => drips(() => part, 1)
  const rows: ReadonlyArray<readonly [what: string, handler: LlmHandler, end: string, aborts: number]> = [
    ["never answers", hangs, "LlmTimeout", 1],
    ["answers with nothing but headers", (_, response) => void response.writeHead(200).flushHeaders(), "LlmTimeout", 1],
    ["drips a byte at a time", drips((index) => chunk("Hello").charAt(index % 60), 100), "LlmTimeout", 1],
    ["only says that it is alive", drips(() => ": ping\n\n", 50), "LlmTimeout", 1],
    ["thinks for ever", drips(() => "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n", 20), "LlmTimeout", 1],
    ["finishes and does not hang up", drips((index) => index === 0 ? chunk("Hello") : "", 50), "LlmTimeout", 1],
    ["sends a page", says(200, page, { "content-type": "text/html" }), "LlmBadAnswer", 0],
    ["sends garbage", says(200, "\u0000\u0001\uFFFD".repeat(100)), "LlmBadAnswer", 0],
    ["sends bytes that are no text", (_, response) => void response.writeHead(200).end(Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80])), "LlmBadAnswer", 0],
    ["sends other JSON", says(200, "{\"models\":[]}"), "LlmBadAnswer", 0],
    ["sends half of it", says(200, completionOf("Hello").slice(0, 60)), "LlmBadAnswer", 0],
    ["sends nothing", says(200, ""), "LlmBadAnswer", 0],
    ["has no content", says(204, ""), "LlmBadAnswer", 0],
    ["hangs up", (_, response) => void response.destroy(), "LlmUnreachable", 1],
    ["speaks no HTTP", (_, response) => void response.socket?.end("SSH-2.0-OpenSSH_9.6\r\n"), "LlmUnreachable", 1],
    ["sends JSON without an end", forever(`{"choices":${" ".repeat(50_000)}`), "LlmBadAnswer", 1],
    ["sends a page without an end", forever(`<html>${page.repeat(20)}`), "LlmBadAnswer", 1],
    ["sends an event without an end", forever(`data: ${"x".repeat(50_000)}`), "LlmBadAnswer", 1],
    ["fails without an end", (_, response) => {
      response.writeHead(500).write("oh no")
    }, "LlmServerFailed", 1],
    ["refuses without an end", (_, response) => {
      response.writeHead(401).write("oh no")
    }, "LlmRejected", 1],
    ["sends the wrong length", says(200, completionOf("Hello"), { "content-length": "100000" }), "LlmTimeout", 1],
    ["leads in circles", says(307, "", { location: "/v1/chat/completions" }), "LlmUnreachable", 0]
  ]
  it.live.each(rows)("%s: ends with %4$s in time, and nothing is left open", ([, handler, end, aborts]) =>
    Effect.gen(function*() {
      const { aborted, idle } = yield* LlmServer
      yield* answering(handler)
      const asked = yield* askServer({ budgetMs: 600 })
      assert.strictEqual(asked.end, end)
      assert.isBelow(asked.tookMs, 700)
      assert.strictEqual(asked.attempts.length, 1)
      yield* idle
      assert.strictEqual(yield* aborted, aborts)
    }).pipe(Effect.provide(world)))

  it.live("writes without an end is read to a million characters", () =>
    Effect.gen(function*() {
      const { aborted, idle } = yield* LlmServer
      yield* answering(forever(chunk("blah ".repeat(10_000))))
      const { result } = yield* askServer({ budgetMs: 3_000 })
      assert.isBelow(Result.getOrThrow(result).text.length, 1_100_000)
      yield* idle
      assert.strictEqual(yield* aborted, 1)
    }).pipe(Effect.provide(world)))
})

describe("a request", () => {
  it.live("that is interrupted closes its socket", () =>
    Effect.gen(function*() {
      const { aborted, idle } = yield* LlmServer
      for (const handler of [hangs, drips(() => chunk("a"), 10)]) {
        yield* answering(handler)
        const fiber = yield* Effect.forkChild(askServer())
        yield* Effect.repeat(requests, { until: (count) => count === 1, schedule: Schedule.spaced("2 millis") })
        yield* Fiber.interrupt(fiber)
        yield* idle
        assert.strictEqual(yield* aborted, 1)
      }
    }).pipe(Effect.provide(world)))

  it.live("says nothing about traces", () =>
    Effect.gen(function*() {
      const { asked } = yield* LlmServer
      yield* answering(ok)
      yield* Effect.withSpan(askServer(), "a trace of our own")
      const names = (yield* asked).flatMap(({ headers }) => Object.keys(headers))
      assert.include(names, "authorization")
      assert.deepStrictEqual(names.filter((name) => /^(traceparent|tracestate|b3|x-b3-.*|baggage)$/.test(name)), [])
    }).pipe(Effect.provide(world)))

  const handlers: ReadonlyArray<LlmHandler> = [says(400, secret), says(401, secret), says(500, secret), says(429, secret), says(200, secret), hangs]
  it.live("never tells its key, whatever goes wrong, not even one that is no header", () =>
    Effect.gen(function*() {
      const { available } = yield* LlmClient
      const tell = ({ attempts, result }: Effect.Success<ReturnType<typeof ask>>) => inspect([attempts, result], { depth: 20 }) + JSON.stringify([attempts, result])
      for (const handler of handlers) {
        yield* answering(handler)
        assert.notInclude(tell(yield* askServer({ budgetMs: 100 })), secret)
      }
      for (const api_key of [`${secret}\n`, `${secret}字`]) {
        const broken = yield* askServer({ api: { api_key }, budgetMs: 100 })
        assert.notInclude(tell(broken), secret)
        assert.strictEqual(broken.end, "LlmUnreachable")
      }
      assert.isFalse(yield* available)
    }).pipe(Effect.provide(world)))
})
