import type { ServerResponse } from "node:http"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { LlmClient } from "../../../src/services/LlmClient.ts"
import { eventually } from "../../support/eventually.ts"
import { completionOf } from "../../support/LlmDouble.ts"
import { type ask, askServer, secret, world } from "../../support/LlmAsking.ts"
import { answering, chunk, drips, hangs, type LlmHandler, LlmServer, says, streamEnd } from "../../support/LlmServer.ts"

const ok = says(200, completionOf("Hello there!"))
/** Time of the world for a few parts to arrive. */
const someMs = Effect.sleep("150 millis")
const requests = Effect.flatMap(LlmServer, ({ asked }) => Effect.map(asked, ({ length }) => length))

// Each has a server of its own, and whoever hangs is waited for at the same time as the others.
describe.concurrent("a server that", () => {
  const page = `<html>${"<br>".repeat(1000)}</html>`
  const thinking = (text: string) => `data: {"choices":[{"delta":{"reasoning_content":"${text}"}}]}\n\n`
  const wholeThen = (end: (response: ServerResponse) => void): LlmHandler => (_, response) => {
    response.writeHead(200).write(chunk("Hello there") + streamEnd, () => setTimeout(() => end(response), 20))
  }
  const forever = (part: string): LlmHandler => drips(() => part, 1)
  const rows: ReadonlyArray<readonly [what: string, handler: LlmHandler, end: string, aborts: number]> = [
    ["never answers", hangs, "LlmTimeout", 1],
    ["answers with nothing but headers", (_, response) => void response.writeHead(200).flushHeaders(), "LlmTimeout", 1],
    ["drips a byte at a time", drips((index) => chunk("Hello").charAt(index % 60), 100), "LlmTimeout", 1],
    ["only says that it is alive", drips(() => ": ping\n\n", 50), "LlmTimeout", 1],
    [
      "thinks for ever",
      drips(() => thinking("hm"), 20),
      "LlmTimeout",
      1
    ],
    ["finishes and does not hang up", drips((index) => index === 0 ? chunk("Hello") : "", 50), "LlmTimeout", 1],
    ["sends a page", says(200, page, { "content-type": "text/html" }), "LlmBadAnswer", 0],
    ["sends garbage", says(200, "\u0000\u0001\uFFFD".repeat(100)), "LlmBadAnswer", 0],
    [
      "sends bytes that are no text",
      (_, response) => void response.writeHead(200).end(Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80])),
      "LlmBadAnswer",
      0
    ],
    ["sends other JSON", says(200, "{\"models\":[]}"), "LlmBadAnswer", 0],
    ["sends half of it", says(200, completionOf("Hello").slice(0, 60)), "LlmBroken", 0],
    ["tears its stream", says(200, `${chunk("Hello there.")}${chunk("And th").slice(0, 30)}`), "LlmBroken", 0],
    ["ends without an end inside a sentence", says(200, chunk("Hello there, I")), "LlmBroken", 0],
    ["ends without an end behind a sentence", says(200, chunk("Hello there.")), "Hello there.", 0],
    ["breaks behind an answer", wholeThen((response) => void response.destroy()), "Hello there", 1],
    ["sends nothing", says(200, ""), "LlmBadAnswer", 0],
    ["has no content", says(204, ""), "LlmBadAnswer", 0],
    ["hangs up", (_, response) => void response.destroy(), "LlmUnreachable", 1],
    ["speaks no HTTP", (_, response) => void response.socket?.end("SSH-2.0-OpenSSH_9.6\r\n"), "LlmUnreachable", 1],
    ["sends JSON without an end", forever(`{"choices":${" ".repeat(50_000)}`), "LlmBadAnswer", 1],
    ["sends a page without an end", forever(`<html>${page.repeat(20)}`), "LlmBadAnswer", 1],
    ["thinks as fast as it can", forever(thinking("hm ".repeat(300_000))), "LlmBadAnswer", 1],
    ["says as fast as it can that it is alive", forever(`: ${"ping ".repeat(200_000)}\n\n`), "LlmBadAnswer", 1],
    ["sends blanks as fast as it can", forever(" ".repeat(1_000_000)), "LlmBadAnswer", 1],
    ["says the same without an end", forever(chunk("blah ".repeat(180_000))), "LlmBadAnswer", 1],
    ["sends an event without an end", forever(`data: ${"x".repeat(50_000)}`), "LlmBadAnswer", 1],
    [
      "fails without an end",
      (_, response) => {
        response.writeHead(500).write("oh no")
      },
      "LlmServerFailed",
      1
    ],
    [
      "refuses without an end",
      (_, response) => {
        response.writeHead(401).write("oh no")
      },
      "LlmRejected",
      1
    ],
    ["sends the wrong length", says(200, completionOf("Hello"), { "content-length": "100000" }), "LlmTimeout", 0],
    ["leads in circles", says(307, "", { location: "/v1/chat/completions" }), "LlmRedirected", 0]
  ]
  it.effect.each(rows)(
    "%s: ends in time with an error that says so, and nothing is left open",
    ([, handler, end, aborts]) =>
      Effect.gen(function*() {
        const { aborted, idle } = yield* LlmServer
        yield* answering(handler)
        const asking = yield* Effect.forkChild(askServer({ budgetMs: 600 }), { startImmediately: true })
        // Simulated time stands still for who ends by himself; the others have read some of it when their time is over.
        if (end === "LlmTimeout") {
          yield* TestClock.withLive(Effect.andThen(eventually("the request", requests, (count) => count === 1), someMs))
          yield* TestClock.adjust(600)
        }
        const asked = yield* Fiber.join(asking)
        assert.strictEqual(asked.end, end)
        assert.strictEqual(asked.attempts.length, 1)
        yield* TestClock.withLive(idle)
        assert.strictEqual(yield* aborted, aborts)
      }).pipe(Effect.provide(world))
  )

  it.effect("writes without an end is read to a million characters", () =>
    Effect.gen(function*() {
      const { aborted, idle } = yield* LlmServer
      yield* answering(drips((index) => chunk(`${index} `.padEnd(50_000, "blah ")), 1))
      const { result } = yield* askServer({ budgetMs: 3_000 })
      assert.isBelow(Result.getOrThrow(result).text.length, 1_100_000)
      yield* TestClock.withLive(idle)
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

  const handlers: ReadonlyArray<LlmHandler> = [
    says(400, secret),
    says(401, secret),
    says(500, secret),
    says(429, secret),
    says(200, secret),
    hangs
  ]
  it.live("never tells its key, whatever goes wrong, not even one that is no header", () =>
    Effect.gen(function*() {
      const { available } = yield* LlmClient
      const tell = ({ attempts, result }: Effect.Success<ReturnType<typeof ask>>) =>
        inspect([attempts, result], { depth: 20 }) + JSON.stringify([attempts, result])
      for (const handler of handlers) {
        yield* answering(handler)
        assert.notInclude(tell(yield* askServer({ budgetMs: 100 })), secret)
      }
      yield* answering(ok)
      for (const api_key of [`${secret}\nX: y`, `${secret}字`]) {
        const broken = yield* askServer({ api: { api_key }, budgetMs: 100 })
        assert.notInclude(tell(broken), secret)
        assert.deepStrictEqual([broken.end, yield* requests], ["LlmKeyUnusable", 0])
      }
      assert.isFalse(yield* available)
    }).pipe(Effect.provide(world)))
})
