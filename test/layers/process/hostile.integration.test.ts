import { execFileSync } from "node:child_process"
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { dirname, join, resolve } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { connect as connectNats } from "@nats-io/transport-node"
import { Effect, Layer } from "effect"
import { Bus } from "../../support/Bus.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { startPlayground } from "../../support/PlaygroundProgram.ts"
import { emptyFolder, fileWith, launch, llmBot } from "../../support/Program.ts"
import { programBundle } from "../../support/programBundle.ts"
import { configOnDisk, get, secret, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

/** A connection that says this much and no more. */
const halfOpen = (port: number, said: string) =>
  Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(said)
        resume(Effect.succeed(socket))
      })
      socket.on("error", () => undefined)
    }),
    (socket) => Effect.sync(() => void socket.destroy())
  )

const times = <A>(count: number, a: A): ReadonlyArray<A> => Array.from({ length: count }, () => a)

describe("half-open connections", () => {
  for (
    const [what, said] of [["that say nothing", ""], [
      "that begin a request",
      "GET /livez HTTP/1.1\r\nHost: a\r\n"
    ]] as const
  ) {
    it.live(`${what} keep no monitoring out`, () =>
      Effect.gen(function*() {
        const { port } = yield* Effect.tap(configOnDisk(), (config) => startWith(config))
        yield* Effect.forEach(times(150, said), (text) => halfOpen(port, text), { concurrency: "unbounded" })
        const answers = yield* Effect.forEach(times(39, "/livez"), (path) => get(port, path))
        assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      }).pipe(Effect.provide(world), Effect.scoped))
  }
})

describe("readers of the playground", () => {
  it.live("are bounded, and the page is there all the same", () =>
    Effect.gen(function*() {
      const { follow, get } = yield* startPlayground([], { LLM_BASE_URL: "" })
      const opened = yield* Effect.forEach(
        times(64, "/api/events"),
        (path) => follow(path),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(opened, 64)
      const refused = yield* get("/api/lines")
      assert.deepInclude(refused, {
        status: 503,
        text: "{\"error\":\"64 windows follow the room already; close some\"}"
      })
      assert.strictEqual((yield* get("/api/room")).status, 200)
    }).pipe(Effect.scoped))
})

describe("a pipe in the place of a file", () => {
  const commands = [
    ["run", ["run", "--config"]],
    ["check-config", ["check-config"]],
    ["replay", ["replay"]],
    ["playground", ["playground", "--config"]],
    ["explain", ["explain", "--config"]]
  ] as const
  for (const [what, args] of commands) {
    it.live(`${what} says that it is no file`, () =>
      Effect.gen(function*() {
        const pipe = join(yield* emptyFolder, "config.yaml")
        execFileSync("mkfifo", [pipe])
        const program = yield* llmBot([...args, pipe])
        assert.strictEqual(yield* program.exit, 1)
        assert.include(yield* program.output, "cannot be read: it is no file, but a pipe or a device")
      }).pipe(Effect.scoped))
  }
})

describe("--pid-file", () => {
  it.live("follows no link and waits for no pipe; the bot runs without", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk()
      const folder = yield* emptyFolder
      const [victim, link, pipe] = [join(folder, "victim"), join(folder, "link"), join(folder, "pipe")]
      writeFileSync(victim, "precious")
      symlinkSync(victim, link)
      execFileSync("mkfifo", [pipe])
      for (const [file, reason] of [[link, "it is a link"], [pipe, ""]] as const) {
        const bot = yield* startWith(config, ["--pid-file", file])
        const warning = yield* bot.logged(`PID file ${file} cannot be written`)
        assert.include(String(warning["error"]), reason)
        yield* bot.signal("SIGTERM")
        assert.strictEqual(yield* bot.exit, 0)
      }
      assert.strictEqual(readFileSync(victim, "utf8"), "precious")
    }).pipe(Effect.provide(world), Effect.scoped))
})

describe("what others say", () => {
  it.live("does not steer the terminal of whoever asks the bot why", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk()
      const { url } = yield* NatsServer
      const other = yield* Effect.acquireRelease(
        Effect.promise(() => connectNats({ servers: url.replace("nats://", "") })),
        (client) => Effect.promise(() => client.close())
      )
      const error = "\u001B[2J\u001B]0;owned\u0007 \u009B31m \u202Egnorw \u0008\u007F\r hidden"
      other.subscribe("llm-bot.explain", { callback: (_, message) => void message.respond(JSON.stringify({ error })) })
      yield* Effect.promise(() => other.flush())
      for (const format of ["text", "json"]) {
        const program = yield* llmBot(["explain", "--config", config.file, "--format", format], { LLM_API_KEY: secret })
        assert.strictEqual(yield* program.exit, 3)
        const output = yield* program.output
        assert.include(output, "\\u001b[2J\\u001b]0;owned\\u0007 \\u009b31m \\u202egnorw")
        assert.notMatch(output, /[^\n\P{Cc}]|\u202E/u)
      }
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("does not steer the terminal that shows a log for people", () =>
    Effect.gen(function*() {
      const file = yield* fileWith("\u001B[2J\u009Bconfig.yaml", "nats: [\n")
      const program = yield* llmBot(["run", "--config", file])
      assert.strictEqual(yield* program.exit, 1)
      const checked = yield* llmBot(["check-config", file])
      assert.strictEqual(yield* checked.exit, 1)
      for (const text of [yield* program.output, yield* checked.output]) {
        assert.match(text, /u001b\[2J/i)
        assert.notMatch(text, /[^\n\P{Cc}]/u)
      }
    }).pipe(Effect.scoped))
})

describe("a fault of the program in a command", () => {
  it.live("is told in one line, exit 3", () =>
    Effect.gen(function*() {
      const folder = join(yield* emptyFolder, "a/b/c/d")
      // Without the files that belong to it.
      const bundle = join(folder, "llm-bot.mjs")
      cpSync(dirname(programBundle), folder, { recursive: true })
      const program = yield* launch(process.execPath, [bundle, "init", join(folder, "config.yaml")], {
        cwd: resolve(folder),
        env: {}
      })
      assert.strictEqual(yield* program.exit, 3)
      assert.match(yield* program.output, /^Internal error; please report it: Error at [^\n]*\n$/)
    }).pipe(Effect.scoped))
})
