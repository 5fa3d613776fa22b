import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { speakersOf } from "../../../src/domain/reply/Transcript.ts"
import { stopConditionFor } from "../../../src/domain/reply/StopCondition.ts"
import { ResponseProcessing } from "../../../src/domain/settings/ResponseSettings.ts"
import { layerNoDeps } from "../../../src/layers/llm/LlmOpenAi.ts"
import * as LlmHttp from "../../../src/layers/llm/LlmHttp.ts"
import { LlmClient } from "../../../src/services/LlmClient.ts"
import { completionOf } from "../../support/LlmDouble.ts"
import { ask, askServer, configured, secret, world } from "../../support/LlmAsking.ts"
import { withoutSocket } from "../../support/LlmWithoutSocket.ts"
import { answering, chunk, drips, type LlmHandler, LlmServer, says, streamEnd } from "../../support/LlmServer.ts"

const fixture = (name: string): string => {
  const text = readFileSync(resolve(import.meta.dirname, "../../fixtures/llm", name), "utf8")
  return text.slice(text.indexOf("\n") + 1)
}
const ok = says(200, completionOf("Hello there!"))
const askedModels = Effect.flatMap(LlmServer, ({ asked }) => Effect.map(asked, (all) => all.map(({ model }) => model)))
const askedDialects = Effect.flatMap(
  LlmServer,
  ({ asked }) =>
    Effect.map(
      asked,
      (all) =>
        all.map(({ stream, stream_options }) =>
          stream ? stream_options?.include_usage === true ? "usage" : "stream" : "body"
        )
    )
)

describe("an answer", () => {
  const response = Schema.decodeSync(ResponseProcessing)({})
  const words = [
    "I",
    " think",
    " this",
    " film",
    " is",
    " really",
    " good",
    ".",
    " It",
    " has",
    " songs",
    " and",
    " nobody",
    " dies",
    "."
  ]

  it.live("that comes at 30 tokens a second is left as soon as it is long enough", () =>
    Effect.gen(function*() {
      const { aborted, answer, idle } = yield* LlmServer
      // The two requests are counted apart.
      const sent: Array<number> = []
      yield* answer((asked, httpResponse, index) =>
        drips(
          (token) =>
            token < 85
              ? (sent[index] = token + 1, chunk(words[token % words.length] ?? ""))
              : token === 85
              ? streamEnd
              : undefined,
          1000 / 30
        )(asked, httpResponse, index)
      )
      const cutting = yield* Effect.forkChild(
        askServer({ enough: () => stopConditionFor(response, speakersOf(["MovieBot"], [])) }),
        {
          startImmediately: true
        }
      )
      yield* Effect.repeat(askedModels, { until: ({ length }) => length === 1 })
      const whole = yield* askServer()
      const cut = yield* Fiber.join(cutting)
      yield* idle
      const [cutTokens = 0, wholeTokens = 0] = sent
      const seconds = (whole.tookMs - cut.tookMs) / 1000
      console.log(
        `cut: ${cutTokens} of ${wholeTokens} tokens, ${(cut.tookMs / 1000).toFixed(2)} s; whole: ${
          (whole.tookMs / 1000).toFixed(2)
        } s; saved: ${wholeTokens - cutTokens} tokens, ${seconds.toFixed(2)} s; first text after ${
          Math.round(cut.attempts[0]?.firstTextMs ?? 0)
        } ms`
      )
      assert.strictEqual(yield* aborted, 1)
      assert.strictEqual(wholeTokens, 85)
      assert.isBelow(cutTokens, 65)
      assert.isAbove(seconds, 0.5)
      assert.isBelow(cut.attempts[0]?.firstTextMs ?? Infinity, cut.tookMs / 2)
      const { estimated, finishReason, text } = Result.getOrThrow(cut.result)
      assert.deepStrictEqual([estimated, finishReason], [true, "cut"])
      assert.isTrue(Result.getOrThrow(whole.result).text.startsWith(text))
    }).pipe(Effect.provide(world)))

  it.live("has the server's tokens, or its characters / 4, marked as estimated", () =>
    Effect.gen(function*() {
      const tokens = (name: string) =>
        Effect.gen(function*() {
          yield* answering(says(200, fixture(name), { "content-type": "text/event-stream" }))
          const { estimated, inputTokens, model, outputTokens, text } = Result.getOrThrow((yield* askServer()).result)
          assert.deepStrictEqual([text, model], ["Hello there, Ana!", "first"])
          return [inputTokens, outputTokens, estimated]
        })
      assert.deepStrictEqual(yield* tokens("openai.txt"), [19, 6, false])
      assert.deepStrictEqual(yield* tokens("openai-body.txt"), [19, 6, false])
      assert.deepStrictEqual(yield* tokens("llamacpp.txt"), [43, 6, false])
      assert.deepStrictEqual(yield* tokens("ollama.txt"), [10, 5, true])
    }).pipe(Effect.provide(world)))

  const errors: ReadonlyArray<readonly [fixture: string, end: string]> = [
    ["openrouter-error.txt", "LlmServerFailed"],
    ["openrouter-error-rate-limit.txt", "LlmRateLimited"],
    ["openrouter-error-body.txt", "LlmServerFailed"],
    ["llamacpp-error.txt", "LlmServerFailed"],
    ["llamacpp-error-body.txt", "LlmRejected"],
    ["vllm-error.txt", "LlmServerFailed"],
    ["lmstudio-error.txt", "LlmServerFailed"],
    ["openai-refusal.txt", "LlmEmpty"],
    ["openai-tool-calls.txt", "LlmEmpty"],
    ["vllm-length.txt", "LlmEmpty"],
    ["proxy.txt", "LlmBadAnswer"]
  ]
  it.live.each(errors)(
    "that is none is a typed error, whatever the status says: %s",
    ([name, expected]) =>
      Effect.gen(function*() {
        yield* answering(says(200, fixture(name), { "content-type": "text/event-stream" }))
        assert.strictEqual((yield* askServer()).end, expected)
      }).pipe(Effect.provide(world))
  )
})

describe("failures", () => {
  it.effect("that may pass are tried again, later each time, so often as configured", () => {
    const statuses = [500, 502, 503]
    const times: Array<number> = []
    const server = withoutSocket((isCompletion) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const index = isCompletion ? times.push(now) - 1 : 0
        return { status: statuses[index] ?? 500, body: "{}" }
      })
    )
    return Effect.gen(function*() {
      const asking = yield* Effect.forkChild(ask({ api: { retry_attempts: 2 } }), { startImmediately: true })
      // The two pauses at the most.
      yield* Effect.repeat(TestClock.adjust(1), { times: 120 + 240 })
      const { attempts, end } = yield* Fiber.join(asking)
      assert.deepStrictEqual([end, times.length], ["LlmServerFailed", 3])
      assert.deepStrictEqual(attempts.map(({ attempt, status }) => [attempt, status]), [[1, "error"], [2, "error"], [
        3,
        "error"
      ]])
      // 100 and 200 ms, a fifth more or less.
      const [first = 0, second = 0, third = 0] = times
      assert.isAtLeast(second - first, 80)
      assert.isAtMost(second - first, 120)
      assert.isAtLeast(third - second, 160)
      assert.isAtMost(third - second, 240)
    }).pipe(Effect.provide(server))
  })

  it.live("end with the first answer", () =>
    Effect.gen(function*() {
      yield* answering(says(500), (_, response) => void response.destroy(), ok)
      const { attempts, end } = yield* askServer({ api: { retry_attempts: 5, retry_delay_seconds: 0.01 } })
      assert.deepStrictEqual([end, attempts.map(({ status }) => status)], ["Hello there!", [
        "error",
        "error",
        "success"
      ]])
    }).pipe(Effect.provide(world)))

  it.live("in the middle of a stream are failures", () =>
    Effect.gen(function*() {
      yield* answering((_, response) => {
        response.writeHead(200).write(chunk("Hello"))
        setTimeout(() => void response.destroy(), 10)
      }, ok)
      assert.strictEqual((yield* askServer()).end, "LlmUnreachable")
      assert.strictEqual((yield* askServer()).end, "Hello there!")
    }).pipe(Effect.provide(world)))

  // Simulated time stands still: whoever waits never ends.
  it.effect("are not waited for beyond the time there is", () =>
    Effect.gen(function*() {
      yield* answering(says(500))
      const { attempts, end } = yield* askServer({
        api: { retry_attempts: 2, retry_delay_seconds: 1 },
        budgetMs: 500
      })
      assert.deepStrictEqual([end, attempts.length], ["LlmServerFailed", 1])
    }).pipe(Effect.provide(world)))

  it.live("that are the request's own are not tried again", () =>
    Effect.gen(function*() {
      for (const status of [400, 401, 403, 404, 408, 422, 402]) {
        yield* answering(says(status))
        const { end } = yield* askServer({ api: { retry_attempts: 2, stream: false } })
        assert.deepStrictEqual([end, yield* askedModels], ["LlmRejected", ["first"]])
      }
    }).pipe(Effect.provide(world)))

  it.live("say whether the server is available, and an answer says it is again", () =>
    Effect.gen(function*() {
      const { available } = yield* LlmClient
      yield* answering(says(401), ok)
      yield* askServer({ api: { stream: false } })
      assert.isFalse(yield* available)
      yield* askServer()
      assert.isTrue(yield* available)
    }).pipe(Effect.provide(world)))
})

describe("a server that does not stream", () => {
  it.live("and says so with 404 is asked again without, and that is remembered", () =>
    Effect.gen(function*() {
      yield* answering(says(404), ok)
      assert.strictEqual((yield* askServer()).end, "Hello there!")
      assert.strictEqual((yield* askServer()).end, "Hello there!")
      assert.deepStrictEqual(yield* askedDialects, ["usage", "body", "body"])
    }).pipe(Effect.provide(world)))

  it.live.each([400, 422])(
    "and says so with %i is asked without usage, then without a stream, and that is remembered",
    (status) =>
      Effect.gen(function*() {
        yield* answering(says(status), says(status), ok)
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        assert.deepStrictEqual(yield* askedDialects, ["usage", "stream", "body", "body"])
      }).pipe(Effect.provide(world))
  )

  it.live.each([400, 422])(
    "its usage and says so with %i is asked for the stream alone, and that is remembered",
    (status) =>
      Effect.gen(function*() {
        yield* answering(says(status), ok)
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        assert.deepStrictEqual(yield* askedDialects, ["usage", "stream", "stream"])
      }).pipe(Effect.provide(world))
  )

  it.live("its usage, and the operator knows it, is asked as extra_body says", () =>
    Effect.gen(function*() {
      const { asked } = yield* LlmServer
      yield* answering(ok)
      yield* askServer({ api: { extra_body: { stream_options: { include_usage: false } } } })
      assert.deepStrictEqual((yield* asked).map(({ stream_options }) => stream_options), [{ include_usage: false }])
    }).pipe(Effect.provide(world)))

  it.live("nor answers otherwise is asked twice, and nothing is remembered", () =>
    Effect.gen(function*() {
      yield* answering(says(404), says(404), ok)
      assert.strictEqual((yield* askServer({ api: { retry_attempts: 2 } })).end, "LlmRejected")
      assert.strictEqual((yield* askServer()).end, "Hello there!")
      assert.deepStrictEqual(yield* askedDialects, ["usage", "body", "usage"])
    }).pipe(Effect.provide(world)))

  it.live("is not asked to where streaming is off", () =>
    Effect.gen(function*() {
      yield* answering(ok)
      yield* askServer({ api: { stream: false } })
      assert.deepStrictEqual(yield* askedDialects, ["body"])
    }).pipe(Effect.provide(world)))
})

describe("a redirect", () => {
  it.live.each([301, 302, 307, 308])(
    "with %i within the server is followed with everything",
    (status) =>
      Effect.gen(function*() {
        const { asked } = yield* LlmServer
        yield* answering(says(status, "", { location: "/v2/chat/completions" }), ok)
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        const all = yield* asked
        assert.deepStrictEqual(all.map(({ headers, path }) => [path, headers.authorization]), [
          ["/v1/chat/completions", `Bearer ${secret}`],
          ["/v2/chat/completions", `Bearer ${secret}`]
        ])
      }).pipe(Effect.provide(world))
  )

  it.live.each([301, 302, 303, 307, 308])(
    "with %i elsewhere is an error that names where to, and nobody is told",
    (status) =>
      Effect.gen(function*() {
        const { answer } = yield* LlmServer
        const other = yield* LlmServer.make
        yield* other.answer(ok)
        yield* answer(says(status, "", { location: `${other.url}/chat/completions?what=was said` }))
        const { attempts, end, result } = yield* askServer({ api: { retry_attempts: 2 } })
        assert.deepStrictEqual([end, attempts.length, yield* other.asked], ["LlmRedirected", 1, []])
        const message = Result.isFailure(result) ? result.failure.message : ""
        assert.include(message, new URL(other.url).origin)
        assert.notInclude(message, "said")
      }).pipe(Effect.provide(world), Effect.scoped)
  )
})

describe("an address", () => {
  it.live("may hold a query, which stays behind the path", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* LlmServer
      yield* answering(ok)
      assert.strictEqual((yield* ask({ url: `${url}/?api-version=2024-10-21` })).end, "Hello there!")
      assert.deepStrictEqual((yield* asked).map(({ path }) => path), ["/v1/chat/completions?api-version=2024-10-21"])
    }).pipe(Effect.provide(world)))
})

describe("a server that says nothing for long", () => {
  // fetch gives up after 300 s. The only limit of ours below `timeout_seconds` is that of idle connections.
  const world = Layer.unwrap(
    Effect.map(
      LlmServer,
      ({ url }) => layerNoDeps.pipe(Layer.provide(LlmHttp.layer(50)), Layer.provide(configured(url)))
    )
  ).pipe(Layer.provideMerge(LlmServer.layer))

  it.live("is waited for, longer than an idle connection is kept", () =>
    Effect.gen(function*() {
      yield* answering((call, response, index) => void setTimeout(() => ok(call, response, index), 500))
      assert.strictEqual((yield* askServer({ api: { timeout_seconds: 600 } })).end, "Hello there!")
    }).pipe(Effect.provide(world)))
})

describe("a connection", () => {
  /** Streams an answer to the protocol's end, and ends the response where told to. */
  const streams = (end: boolean, ports: Array<number | undefined>): LlmHandler => (_, response) => {
    ports.push(response.socket?.remotePort)
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.write(
      `${chunk("Hello there!")}${streamEnd}data: [DONE]\n\n`,
      () => end && setTimeout(() => response.end(), 5)
    )
  }

  it.live("is kept for the next request, though the end of the answer comes after its text", () =>
    Effect.gen(function*() {
      const { aborted, idle } = yield* LlmServer
      const ports: Array<number | undefined> = []
      yield* answering(streams(true, ports))
      for (let asked = 0; asked < 6; asked++) {
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        yield* idle
      }
      // The next request may be quicker than the end.
      assert.isBelow(new Set(ports).size, ports.length)
      assert.strictEqual(yield* aborted, 0)
    }).pipe(Effect.provide(world)))

  it.live("that stays open behind the answer is given up, and nobody waits for it", () =>
    Effect.gen(function*() {
      const { aborted, idle } = yield* LlmServer
      const ports: Array<number | undefined> = []
      yield* answering(streams(false, ports))
      assert.strictEqual((yield* askServer()).end, "Hello there!")
      assert.strictEqual(yield* aborted, 0)
      yield* idle
      assert.strictEqual(yield* aborted, 1)
    }).pipe(Effect.provide(world)))
})
