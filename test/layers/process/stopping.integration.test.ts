import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Bus } from "../../support/Bus.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder, launch, llmBot, type Program } from "../../support/Program.ts"
import { hurriedBundle } from "../../support/programBundle.ts"
import { configOnDisk, get, say, secret, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

const steps = [
  "Shutdown initiated",
  "Intake stopped",
  "Replies finished",
  "Replies in flight abandoned",
  "NATS closed",
  "HTTP stopped",
  "Telemetry stopped"
]
const stepsOf = (program: Program) =>
  Effect.map(program.logs, (lines) => lines.map(({ message }) => String(message)).filter((one) => steps.includes(one)))

/** The program with other times for stopping; a model that hangs is working on a reply. */
const busyProgram = Effect.fnUntraced(function*(seconds: { readonly replies: number; readonly all: number }) {
  const config = yield* configOnDisk()
  const args = [hurriedBundle, config.file, String(seconds.replies), String(seconds.all)]
  const program = yield* launch(process.execPath, args, { cwd: process.cwd(), env: { LLM_API_KEY: secret } })
  yield* program.logged("Bot ready")
  yield* LlmDouble.use(({ behave }) => behave({ delayMs: 60_000 }))
  yield* say("lobby", "ana", "MovieBot hello")
  yield* program.logged("Trigger fired")
  return { config, program }
})

describe.concurrent("stopping", () => {
  it.live("gives a hanging model its time and no more, step by step, and exits with 0", () =>
    Effect.gen(function*() {
      const { config, program } = yield* busyProgram({ replies: 1.5, all: 20 })
      yield* program.signal("SIGTERM")
      yield* program.logged("Intake stopped")
      const whileStopping = yield* get(config.port, "/readyz")
      assert.deepInclude(whileStopping, { status: 503, text: "not ready\n" })
      assert.strictEqual((yield* get(config.port, "/livez")).status, 200)
      assert.strictEqual(yield* program.exit, 0)
      assert.deepStrictEqual(yield* stepsOf(program), steps.filter((step) => step !== "Replies finished"))
      const givenUp = yield* program.logged("Replies in flight abandoned")
      assert.isAtLeast(Number(givenUp["duration_ms"]), 1_400)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("ends at its deadline whatever hangs, and says so", () =>
    Effect.gen(function*() {
      const { program } = yield* busyProgram({ replies: 30, all: 1 })
      yield* program.signal("SIGINT")
      assert.strictEqual(yield* program.exit, 3)
      yield* program.logged("Shutdown timed out")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("a second signal, of the other kind too, ends it at once with 3", () =>
    Effect.gen(function*() {
      const { program } = yield* busyProgram({ replies: 30, all: 35 })
      yield* program.signal("SIGINT")
      yield* program.logged("Intake stopped")
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 3)
      // Neither the time of the replies nor that of the whole stop was over.
      assert.deepStrictEqual(yield* stepsOf(program), ["Shutdown initiated", "Intake stopped"])
      assert.notInclude(yield* program.output, "Stopping took too long")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("works while NATS is away", () =>
    Effect.gen(function*() {
      const program = yield* startWith(yield* configOnDisk())
      yield* NatsServer.use(({ kill }) => kill)
      yield* program.logged("NATS disconnected")
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("works before the start is over; the PID file is there as long as the program", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk({ nats: { servers: ["nats://127.0.0.1:1"] } })
      const pidFile = join(yield* emptyFolder, "bot.pid")
      const program = yield* llmBot(["run", "--config", config.file, "--pid-file", pidFile], { LLM_API_KEY: secret })
      yield* program.logged("NATS connection failed")
      assert.match(readFileSync(pidFile, "utf8"), /^\d+\n$/)
      yield* program.signal("SIGHUP")
      yield* program.logged("NATS connection failed", 2)
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
      const failures = (yield* program.logs).filter(({ message }) => message === "NATS connection failed")
      assert.lengthOf(failures, 2, "it did not wait for the next try")
      yield* program.logged("Shutdown initiated")
      assert.isFalse(existsSync(pidFile))
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("NATS given up at runtime is exit 2 with a readable line", () =>
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      const program = yield* startWith(yield* configOnDisk({ nats: { servers: [url], max_reconnect_attempts: 1 } }))
      yield* NatsServer.use(({ kill }) => kill)
      assert.strictEqual(yield* program.exit, 2)
      const last = yield* program.logged("Bot stopped")
      assert.strictEqual(last["level"], "CRITICAL")
      assert.include(String(last["error"]), "NATS reconnect attempts exhausted")
    }).pipe(Effect.provide(world), Effect.scoped))
})
