import { execFileSync } from "node:child_process"
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { Effect, Schedule } from "effect"
import { emptyFolder, launch } from "../../support/Program.ts"
import { killIfThere, pidIn } from "./Container.ts"
import { mountedImage, mountedMachine } from "./Image.ts"

/** Removes a control group and those below it; as long as something dies in it, it stays. */
const removeGroup = (path: string): void => {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(path, entry.name))
  }
  rmdirSync(path)
}

/** A control group for the machine's systemd. */
const controlGroup = Effect.acquireRelease(
  Effect.sync(() => {
    const question = ["--noheadings", "--first-only", "--types", "cgroup2", "--output", "TARGET"]
    const path = join(execFileSync("findmnt", question, { encoding: "utf8" }).trim(), `llm-bot-test-${process.pid}`)
    mkdirSync(path)
    return path
  }),
  (path) =>
    Effect.try(() => removeGroup(path)).pipe(
      Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 100 }))),
      Effect.orDie
    )
)

/** The one thing that differs from the unit: nobody has to wait half a minute for the watchdog. */
const hurried = "[Service]\nWatchdogSec=3\nRestartSec=1\n"

/** A machine of its own that runs systemd and has the bot installed as docs/deployment.md says, not started yet. */
export const bootMachine = Effect.fnUntraced(function*(config: string, secrets: string) {
  const root = yield* mountedMachine
  const app = join(yield* mountedImage, "app")
  const installed = join(root, "opt/llm-bot/node_modules/llm-bot")
  for (const part of ["dist", "config", "playground"]) {
    cpSync(join(app, part), join(installed, part), { recursive: true })
  }
  copyFileSync("deploy/systemd/llm-bot.service", join(root, "etc/systemd/system/llm-bot.service"))
  mkdirSync(join(root, "etc/systemd/system/llm-bot.service.d"))
  writeFileSync(join(root, "etc/systemd/system/llm-bot.service.d/hurried.conf"), hurried)
  const configFile = join(root, "etc/llm-bot/config.yaml")
  writeFileSync(configFile, config)
  writeFileSync(join(root, "etc/llm-bot/secrets.env"), secrets, { mode: 0o600 })

  const pidFile = join(yield* emptyFolder, "pid")
  const script = join(import.meta.dirname, "machine.sh")
  const group = yield* controlGroup
  yield* launch("sh", [script, root, group, pidFile], { cwd: "/", env: {} })
  const pid = yield* pidIn(pidFile)
  yield* Effect.addFinalizer(() => Effect.sync(() => killIfThere(Number(pid))))

  /** Runs a command on the machine; what it says, and how it ended. */
  const run = (...command: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      const inside = ["--target", pid, "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--root", "--wd", "--"]
      const program = yield* launch("nsenter", [...inside, ...command], { cwd: "/", env: {} })
      const code = yield* program.exit
      return { code, output: (yield* program.output).trim() }
    }).pipe(Effect.scoped)

  yield* run("systemctl", "is-active", "basic.target").pipe(
    Effect.repeat({ until: ({ output }) => output === "active", schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.die(new Error("the machine did not boot")) })
  )
  return {
    run,
    writeConfig: (text: string) => Effect.sync(() => writeFileSync(configFile, text)),
    /** A property of the unit as systemd has it. */
    property: (name: string) =>
      Effect.map(run("systemctl", "show", "--value", "--property", name, "llm-bot"), ({ output }) => output),
    journal: Effect.map(run("journalctl", "--unit", "llm-bot", "--output", "cat", "--no-pager"), ({ output }) => output)
  }
})
