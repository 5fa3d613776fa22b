import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Bus } from "../support/Bus.ts"
import { eventually } from "../support/eventually.ts"
import { answerTo, completionOf, LlmDouble } from "../support/LlmDouble.ts"
import { NatsServer } from "../support/NatsServer.ts"
import { fileWith, freePort, llmBot, takenPort } from "../support/Program.ts"
import { commands, get, health, say } from "../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

const example = readFileSync("config/config.example.yaml", "utf8")

/** The example configuration with a second channel and a port that is free. */
const exampleWith = (port: number): string =>
  example.replace("port: 8080", `port: ${port}`).replace("\nbot:\n", "\n  - name: Other\nbot:\n")

const environment = Effect.gen(function*() {
  const { url: NATS_URL } = yield* NatsServer
  const { url: LLM_BASE_URL } = yield* LlmDouble
  return { NATS_URL, LLM_BASE_URL, LLM_API_KEY: "key-that-is-secret", LLM_MODEL: "double" }
})

const start = Effect.fnUntraced(function*() {
  const port = yield* freePort
  const config = yield* fileWith("config.yaml", exampleWith(port))
  const program = yield* llmBot(["run", "--config", config], yield* environment)
  yield* program.logged("Bot ready")
  return { program, port }
})

describe("llm-bot run", () => {
  it.live("answers a mention with the example configuration, once, each channel its own", () =>
    Effect.gen(function*() {
      const { port, program } = yield* start()
      yield* say("mychannel", "ana", "@MyBot hello", "mychannel-ana")
      yield* say("other", "bob", "MyBot, what is on?", "other-bob")
      const seen = yield* commands(2)
      const byChannel = [...seen].toSorted((a, b) => a.subject.localeCompare(b.subject))
      assert.deepStrictEqual(
        byChannel.map(({ body, headers, subject }) => [subject, body, headers["Correlation-Id"]]),
        [
          [
            "cytube.commands.mychannel.chat",
            JSON.stringify({ action: "chat", data: { message: answerTo("@MyBot hello") } }),
            "mychannel-ana"
          ],
          [
            "cytube.commands.other.chat",
            JSON.stringify({ action: "chat", data: { message: answerTo("MyBot, what is on?") } }),
            "other-bob"
          ]
        ]
      )
      const { channels, metrics, status } = yield* health(port)
      assert.strictEqual(status, "healthy")
      assert.deepStrictEqual(channels, { mychannel: "active", Other: "active" })
      assert.deepStrictEqual(metrics, { events_received: 2, triggers_fired: 2, responses_sent: 2 })
      assert.strictEqual((yield* get(port, "/readyz")).status, 200)
      assert.strictEqual((yield* get(port, "/livez")).status, 200)
      assert.strictEqual((yield* get(port, "/elsewhere")).status, 404)
      assert.strictEqual((yield* get(port, "/health", { method: "POST" })).status, 405)
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
      const output = yield* program.output
      assert.notInclude(output, "key-that-is-secret")
      assert.notInclude(output, "hello")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("a slow model delays neither its own channel's intake nor the other channel, and SIGTERM waits for the reply", () =>
    Effect.gen(function*() {
      const { program } = yield* start()
      const llm = yield* LlmDouble
      yield* llm.behave({ delayMs: 4_000, body: () => completionOf("The slow answer at last") })
      yield* say("mychannel", "ana", "@MyBot slowly please")
      yield* eventually("the slow call", llm.calls, (calls) => calls.some(({ body }) => body.includes("slowly")))
      yield* llm.behave({ delayMs: 0, body: () => completionOf("The quick answer now") })
      yield* say("mychannel", "bob", "MyBot and me?")
      yield* say("other", "cyd", "MyBot quickly please")
      const [first] = yield* commands(1)
      assert.include(first?.body, "The quick answer now")
      // Bob's mention met the cooldown while the model was still thinking about Ana's.
      const suppressed = yield* program.logged("Trigger suppressed")
      assert.strictEqual(suppressed["reason"], "cooldown")
      assert.lengthOf(yield* commands(1), 1, "the slow answer is still to come")
      yield* program.signal("SIGTERM")
      yield* program.logged("Intake stopped")
      const all = yield* commands(2)
      assert.include(all[1]?.body, "The slow answer at last")
      assert.strictEqual(yield* program.exit, 0)
      const order = (yield* program.logs).map(({ message }) => message)
      const steps = ["Shutdown initiated", "Intake stopped", "Replies finished", "NATS closed"]
      assert.deepStrictEqual(order.filter((message) => steps.some((step) => step === message)), steps)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("a second signal ends it at once with 3", () =>
    Effect.gen(function*() {
      const { program } = yield* start()
      const llm = yield* LlmDouble
      yield* llm.behave({ delayMs: 20_000 })
      yield* say("mychannel", "ana", "@MyBot hello")
      yield* program.logged("Trigger fired")
      yield* program.signal("SIGTERM")
      yield* program.logged("Intake stopped")
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 3)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("a taken health port ends it with 3 and one readable line", () =>
    Effect.gen(function*() {
      const config = yield* fileWith("config.yaml", exampleWith(yield* takenPort))
      const program = yield* llmBot(["run", "--config", config], yield* environment)
      assert.strictEqual(yield* program.exit, 3)
      const failures = (yield* program.logs).filter(({ level }) => level === "CRITICAL")
      assert.lengthOf(failures, 1)
      assert.include(String(failures[0]?.["error"]), "EADDRINUSE")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("NATS out of reach: tried again with pauses, then 2", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const config = yield* fileWith("config.yaml", example.replace("connect_attempts: 5", "connect_attempts: 2"))
      const env = {
        NATS_URL: `nats://127.0.0.1:${port}`,
        LLM_BASE_URL: "http://127.0.0.1:1/v1",
        LLM_API_KEY: "k",
        LLM_MODEL: "m"
      }
      const program = yield* llmBot(["run", "--config", config], env)
      assert.strictEqual(yield* program.exit, 2)
      const logs = yield* program.logs
      const attempts = logs.filter(({ message }) => message === "NATS connection failed")
      assert.lengthOf(attempts, 2)
      const [first, second] = attempts.map(({ timestamp }) => Date.parse(String(timestamp)))
      assert.isAtLeast((second ?? 0) - (first ?? 0), 900)
      assert.include(String(logs.at(-1)?.["error"]), "connection refused")
    }).pipe(Effect.scoped))

  const wrongConfigurations = [
    ["a missing file", undefined, "cannot be read"],
    ["broken YAML", "nats: [", "error:"],
    [
      "a missing field",
      "nats: { servers: [\"nats://x\"] }\nchannels: [{ name: a }]\nbot: {}\nllm_api: { base_url: \"http://x/v1\", api_key: k, model: m }\n",
      "bot.username: this field is required"
    ],
    ["an unset variable", example, "the environment variable NATS_URL is not set"]
  ] as const

  it.live("--record-anonymous without a file to record to: one readable line, exit 1", () =>
    Effect.gen(function*() {
      const program = yield* llmBot(["run", "--config", "/no/such/config.yaml", "--record-anonymous"])
      assert.strictEqual(yield* program.exit, 1)
      assert.deepStrictEqual((yield* program.logs).map(({ error, level }) => [level, String(error)]), [
        ["CRITICAL", "--record-anonymous says how to record; where to is missing: --record FILE"]
      ])
    }).pipe(Effect.scoped))

  for (const [what, text, says] of wrongConfigurations) {
    it.live(`${what}: one readable line each problem, exit 1`, () =>
      Effect.gen(function*() {
        const config = text === undefined ? "/no/such/config.yaml" : yield* fileWith("config.yaml", text)
        const program = yield* llmBot(["run", "--config", config])
        assert.strictEqual(yield* program.exit, 1)
        const [line] = yield* program.logs
        assert.strictEqual(line?.["level"], "CRITICAL")
        assert.include(String(line?.["error"]), says)
        assert.notInclude(yield* program.output, "    at ")
      }).pipe(Effect.scoped))
  }
})
