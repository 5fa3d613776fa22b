import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { Bus } from "../../support/Bus.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { compiled, launch, llmBot } from "../../support/Program.ts"
import { programBundle } from "../../support/programBundle.ts"
import { configOnDisk, get, secret } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))
const root = resolve(import.meta.dirname, "../../..")

/** The program, given signals while its packages are evaluated. */
const signalled = (program: string, signals: string, args: ReadonlyArray<string>) =>
  launch(process.execPath, ["--require", "./test/support/whileImporting.cjs", program, ...args], {
    cwd: root,
    env: { SIGNALS: signals, LLM_API_KEY: secret, NODE_COMPILE_CACHE: compiled }
  })

const programs = [["the bundle", programBundle], ["the source", "src/program.ts"]] as const

describe("signals from the first moment on", () => {
  for (const [what, program] of programs) {
    it.live(`SIGHUP while ${what} is loaded reloads once the bot is ready`, () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk()
        const bot = yield* signalled(program, "SIGHUP SIGHUP", ["run", "--config", config.file])
        yield* bot.logged("Configuration unchanged")
        yield* bot.signal("SIGTERM")
        assert.strictEqual(yield* bot.exit, 0)
      }).pipe(Effect.provide(world), Effect.scoped))

    for (const signal of ["SIGTERM", "SIGINT"]) {
      it.live(`${signal} while ${what} is loaded is a clean stop`, () =>
        Effect.gen(function*() {
          const config = yield* configOnDisk()
          const bot = yield* signalled(program, signal, ["run", "--config", config.file])
          assert.strictEqual(yield* bot.exit, 0)
          assert.notInclude(yield* bot.output, "Bot ready")
        }).pipe(Effect.provide(world), Effect.scoped))
    }
  }

  it.live("a command that cannot reload ends by SIGHUP, as its terminal closes", () =>
    Effect.gen(function*() {
      const program = yield* signalled(programBundle, "SIGHUP", ["playground"])
      assert.strictEqual(yield* program.exit, null)
    }).pipe(Effect.provide(world), Effect.scoped))

  for (const delay of [0, 50, 200, 600]) {
    it.live(`SIGHUP while the bundle is loaded and ${delay} ms later ends nothing`, () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk()
        const bot = yield* signalled(programBundle, "SIGHUP", ["run", "--config", config.file])
        yield* bot.logged("importing")
        yield* Effect.sleep(delay)
        yield* bot.signal("SIGHUP")
        yield* bot.logged("Configuration unchanged")
        yield* bot.signal("SIGTERM")
        assert.strictEqual(yield* bot.exit, 0)
      }).pipe(Effect.provide(world), Effect.scoped))
  }
})

describe("signals that mean nothing to the bot", () => {
  it.live("do nothing, from the first moment on, and the log says what does something", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk()
      const bot = yield* signalled(programBundle, "SIGUSR1 SIGUSR2", ["run", "--config", config.file])
      yield* bot.logged("SIGUSR1 ignored; SIGHUP reloads the configuration, SIGTERM stops")
      const text = "SIGUSR2 ignored; SIGHUP reloads the configuration, SIGTERM stops"
      yield* bot.logged(text)
      yield* bot.logged("Bot ready")
      yield* bot.signal("SIGUSR2")
      yield* bot.logged(text, 2)
      yield* bot.signal("SIGTERM")
      assert.strictEqual(yield* bot.exit, 0)
      assert.notInclude(yield* bot.output, "Debugger listening")
    }).pipe(Effect.provide(world), Effect.scoped))
})

describe("the bot as README starts it", () => {
  const gone = (port: number) =>
    Effect.exit(get(port, "/livez")).pipe(
      Effect.repeat({ until: ({ _tag }) => _tag === "Failure", schedule: Schedule.spaced("20 millis") }),
      Effect.timeoutOrElse({ duration: "20 seconds", orElse: () => Effect.die(new Error("it still answers")) })
    )

  it.live("stops when npm is told to, and npm tells its exit code", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk()
      const npm = yield* launch("npm", ["run", "-s", "llm-bot", "--", "run", "--config", config.file], {
        cwd: root,
        env: { LLM_API_KEY: secret, HOME: process.env["HOME"] ?? "/" }
      })
      yield* npm.logged("Bot ready")
      yield* npm.signal("SIGTERM")
      yield* gone(config.port)
      yield* npm.exit
      yield* npm.logged("Telemetry stopped")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("the command of README reloads and stops by signals to the process it starts", () =>
    Effect.gen(function*() {
      const readme = readFileSync(resolve(root, "README.md"), "utf8")
      const [, command] = /^(.*) run --config config\.yaml$/m.exec(readme) ?? []
      assert.strictEqual(command, "npm run -s build && node dist/llm-bot.mjs")
      const config = yield* configOnDisk()
      const bot = yield* llmBot(["run", "--config", config.file], { LLM_API_KEY: secret })
      yield* bot.logged("Bot ready")
      yield* bot.signal("SIGHUP")
      yield* bot.logged("Configuration unchanged")
      yield* bot.signal("SIGTERM")
      assert.strictEqual(yield* bot.exit, 0)
    }).pipe(Effect.provide(world), Effect.scoped))
})
