import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Result, Schema } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { stopConditionFor } from "../../../src/domain/reply/StopCondition.ts"
import { ResponseProcessing } from "../../../src/domain/settings/ResponseSettings.ts"
import { layerNoDeps } from "../../../src/layers/llm/LlmOpenAi.ts"
import { LlmClient } from "../../../src/services/LlmClient.ts"
import { completionOf } from "../../support/LlmDouble.ts"
import { ask, askServer, configured, world } from "../../support/LlmAsking.ts"
import { answering, chunk, drips, LlmServer, says, streamEnd } from "../../support/LlmServer.ts"

const fixture = (name: string): string => {
  const text = readFileSync(resolve(import.meta.dirname, "../../fixtures/llm", name), "utf8")
  return text.slice(text.indexOf("\n") + 1)
}
const ok = says(200, completionOf("Hello there!"))
const askedModels = Effect.flatMap(LlmServer, ({ asked }) => Effect.map(asked, (all) => all.map(({ model }) => model)))
const askedStreams = Effect.flatMap(
  LlmServer,
  ({ asked }) => Effect.map(asked, (all) => all.map(({ stream }) => stream))
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
      const cutting = yield* Effect.forkChild(askServer({ enough: () => stopConditionFor(response, ["MovieBot"]) }), {
        startImmediately: true
      })
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
    const client = HttpClient.make((request) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const index = request.method === "POST" ? times.push(now) - 1 : 0
        return HttpClientResponse.fromWeb(request, new Response("{}", { status: statuses[index] ?? 500 }))
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
    }).pipe(Effect.provide(layerNoDeps.pipe(
      Layer.provide(Layer.mergeAll(Layer.succeed(HttpClient.HttpClient, client), configured("http://llm.test/v1")))
    )))
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
      for (const status of [400, 401, 403, 404, 408, 422]) {
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
  it.live.each([400, 404, 422])(
    "and says so with %i is asked again without, and that is remembered",
    (status) =>
      Effect.gen(function*() {
        yield* answering(says(status), ok)
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        assert.strictEqual((yield* askServer()).end, "Hello there!")
        assert.deepStrictEqual(yield* askedStreams, [true, false, false])
      }).pipe(Effect.provide(world))
  )

  it.live("nor answers otherwise is asked twice, and nothing is remembered", () =>
    Effect.gen(function*() {
      yield* answering(says(404), says(404), ok)
      assert.strictEqual((yield* askServer({ api: { retry_attempts: 2 } })).end, "LlmRejected")
      assert.strictEqual((yield* askServer()).end, "Hello there!")
      assert.deepStrictEqual(yield* askedStreams, [true, false, true])
    }).pipe(Effect.provide(world)))

  it.live("is not asked to where streaming is off", () =>
    Effect.gen(function*() {
      yield* answering(ok)
      yield* askServer({ api: { stream: false } })
      assert.deepStrictEqual(yield* askedStreams, [false])
    }).pipe(Effect.provide(world)))
})
