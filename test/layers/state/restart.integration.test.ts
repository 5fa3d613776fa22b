import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Bus } from "../../support/Bus.ts"
import { eventually } from "../../support/eventually.ts"
import { LlmDouble, promptOf } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder, launch, llmBot, type Program } from "../../support/Program.ts"
import { programBundle } from "../../support/programBundle.ts"
import {
  commands,
  type ConfigOnDisk,
  configOnDisk,
  health,
  metric,
  say,
  secret,
  startWith
} from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

/** A bot that keeps its state, with limits of its own. */
const keeping = Effect.fnUntraced(function*(sections: Readonly<Record<string, unknown>> = {}) {
  const directory = join(yield* emptyFolder, "state")
  const config = yield* configOnDisk({ state: { directory, save_seconds: 0.2 }, ...sections })
  return { config, directory }
})
const limited = {
  rate_limits: {
    max_per_user_per_hour: 2,
    max_per_user_per_minute: null,
    global_cooldown_seconds: 0,
    media_change_cooldown_seconds: 0
  }
}

/** Waits until all that changed is saved. */
const allSaved = (config: ConfigOnDisk) =>
  eventually("a saved state", health(config.port), ({ state }) => state?.unsaved === 0 && state.last_saved !== null)

const stop = Effect.fnUntraced(function*(program: Program) {
  yield* program.signal("SIGTERM")
  assert.strictEqual(yield* program.exit, 0)
})
const kill = Effect.fnUntraced(function*(program: Program) {
  yield* program.signal("SIGKILL")
  yield* program.exit
})

const prompts = LlmDouble.use(({ calls }) => Effect.map(calls, (all) => all.map(promptOf)))
const media = (id: string, title: string) => JSON.stringify({ type: "yt", id, title, seconds: 5_400, currentTime: 0 })

describe("a bot with a directory for its state", () => {
  for (const [how, end] of [["is stopped", stop], ["is killed", kill]] as const) {
    it.live(`goes on where it was when it ${how}`, () =>
      Effect.gen(function*() {
        const { config } = yield* keeping(limited)
        const bus = yield* Bus
        const first = yield* startWith(config)
        yield* bus.send("cytube.events.lobby.changeMedia", media("abc", "The Third Man"), {})
        yield* say("lobby", "ana", "the zither is wonderful")
        yield* say("lobby", "ana", "MovieBot do you like it")
        yield* commands(1)
        yield* first.logged("Command sent")
        yield* allSaved(config)
        yield* end(first)
        // What is said meanwhile is missed in core mode; the bridge sends the last lines again.
        yield* say("lobby", "ana", "MovieBot are you there")
        const second = yield* startWith(config)
        yield* say("lobby", "ana", "MovieBot and who plays the harmonica")
        yield* commands(2)
        const last = (yield* prompts).at(-1) ?? ""
        assert.include(last, "the zither is wonderful")
        assert.include(last, "So you said MovieBot do you like")
        assert.include(last, "The Third Man")
        // Two an hour: the restart has not given back the first.
        yield* say("lobby", "ana", "MovieBot one more question")
        yield* say("lobby", "bob", "MovieBot a question of somebody else")
        assert.lengthOf(yield* commands(3), 3)
        assert.notInclude(JSON.stringify(yield* commands(3)), "one more")
        yield* stop(second)
      }).pipe(Effect.provide(world), Effect.scoped), 90_000)
  }

  it.live("saves at the stop what changed last, however long the interval is", () =>
    Effect.gen(function*() {
      const { config, directory } = yield* keeping({})
      yield* config.write({ state: { directory, save_seconds: 3_600 } })
      const first = yield* startWith(config)
      yield* say("lobby", "ana", "the zither is wonderful")
      yield* say("lobby", "ana", "MovieBot do you like it")
      yield* commands(1)
      yield* stop(first)
      assert.include(readFileSync(join(directory, "channel.lobby.json"), "utf8"), "the zither is wonderful")
      yield* first.logged("State saved")
    }).pipe(Effect.provide(world), Effect.scoped), 90_000)

  it.live("starts with an empty memory beside a damaged file", () =>
    Effect.gen(function*() {
      const { config, directory } = yield* keeping()
      mkdirSync(directory)
      const file = join(directory, "channel.lobby.json")
      writeFileSync(file, `{"version":1,"savedAt":{"wall":1},"val`)
      const program = yield* startWith(config)
      yield* program.logged(`${file} is not used: it is damaged, or was edited; it is kept as ${file}.bad`)
      yield* say("lobby", "ana", "MovieBot hello")
      yield* commands(1)
      yield* allSaved(config)
      assert.includeMembers(readdirSync(directory), ["channel.lobby.json", "channel.lobby.json.bad"])
    }).pipe(Effect.provide(world), Effect.scoped), 90_000)

  it.live("refuses to share the directory, and takes nothing from who has it", () =>
    Effect.gen(function*() {
      const { config, directory } = yield* keeping()
      yield* startWith(config)
      const other = yield* configOnDisk({ state: { directory } })
      const second = yield* llmBot(["run", "--config", other.file], { LLM_API_KEY: secret })
      assert.strictEqual(yield* second.exit, 3)
      assert.include(yield* second.output, `another bot keeps its state in ${directory}`)
      yield* say("lobby", "ana", "MovieBot hello")
      yield* commands(1)
      yield* allSaved(config)
    }).pipe(Effect.provide(world), Effect.scoped), 90_000)

  it.live("goes on without when the disk takes nothing, and says so once", () =>
    Effect.gen(function*() {
      const { config, directory } = yield* keeping()
      // Files of at most 0 bytes, and no signal that ends the program: a full disk.
      const command = `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`
      const args = ["-c", command, process.execPath, programBundle, "run", "--config", config.file]
      const program = yield* launch("sh", args, { cwd: process.cwd(), env: { LLM_API_KEY: secret } })
      yield* program.logged("Bot ready")
      yield* say("lobby", "ana", "MovieBot hello")
      yield* commands(1)
      const warning = `State is not saved in ${directory}, the bot goes on without: the file would be too large: EFBIG`
      yield* program.logged(warning)
      const report = yield* eventually("a failure", health(config.port), ({ state }) => state?.failure !== undefined)
      assert.strictEqual(report.status, "degraded")
      yield* eventually(
        "several failures",
        metric(config.port, `state_saves_total{result="failure"}`),
        (count) => (count ?? 0) > 2
      )
      yield* say("lobby", "bob", "MovieBot hello too")
      yield* commands(2)
      assert.lengthOf((yield* program.logs).filter(({ message }) => message === warning), 1)
      yield* stop(program)
    }).pipe(Effect.provide(world), Effect.scoped), 90_000)

  it.live(
    "needs a restart for another directory, and forgets a channel that leaves the configuration",
    () =>
      Effect.gen(function*() {
        const { config, directory } = yield* keeping({ channels: [{ name: "lobby" }, { name: "second" }] })
        const program = yield* startWith(config)
        for (const channel of ["lobby", "second"]) yield* say(channel, "ana", "MovieBot hello")
        yield* commands(2)
        yield* allSaved(config)
        yield* config.write({ state: { directory: `${directory}-other`, save_seconds: 0.2 } })
        yield* program.signal("SIGHUP")
        yield* program.logged("state.directory changed; restart to apply it")
        yield* eventually(
          "one channel",
          Effect.sync(() => readdirSync(directory)),
          (files) => !files.includes("channel.second.json")
        )
        assert.include(readdirSync(directory), "channel.lobby.json")
      }).pipe(Effect.provide(world), Effect.scoped),
    90_000
  )
})
