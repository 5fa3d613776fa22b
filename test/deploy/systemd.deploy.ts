import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Bus } from "../support/Bus.ts"
import { LlmDouble } from "../support/LlmDouble.ts"
import { NatsServer } from "../support/NatsServer.ts"
import { fileWith } from "../support/Program.ts"
import { eventually } from "../support/eventually.ts"
import { commands, configOnDisk, get, say, secret } from "../support/RunningProgram.ts"
import { bootMachine } from "./support/Machine.ts"

const text = readFileSync("deploy/systemd/llm-bot.service", "utf8")

const analyze = (...args: ReadonlyArray<string>) =>
  spawnSync("systemd-analyze", ["--no-pager", ...args], {
    encoding: "utf8",
    env: { ...process.env, SYSTEMD_COLORS: "0" }
  })

/** The unit with one thing changed, as a file; it starts a program that every machine has. */
const unit = (change: (text: string) => string = (same) => same) =>
  fileWith("llm-bot.service", change(text.replace("ExecStart=/usr/bin/node", "ExecStart=/bin/true")))

/** The last value of a setting. */
const setting = (name: string): string | undefined => [...text.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].at(-1)?.[1]

describe("deploy/systemd/llm-bot.service", () => {
  it.effect("has nothing that systemd objects to", () =>
    Effect.gen(function*() {
      const { status, stderr, stdout } = analyze("verify", yield* unit())
      assert.deepStrictEqual({ status, stderr, stdout }, { status: 0, stderr: "", stdout: "" })
      // It says so on stderr and exits with 0: that is what is looked at.
      const broken = analyze("verify", yield* unit((same) => same.replace("TimeoutStopSec=", "TimeoutStopSecs=")))
      assert.include(broken.stderr, "TimeoutStopSecs")
    }).pipe(Effect.scoped))

  it.effect("exposes the machine to it by 2.0 of 10 at most", () =>
    Effect.gen(function*() {
      const { status, stdout } = analyze("security", "--offline=true", "--threshold=20", yield* unit())
      assert.strictEqual(status, 0, stdout)
      assert.match(stdout, /Overall exposure level for llm-bot\.service: ([01]\.\d|2\.0) /)
      const asRoot = yield* unit((same) =>
        same.replace("DynamicUser=yes", "User=root").replace("CapabilityBoundingSet=\n", "")
      )
      assert.notStrictEqual(analyze("security", "--offline=true", "--threshold=20", asRoot).status, 0)
    }).pipe(Effect.scoped))

  it("speaks with the bot as the bot speaks: ready, watchdog, reload, time to stop, no restart after a bad configuration", () => {
    const wanted = {
      Type: "notify",
      NotifyAccess: "all",
      EnvironmentFile: "/etc/llm-bot/secrets.env",
      ExecReload: "/bin/kill -HUP $MAINPID",
      TimeoutStopSec: "40",
      Restart: "on-failure",
      RestartPreventExitStatus: "1",
      // Node compiles at run time.
      MemoryDenyWriteExecute: "no"
    }
    assert.deepStrictEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, setting(name)])), wanted)
    assert.isAtLeast(Number(setting("RestartSec")), 5)
    assert.isAtLeast(Number(setting("WatchdogSec")), 10)
    assert.isAtLeast(Number(setting("TimeoutStartSec")), 40)
    assert.notMatch(text, /^[^#\n]*(key|password|token)=/im)
  })
})

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

describe("the unit on a machine that runs systemd", () => {
  it.live(
    "starts, answers, reloads, is started again when it hangs, stops with 0, and stays down when misconfigured",
    () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk()
        const settings = readFileSync(config.file, "utf8")
        const machine = yield* bootMachine(settings, `LLM_API_KEY=${secret}\n`)
        const is = (property: string, value: string) =>
          eventually(`${property} is ${value}`, machine.property(property), (found) => found === value)

        // It comes back when the bot has said that it is ready.
        const started = yield* machine.run("systemctl", "start", "llm-bot")
        assert.deepStrictEqual(started, { code: 0, output: "" }, yield* machine.journal)
        assert.strictEqual((yield* get(config.port, "/readyz")).status, 200)
        yield* say("lobby", "Ana", "@MovieBot hello there")
        assert.include((yield* commands(1))[0]?.body, "hello there")

        // All it was forbidden is forbidden: no capability, a filter on system calls, a user that is nobody.
        const pid = yield* machine.property("MainPID")
        const { output: status } = yield* machine.run("cat", `/proc/${pid}/status`)
        assert.match(status, /^CapEff:\t0+$/m)
        assert.match(status, /^Seccomp:\t2$/m)
        assert.notMatch(status, /^Uid:\t(0|1000)\t/m)

        yield* machine.writeConfig(settings.replace("username: MovieBot", "username: MovieBot\n  aliases: [Usher]"))
        assert.deepStrictEqual(yield* machine.run("systemctl", "reload", "llm-bot"), { code: 0, output: "" })
        yield* eventually("it reloads", machine.journal, (lines) => lines.includes("Configuration reloaded"))
        yield* say("lobby", "Bob", "Usher, who else is here?")
        assert.include((yield* commands(2)).at(-1)?.body, "who else is")

        // A bot that hangs tells the watchdog nothing any more.
        yield* machine.run("kill", "-STOP", pid)
        yield* eventually("it is started again", machine.property("NRestarts"), (found) => found === "1")
        yield* is("ActiveState", "active")

        assert.deepStrictEqual(yield* machine.run("systemctl", "stop", "llm-bot"), { code: 0, output: "" })
        assert.strictEqual(yield* machine.property("ExecMainStatus"), "0")
        assert.strictEqual(yield* machine.property("Result"), "success")

        yield* machine.writeConfig("nonsense: true\n")
        assert.notStrictEqual((yield* machine.run("systemctl", "start", "llm-bot")).code, 0)
        yield* is("ActiveState", "failed")
        assert.strictEqual(yield* machine.property("ExecMainStatus"), "1")
        assert.strictEqual(yield* machine.property("NRestarts"), "0")
        assert.notInclude(yield* machine.journal, secret)
      }).pipe(Effect.provide(world), Effect.scoped),
    120_000
  )
})
