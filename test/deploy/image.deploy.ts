import { dirname } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import manifest from "../../package.json" with { type: "json" }
import { Bus } from "../support/Bus.ts"
import { LlmDouble } from "../support/LlmDouble.ts"
import { NatsServer } from "../support/NatsServer.ts"
import { freePort } from "../support/Program.ts"
import { eventually } from "../support/eventually.ts"
import { commands, configOnDisk, get, health, metric, say, secret } from "../support/RunningProgram.ts"
import { settingsInCompose } from "./support/Compose.ts"
import { startContainer } from "./support/Container.ts"
import { inspectImage } from "./support/Image.ts"

const { config: image, ownBytes } = inspectImage()

/** HEALTHCHECK's command without its word for "a command, no shell". */
const [form, ...healthCheck] = image.Healthcheck.Test

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

/** The bot in a container with a configuration of the test's; ready. */
const startBot = Effect.gen(function*() {
  const config = yield* configOnDisk()
  const sections = { health: { host: "0.0.0.0", port: config.port } }
  yield* config.write(sections)
  const env = { LLM_API_KEY: secret, HEALTH_PORT: String(config.port) }
  const container = yield* startContainer({ image, env, config: dirname(config.file) })
  yield* container.logged("Bot ready")
  return { config, container, sections }
})

/** What `node -e` prints in a container of the image. */
const printed = (source: string, args: ReadonlyArray<string> = []) =>
  Effect.gen(function*() {
    const container = yield* startContainer({ image, command: ["node", "-e", source, ...args] })
    assert.strictEqual(yield* container.exit, 0, yield* container.output)
    return (yield* container.output).trim()
  }).pipe(Effect.scoped)

const tryToWrite = `
const { writeFileSync } = require("node:fs")
for (const folder of process.argv.slice(1)) {
  try { writeFileSync(folder + "/written", "x"); console.log(folder, "written") } catch ({ code }) { console.log(folder, code) }
}`

describe("the image", () => {
  it("says how it is run: as a user by number, without a shell, stopped by SIGTERM", () => {
    assert.strictEqual(image.User, "1000:1000")
    assert.deepStrictEqual(image.Entrypoint, ["node", "/app/dist/llm-bot.mjs"])
    assert.deepStrictEqual(image.Cmd, ["run", "--config", "/config/config.yaml"])
    assert.strictEqual(image.StopSignal, "SIGTERM")
    assert.deepStrictEqual(Object.keys(image.ExposedPorts), ["8080/tcp"])
    assert.strictEqual(form, "CMD")
    // Five attempts at NATS of 5 s each and the pauses between them come before the first answer.
    assert.isAtLeast(image.Healthcheck.StartPeriod / 1e9, 5 * 5 + 1 + 2 + 4 + 8)
    assert.strictEqual(image.Labels["org.opencontainers.image.version"], manifest.version)
    assert.strictEqual(image.Labels["org.opencontainers.image.licenses"], manifest.license)
  })

  it("adds under 6 MB to its base, what is compiled of it included, and no secret", () => {
    assert.isBelow(ownBytes, 6_000_000)
    assert.deepStrictEqual(image.Env.map((one) => one.split("=")[0]), [
      "PATH",
      "NODE_ENV",
      "HEALTH_PORT",
      "NODE_COMPILE_CACHE"
    ])
  })

  it.live("holds the bundle and what it reads, nothing else", () =>
    Effect.gen(function*() {
      const listed = yield* printed(
        "console.log(require('node:fs').readdirSync('/app', { recursive: true }).join('\\n'))"
      )
      const files = listed.split("\n").filter((file) =>
        !/^(node_modules|playground|compiled|dist\/llm-bot\/)/.test(file)
      )
      const configs = ["config", "config/config.example.yaml", "config/config.schema.json"]
      assert.sameMembers(files, [
        ...configs,
        "dist",
        "dist/THIRD-PARTY-LICENSES.txt",
        "dist/llm-bot",
        "dist/llm-bot.mjs"
      ])
      assert.deepStrictEqual(listed.split("\n").filter((file) => /^node_modules\/[^/]+$/.test(file)), [
        "node_modules/htm"
      ])
      assert.include(listed, "dist/llm-bot/Cli.mjs")
      assert.include(listed, "playground/index.html")
      assert.notMatch(listed.replaceAll(/^node_modules.*/gm, ""), /\.ts$/m)
    }))

  it.live("runs where nothing can be written, without capabilities", () =>
    Effect.gen(function*() {
      const folders = ["/", "/app", "/config", "/tmp", "/home/node", "/usr/local/lib"]
      const told = yield* printed(tryToWrite, folders)
      assert.deepStrictEqual(told.split("\n"), folders.map((folder) => `${folder} EROFS`))
      const status = yield* printed(
        "process.stdout.write(require('node:fs').readFileSync('/proc/self/status', 'utf8'))"
      )
      assert.match(status, /^Pid:\t1$/m)
      assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
      assert.match(status, /^NoNewPrivs:\t1$/m)
      assert.match(status, /^CapEff:\t0+$/m)
      assert.match(status, /^CapBnd:\t0+$/m)
    }))

  it.live("is the bot: healthy, answers, reloads, and stops in time with 0", () =>
    Effect.gen(function*() {
      const { config, container, sections } = yield* startBot
      assert.strictEqual((yield* get(config.port, "/livez")).status, 200)
      assert.strictEqual((yield* get(config.port, "/readyz")).status, 200)
      assert.strictEqual((yield* health(config.port)).status, "healthy")
      assert.deepStrictEqual(yield* container.exec(healthCheck), { code: 0, output: "" })

      yield* say("lobby", "Ana", "@MovieBot hello there")
      const [command] = yield* commands(1)
      assert.include(command?.body, "hello there")
      yield* eventually(
        "the reply is counted",
        metric(config.port, "responses_sent_total{channel=\"lobby\",target_type=\"chat\"}"),
        (value) => value === 1
      )

      yield* config.write({ ...sections, bot: { username: "MovieBot", aliases: ["Usher"] } })
      yield* container.signal("SIGHUP")
      yield* container.logged("Configuration reloaded")
      yield* say("lobby", "Bob", "Usher, who else is here?")
      assert.include((yield* commands(2)).at(-1)?.body, "who else is")

      const asked = yield* Clock.currentTimeMillis
      yield* container.signal("SIGTERM")
      assert.strictEqual(yield* container.exit, 0)
      assert.isBelow((yield* Clock.currentTimeMillis) - asked, 10_000)
      assert.notInclude(yield* container.output, secret)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("its health check fails where nobody listens and where nobody answers", () =>
    Effect.gen(function*() {
      const { container } = yield* startBot
      const elsewhere = { HEALTH_PORT: String(yield* freePort) }
      assert.deepStrictEqual(yield* container.exec(healthCheck, elsewhere), { code: 1, output: "" })
      yield* container.signal("SIGSTOP")
      assert.deepStrictEqual(yield* container.exec(healthCheck), { code: 1, output: "" })
      yield* container.signal("SIGCONT")
      assert.deepStrictEqual(yield* container.exec(healthCheck), { code: 0, output: "" })
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("ends with 1 and a reason where the configuration is missing", () =>
    Effect.gen(function*() {
      const container = yield* startContainer({ image })
      assert.strictEqual(yield* container.exit, 1)
      assert.include(yield* container.output, "/config/config.yaml")
    }).pipe(Effect.scoped))

  it.live("takes the configuration that comes with deploy/compose.yaml", () =>
    Effect.gen(function*() {
      const { env, file } = settingsInCompose()
      const command = [...image.Entrypoint, "check-config", "/config/config.yaml"]
      const container = yield* startContainer({ image, command, env, config: dirname(file) })
      assert.strictEqual(yield* container.exit, 0, yield* container.output)
      assert.notInclude(yield* container.output, "warning")
    }).pipe(Effect.scoped))

  it.live("plays: the playground's page and all it loads are there", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const command = [...image.Entrypoint, "playground", "--port", String(port)]
      const container = yield* startContainer({ image, command })
      yield* eventually("the playground listens", container.output, (text) => text.includes("Talk to it at"))
      // The page, what it names, what that imports, and so on.
      const seen = new Set(["/"])
      for (const path of seen) {
        const { status, text } = yield* get(port, path)
        assert.strictEqual(status, 200, path)
        for (const [, next = ""] of text.matchAll(/(?:src=|href=|from |import )"(\/[^"]+)"/g)) seen.add(next)
      }
      assert.isTrue(seen.has("/vendor/htm-preact.js"), [...seen].join(" "))
      yield* container.signal("SIGTERM")
      assert.strictEqual(yield* container.exit, 0)
    }).pipe(Effect.scoped))
})
