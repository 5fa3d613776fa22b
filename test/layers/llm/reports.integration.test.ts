import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { completionOf } from "../../support/LlmDouble.ts"
import { askServer, world } from "../../support/LlmAsking.ts"
import { answering, chunk, hangs, type LlmHandler, LlmServer, says, streamEnd } from "../../support/LlmServer.ts"

// What people reported of the way to their model's server, tried on this client; each names its source.

const ok = says(200, completionOf("Hello there!"))
const fallback = (base_url: string, model: string) => ({ base_url, api_key: "k", model, timeout_seconds: 0.4 })

describe("a report", () => {
  it.live("ReflexioAI/reflexio#176: the fallback is reachable when the primary hangs, whatever it may be retried", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* LlmServer
      yield* answer((call, response, index) => (call.model === "first" ? hangs : ok)(call, response, index))
      const api = { timeout_seconds: 0.4, retry_attempts: 9, fallbacks: [fallback(url, "second")] }
      const { attempts, end } = yield* askServer({ api, budgetMs: 3_000 })
      assert.deepStrictEqual([end, attempts.map(({ model }) => model)], ["Hello there!", ["first", "second"]])
    }).pipe(Effect.provide(world)))

  it.live("konbakuyomu/smartsearch#28: a fallback takes no time from a primary that has its own", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* LlmServer
      const slow: LlmHandler = (call, response, index) => void setTimeout(() => ok(call, response, index), 300)
      yield* answer((call, response, index) => (call.model === "first" ? slow : says(404))(call, response, index))
      const api = { timeout_seconds: 5, fallbacks: [{ ...fallback(url, "missing"), timeout_seconds: 5 }] }
      const { attempts, end } = yield* askServer({ api, budgetMs: 10_000 })
      assert.deepStrictEqual([end, attempts.map(({ model }) => model)], ["Hello there!", ["first"]])
    }).pipe(Effect.provide(world)))

  it.live("mnfst/llm-gateway#1119: a chain that is exhausted ends, and does not begin again", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* LlmServer
      yield* answering(says(503))
      const api = { retry_attempts: 1, retry_delay_seconds: 0.01, fallbacks: [fallback(url, "second")] }
      assert.strictEqual((yield* askServer({ api, budgetMs: 30_000 })).end, "LlmServerFailed")
      assert.deepStrictEqual((yield* asked).map(({ model }) => model), ["first", "first", "second", "second"])
    }).pipe(Effect.provide(world)))

  it.live("openai/openai-agents-python#442: Mistral answers 422 to stream_options.include_usage, and streams", () =>
    Effect.gen(function*() {
      const { answer, asked } = yield* LlmServer
      yield* answer((call, response, index) =>
        (call.stream_options === undefined
          ? says(200, chunk("Hello there!") + streamEnd, { "content-type": "text/event-stream" })
          : says(422, "{\"message\":{\"detail\":[{\"type\":\"extra_forbidden\"}]}}"))(call, response, index)
      )
      const { result } = yield* askServer()
      assert.deepInclude(Result.getOrThrow(result), { text: "Hello there!", estimated: true })
      assert.deepStrictEqual((yield* asked).map(({ stream }) => stream), [true, true])
    }).pipe(Effect.provide(world)))

  it.live("sashabaranov/go-openai#556: a line end behind the key is not part of it", () =>
    Effect.gen(function*() {
      const { asked } = yield* LlmServer
      yield* answering(ok)
      assert.strictEqual((yield* askServer({ api: { api_key: "sk-abc\n" } })).end, "Hello there!")
      assert.deepStrictEqual((yield* asked).map(({ headers }) => headers.authorization), ["Bearer sk-abc"])
    }).pipe(Effect.provide(world)))
})
