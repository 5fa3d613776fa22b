import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { Bus } from "../support/Bus.ts"
import { completionOf, LlmDouble } from "../support/LlmDouble.ts"
import { NatsServer } from "../support/NatsServer.ts"
import type { Program } from "../support/Program.ts"
import { eventually } from "../support/eventually.ts"
import { commands, configOnDisk, get, health, metric, say, secret, startWith } from "../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

const marker = "zanzibar"
const levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

const suppressedByChannel =
  "triggers_suppressed_total{channel=\"lobby\",trigger_type=\"mention\",reason=\"rate_limit_channel\"}"

/** OPERATIONS, logs. */
const fixedMessages = {
  "Event received": "DEBUG",
  "Trigger evaluated": "DEBUG",
  "LLM API request sent": "DEBUG",
  "Trigger fired": "INFO",
  "Trigger suppressed": "INFO",
  "LLM API response received": "INFO",
  "Command sent": "INFO",
  "Bot ready": "INFO",
  "Shutdown initiated": "INFO",
  "Configuration reloaded": "INFO",
  "Invalid event": "WARNING",
  "LLM API attempt failed": "WARNING",
  "LLM API request failed": "ERROR",
  "NATS disconnected": "ERROR",
  "Configuration reload failed": "ERROR"
}

/** Everything the program ever said: its log, and what HTTP answers, asked for again and again. */
const overhear = Effect.fnUntraced(function*(program: Program, port: number) {
  let heard = ""
  const listen = Effect.forEach(
    ["/health", "/metrics", "/readyz"],
    (path) =>
      Effect.map(Effect.exit(get(port, path)), (answer) => {
        heard += JSON.stringify(answer)
      })
  )
  yield* Effect.forkScoped(Effect.repeat(listen, Schedule.spaced("200 millis")))
  return { everything: Effect.map(program.output, (output) => output + heard) }
})

/** Lines of a kind by their level. */
const levelsOf = (program: Program, message: string) =>
  Effect.map(
    program.logs,
    (lines) => [...new Set(lines.filter((line) => line["message"] === message).map(({ level }) => level))]
  )

describe("operating the bot", () => {
  it.live("start, traffic, reloads, NATS and the model lost and back, SIGTERM with work in flight", () =>
    Effect.gen(function*() {
      const llm = yield* LlmDouble
      const nats = yield* NatsServer
      const answer = completionOf(`An answer about ${marker} for you`)
      const config = yield* configOnDisk({ log_level: "DEBUG" })
      const { port } = config
      const program = yield* startWith(config)
      const { everything } = yield* overhear(program, port)
      yield* llm.behave({ body: () => answer })

      // Traffic: a reply, a line for nobody, an event that cannot be read.
      yield* say("lobby", "ana", `MovieBot what of ${marker}?`)
      yield* commands(1)
      yield* say("lobby", "ana", `only talking of ${marker}`)
      yield* Bus.use((bus) => bus.send("cytube.events.lobby.chatMsg", `{"user":"${marker}"`, {}))
      yield* program.logged("Invalid event")
      const busy = yield* health(port)
      assert.deepInclude(busy, { status: "healthy", nats_connected: true, llm_api_available: true })
      assert.deepStrictEqual(busy.metrics, { events_received: 3, triggers_fired: 1, responses_sent: 1 })
      assert.match(String(busy.last_event_timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

      // Reloads, a good one and a bad one.
      yield* config.write({ log_level: "DEBUG", bot: { username: "MovieBot", aliases: ["Butler"] } })
      yield* program.signal("SIGHUP")
      yield* program.logged("Configuration reloaded")
      yield* config.writeText("nats: {")
      yield* program.signal("SIGHUP")
      yield* program.logged("Configuration reload failed")
      yield* eventually("a failed reload", metric(port, "config_last_reload_successful"), (value) => value === 0)

      // NATS goes and comes back.
      yield* nats.kill
      yield* program.logged("NATS disconnected")
      const away = yield* health(port)
      assert.deepInclude(away, { status: "degraded", nats_connected: false })
      assert.strictEqual((yield* get(port, "/readyz")).status, 503)
      assert.strictEqual(yield* metric(port, "nats_connected"), 0)
      yield* nats.restart
      yield* eventually("NATS is back", health(port), ({ status }) => status === "healthy")
      yield* llm.behave({ body: () => completionOf(`Back again with ${marker} in mind`) })
      // A line is lost until both ends are back; each that is not takes its part of the room's limits.
      const askAgain = say("lobby", "bob", `Butler ${marker}?`).pipe(
        Effect.andThen(Effect.sleep("300 millis")),
        Effect.andThen(Bus.use((bus) => bus.commands))
      )
      yield* eventually("an answer after the loss", askAgain, ({ length }) => length >= 2)

      // The model goes and comes back.
      yield* llm.behave({ status: 500 })
      yield* say("lobby", "cyd", `MovieBot why ${marker}?`)
      yield* program.logged("LLM API request failed")
      yield* eventually(
        "degraded",
        health(port),
        ({ llm_api_available, status }) => status === "degraded" && !llm_api_available
      )
      assert.strictEqual(yield* metric(port, "llm_api_available{model=\"double\"}"), 0)
      const sent = (yield* Bus.use((bus) => bus.commands)).length
      yield* llm.behave({ status: 200, body: () => completionOf(`A third one on ${marker} then`) })
      yield* say("lobby", "dan", `MovieBot and now ${marker}?`)
      yield* commands(sent + 1)
      yield* eventually("healthy again", health(port), ({ status }) => status === "healthy")

      // The end, with a reply under way.
      yield* llm.behave({ delayMs: 1_000, body: () => completionOf(`The last word about ${marker} here`) })
      yield* say("lobby", "eve", `MovieBot one more ${marker}?`)
      yield* eventually("the last request", llm.calls, (calls) => calls.some(({ body }) => body.includes("one more")))
      yield* program.signal("SIGTERM")
      assert.include((yield* commands(sent + 2)).at(-1)?.body, "The last word")
      assert.strictEqual(yield* program.exit, 0)

      // What was said meanwhile: every fixed message at its level, in JSON, and nothing that is secret.
      for (const [message, level] of Object.entries(fixedMessages)) {
        assert.deepStrictEqual(yield* levelsOf(program, message), [level], message)
      }
      const output = yield* program.output
      for (const line of output.trimEnd().split("\n")) {
        const { level, logger, message, timestamp } = JSON.parse(line)
        assert.include(levels, level)
        assert.isString(logger)
        assert.isNotEmpty(message)
        assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      }
      const heard = yield* everything
      assert.isAbove(heard.length, 50_000)
      assert.notInclude(heard, marker)
      assert.notInclude(heard, secret)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("5,000 suppressed messages write under 1,000 lines, which say how many were left out", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk({ rate_limits: { max_per_channel_per_minute: 0 } })
      const program = yield* startWith(config)
      for (let batch = 0; batch < 50; batch++) {
        for (let index = 0; index < 100; index++) yield* say("lobby", `user${index}`, `MovieBot ${batch} ${index}`)
        const received = (batch + 1) * 100
        yield* eventually(`${received} events`, metric(config.port, suppressedByChannel), (value) => value === received)
      }
      const lines = (yield* program.logs).filter(({ message }) => message === "Trigger suppressed")
      assert.isBelow((yield* program.output).split("\n").length, 1_000)
      const leftOut = lines.reduce((sum, line) => sum + Number(line["repeats_left_out"] ?? 0), 0)
      assert.isAbove(leftOut + lines.length, 2_500)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("shows line, prompt, answer, its processing and the reply in DEBUG lines where telemetry.log_content is on, still no key", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk({ log_level: "DEBUG", telemetry: { log_content: true } })
      const program = yield* startWith(config)
      yield* LlmDouble.use(({ behave }) => behave({ body: () => completionOf(`Of ${marker} I know a lot`) }))
      yield* say("lobby", "ana", `MovieBot what of ${marker}?`)
      yield* commands(1)
      yield* program.logged("Content", 5)
      const content = (yield* program.logs).filter(({ message }) => message === "Content")
      assert.deepStrictEqual([...new Set(content.map(({ level }) => level))], ["DEBUG"])
      for (const field of ["line", "prompt", "answer", "processing", "reply"]) {
        assert.include(JSON.stringify(content.map((line) => line[field])), marker, field)
      }
      const others = (yield* program.logs).filter(({ message }) => message !== "Content")
      assert.notInclude(JSON.stringify(others), marker)
      assert.notInclude(yield* program.output, secret)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("a clock ten minutes ahead at the start is suspected in the log and in /health, until it is right", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk()
      const program = yield* startWith(config)
      for (let index = 0; index < 10; index++) yield* say("lobby", "ana", `MovieBot hello ${index}`, undefined, 600_000)
      const told = yield* program.logged(
        "Clock skew suspected: 10 events in a row are too old, the last by 600 s; compare this machine's clock with the room's server"
      )
      assert.deepInclude(told, { level: "WARNING", channel: "lobby" })
      const report = yield* health(config.port)
      assert.deepStrictEqual([report.status, report.clock_skew_seconds], ["degraded", 600])
      yield* say("lobby", "ana", "MovieBot hello again")
      yield* commands(1)
      assert.deepInclude(yield* health(config.port), { status: "healthy" })
    }).pipe(Effect.provide(world), Effect.scoped))
})
