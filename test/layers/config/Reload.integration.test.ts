import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Bus } from "../../support/Bus.ts"
import { completionOf, LlmDouble, promptOf } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { eventually } from "../../support/eventually.ts"
import { commands, configOnDisk, health, metric, say, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

const lobby = { name: "lobby" }

/** The program and what a reload of it comes to. */
const running = Effect.fnUntraced(
  function*(sections: Readonly<Record<string, unknown>> = {}, args: ReadonlyArray<string> = []) {
    const config = yield* configOnDisk(sections)
    const program = yield* startWith(config, args)
    let reloads = 0
    const reloaded = Effect.fnUntraced(function*(message: string) {
      yield* program.signal("SIGHUP")
      return yield* program.logged(message, ++reloads)
    })
    return { config, program, reloaded }
  }
)

describe.concurrent("a reload by SIGHUP", () => {
  it.live("of an unchanged file does nothing; of a bad one keeps the old and says why", () =>
    Effect.gen(function*() {
      const { config, program } = yield* running()
      yield* program.signal("SIGHUP")
      yield* program.logged("Configuration unchanged")
      yield* config.write({ bot: { username: "MovieBot", aliases: 5 }, seed: "x" })
      yield* program.signal("SIGHUP")
      yield* program.logged("Configuration reload failed", 2)
      const failures = (yield* program.logs).filter(({ message }) => message === "Configuration reload failed")
      assert.deepStrictEqual(failures.map(({ level }) => level), ["ERROR", "ERROR"])
      assert.match(String(failures[0]?.["error"]), /config\.yaml:\d+:\d+: error: bot\.aliases/)
      const { port } = config
      yield* eventually("a failed reload", metric(port, "config_last_reload_successful"), (value) => value === 0)
      yield* config.writeText("nats: [")
      yield* program.signal("SIGHUP")
      yield* eventually("another one", metric(port, "config_reloads_total{result=\"failure\"}"), (value) => value === 2)
      yield* say("lobby", "ana", "MovieBot hello")
      yield* commands(1)
      yield* config.write({})
      yield* program.signal("SIGHUP")
      yield* program.logged("Configuration unchanged", 2)
      yield* eventually("success", metric(port, "config_last_reload_successful"), (value) => value === 1)
      assert.strictEqual(yield* metric(port, "config_reloads_total{result=\"unchanged\"}"), 2)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("adds, disables and removes channels; a reply in flight is still sent", () =>
    Effect.gen(function*() {
      const { config, program, reloaded } = yield* running()
      const llm = yield* LlmDouble
      yield* config.write({ channels: [lobby, { name: "Second" }] })
      assert.include(yield* reloaded("Configuration reloaded"), { channels_added: "Second" })
      yield* eventually("two channels", health(config.port), ({ channels }) => channels["Second"] === "active")
      yield* say("second", "ana", "MovieBot hello")
      yield* commands(1)
      yield* llm.behave({ delayMs: 1_500, body: () => completionOf("The answer from the channel that is gone") })
      yield* say("second", "bob", "MovieBot and me?")
      yield* program.logged("Trigger fired", 2)
      yield* config.write({})
      const withoutSecond = yield* reloaded("Configuration reloaded")
      assert.include(withoutSecond, { channels_removed: "Second" })
      assert.notProperty(withoutSecond, "channels_added")
      assert.include((yield* commands(2)).at(-1)?.body, "the channel that is gone")
      yield* say("second", "cyd", "MovieBot is anybody here?")
      yield* config.write({ channels: [{ ...lobby, enabled: false }] })
      yield* reloaded("Configuration reloaded")
      yield* eventually("disabled", health(config.port), ({ channels }) => channels["lobby"] === "disabled")
      yield* say("lobby", "dan", "MovieBot stop?")
      yield* config.write({})
      yield* reloaded("Configuration reloaded")
      yield* eventually("active", health(config.port), ({ channels }) => channels["lobby"] === "active")
      yield* llm.behave({ delayMs: 0, body: () => completionOf("Here again after the stop") })
      yield* say("lobby", "eve", "MovieBot again?")
      assert.include((yield* commands(3)).at(-1)?.body, "Here again")
      assert.strictEqual(yield* metric(config.port, "active_channels"), 1)
      assert.isUndefined(yield* metric(config.port, "context_window_size{channel=\"Second\"}"))
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("changes in place: name, model, key, limits and log level at once, windows and limits kept", () =>
    Effect.gen(function*() {
      const { config, program, reloaded } = yield* running()
      const llm = yield* LlmDouble
      yield* say("lobby", "ana", "a line to be remembered")
      yield* say("lobby", "ana", "MovieBot hello")
      yield* commands(1)
      const { url } = llm
      yield* config.write({
        bot: { username: "OtherBot" },
        llm_api: { base_url: url, api_key: "another-key", model: "another-model" },
        rate_limits: { max_per_channel_per_minute: 2, global_cooldown_seconds: 0, max_per_user_per_minute: null },
        log_level: "DEBUG"
      })
      yield* reloaded("Configuration reloaded")
      yield* say("lobby", "bob", "OtherBot what was said?")
      yield* commands(2)
      const call = (yield* llm.calls).at(-1)
      assert.strictEqual(call?.authorization, "Bearer another-key")
      assert.include(call?.body, "another-model")
      assert.include(call === undefined ? "" : promptOf(call), "a line to be remembered")
      yield* program.logged("Event received")
      yield* say("lobby", "cyd", "OtherBot and the third?")
      const refused = yield* program.logged("Trigger suppressed", 2)
      assert.include(refused, { reason: "channel_per_minute", trigger_type: "mention", level: "INFO" })
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("says what takes a restart and applies the rest; --log-level wins over the file", () =>
    Effect.gen(function*() {
      const { config, program, reloaded } = yield* running({}, ["--log-level", "INFO"])
      yield* config.write({
        nats: { servers: ["nats://elsewhere:4222"] },
        health: { port: config.port + 1 },
        bot: { username: "OtherBot" },
        telemetry: { sample_ratio: 0.5 },
        log_level: "CRITICAL"
      })
      yield* reloaded("Configuration reloaded")
      const warnings = (yield* program.logs).filter(({ level }) => level === "WARNING").map(({ message }) =>
        String(message)
      )
      assert.deepStrictEqual(warnings.map((message) => message.split(" ")[0]), ["nats", "health", "telemetry"])
      for (const message of warnings) assert.include(message, "restart")
      yield* say("lobby", "ana", "OtherBot hello")
      yield* commands(1)
      assert.strictEqual((yield* health(config.port)).status, "healthy")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("200 times in a row is harmless, and so is one before the start is over", () =>
    Effect.gen(function*() {
      const { config, program } = yield* running()
      for (let index = 0; index < 200; index++) yield* program.signal("SIGHUP")
      yield* program.logged("Configuration unchanged")
      yield* say("lobby", "ana", "MovieBot hello")
      yield* commands(1)
      assert.strictEqual((yield* health(config.port)).status, "healthy")
      yield* program.signal("SIGTERM")
      yield* program.signal("SIGHUP")
      assert.strictEqual(yield* program.exit, 0)
    }).pipe(Effect.provide(world), Effect.scoped))
})
