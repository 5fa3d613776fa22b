import { resolve } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { Bus } from "../../support/Bus.ts"
import { eventually } from "../../support/eventually.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { compiled, emptyFolder, fileWith, freePort, launch } from "../../support/Program.ts"
import { programBundle } from "../../support/programBundle.ts"
import { commands, configOnDisk, get, health, say, secret } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))
const root = resolve(import.meta.dirname, "../../..")

/** The program with its stdout sent elsewhere by a shell, which it takes the place of. */
const redirected = (sink: string, args: ReadonlyArray<string>, preload = "./scripts/node-version.cjs") =>
  launch("bash", [
    "--norc",
    "-c",
    `exec "$@" ${sink}`,
    "bash",
    process.execPath,
    "--require",
    preload,
    programBundle,
    ...args
  ], {
    cwd: root,
    env: { LLM_API_KEY: secret, NODE_COMPILE_CACHE: compiled }
  })

const firstLineOnly = "> >(head -n 1 >&2)"
const nobody = "> >(exec true)"
const fullDisk = "> /dev/full"

const traces = /^\s+at |Error:|node:internal/m

describe("the daemon with a log", () => {
  for (
    const [what, sink, reason] of [
      ["whose reader goes away", firstLineOnly, "nobody reads it any more (EPIPE)"],
      ["without a reader", nobody, "nobody reads it any more (EPIPE)"],
      ["on a full disk", fullDisk, "no space left on the device (ENOSPC)"]
    ] as const
  ) {
    it.live(`${what} goes on without it, says so in /health and stops as ever`, () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk()
        const bot = yield* redirected(sink, ["run", "--config", config.file])
        yield* eventually(
          "ready",
          Effect.exit(get(config.port, "/readyz")),
          (answer) => Exit.isSuccess(answer) && answer.value.status === 200
        )
        yield* say("lobby", "ana", "MovieBot hello")
        yield* commands(1)
        const report = yield* health(config.port)
        assert.deepStrictEqual([report.status, report.log_lost], ["degraded", reason])
        assert.strictEqual((yield* get(config.port, "/readyz")).status, 200)
        yield* bot.signal("SIGTERM")
        assert.strictEqual(yield* bot.exit, 0)
        assert.notMatch(yield* bot.output, traces)
      }).pipe(Effect.provide(world), Effect.scoped))
  }
})

const chat = Array.from({ length: 3 }, (_, index) => `2026-11-21 20:15:0${index}\tAna\tMovieBot hello`).join("\n")

describe("other commands", () => {
  const lines = Effect.gen(function*() {
    const { file } = yield* configOnDisk()
    const port = String(yield* freePort)
    const log = yield* fileWith("chat.log", chat)
    return [
      ["schema"],
      ["--help"],
      ["--version"],
      ["check-config", file],
      ["check-config", file, "--format", "json"],
      ["init", `${yield* emptyFolder}/config.yaml`],
      ["replay", log, "--config", file],
      ["replay", log, "--config", file, "--format", "html"],
      ["playground", "--port", port]
    ]
  })

  it.live("end quietly when their reader is gone", () =>
    Effect.gen(function*() {
      for (const args of yield* lines) {
        const program = yield* redirected(nobody, args)
        assert.deepStrictEqual([args[0], yield* program.exit], [args[0], 0])
        assert.notMatch(yield* program.output, traces)
      }
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("say in one line that the disk is full", () =>
    Effect.gen(function*() {
      for (const args of yield* lines) {
        const program = yield* redirected(fullDisk, args)
        assert.deepStrictEqual([args[0], yield* program.exit], [args[0], 3])
        const said = (yield* program.output).trim().split("\n").filter((line) => !line.startsWith("  "))
        assert.deepStrictEqual(said, ["the result is lost: no space left on the device (ENOSPC)"], args.join(" "))
      }
    }).pipe(Effect.provide(world), Effect.scoped))
})

describe("an error that nobody catches", () => {
  for (const [what, signal] of [["thrown", "SIGUSR2"], ["rejected", "SIGWINCH"]] as const) {
    it.live(`${what} in the daemon is one line and exit 3`, () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk()
        const bot = yield* redirected("", ["run", "--config", config.file], "./test/support/crashing.cjs")
        yield* bot.logged("Bot ready")
        yield* bot.signal(signal)
        assert.strictEqual(yield* bot.exit, 3)
        const last = (yield* bot.output).trim().split("\n").at(-1) ?? ""
        assert.match(
          last,
          /^\{.*"level":"CRITICAL".*"message":"Internal error; please report it","error":"TypeError at /
        )
        assert.notMatch(yield* bot.output, /words of a person|^\s+at /m)
      }).pipe(Effect.provide(world), Effect.scoped))
  }

  it.live("in another command is one line on stderr and exit 3", () =>
    Effect.gen(function*() {
      const port = String(yield* freePort)
      const program = yield* redirected("", ["playground", "--port", port], "./test/support/crashing.cjs")
      yield* eventually("the page", Effect.exit(get(Number(port), "/")), Exit.isSuccess)
      yield* program.signal("SIGUSR2")
      assert.strictEqual(yield* program.exit, 3)
      assert.match(yield* program.output, /^Internal error; please report it: TypeError at /m)
      assert.notMatch(yield* program.output, /words of a person|^\s+at /m)
    }).pipe(Effect.scoped))
})
