import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { pidFile } from "../../../src/layers/process/PidFile.ts"
import { LogLines } from "../../support/LogLines.ts"
import { emptyFolder } from "../../support/Program.ts"

const ended = spawnSync(process.execPath, ["-e", ""]).pid
const running = `${process.ppid}\n`
const own = `${process.pid}\n`

// stellar/stellar-core#652, WGDashboard/WGDashboard#723: what a killed bot left behind, in a container with its own id.
const cases: ReadonlyArray<
  readonly [what: string, before: string | undefined, after: string | undefined, warns: boolean]
> = [
  ["no file", undefined, undefined, false],
  ["an ended process", `${ended}\n`, undefined, false],
  ["the own process", own, undefined, false],
  ["no process", "hello", undefined, false],
  ["nothing", "", undefined, false],
  ["every process", "-1", undefined, false],
  ["a running process", running, running, true]
]

const contentOf = (file: string): string | undefined => existsSync(file) ? readFileSync(file, "utf8") : undefined

describe("a PID file", () => {
  for (const [what, before, after, warns] of cases) {
    it.live(`that names ${what} names the bot while it runs`, () =>
      Effect.gen(function*() {
        const file = join(yield* emptyFolder, "bot.pid")
        if (before !== undefined) writeFileSync(file, before)
        yield* Effect.scoped(Effect.andThen(pidFile(file), Effect.sync(() => assert.strictEqual(contentOf(file), own))))
        assert.strictEqual(contentOf(file), after)
        assert.deepStrictEqual(
          (yield* LogLines.use(({ all }) => all)).map(({ message }) => message),
          warns
            ? [`PID file ${file} names process ${process.ppid}, which is running; does another bot use this file?`]
            : []
        )
      }).pipe(Effect.scoped, Effect.provide(LogLines.layer)))
  }

  it.live("that names another bot by then is left to it", () =>
    Effect.gen(function*() {
      const file = join(yield* emptyFolder, "bot.pid")
      yield* Effect.scoped(Effect.andThen(pidFile(file), Effect.sync(() => writeFileSync(file, running))))
      assert.strictEqual(contentOf(file), running)
    }).pipe(Effect.scoped))

  it.live("that cannot be removed at the end is a warning and no failure", () =>
    Effect.gen(function*() {
      const file = join(yield* emptyFolder, "bot.pid")
      // Somebody put a folder in its place.
      const swap = Effect.sync(() => {
        rmSync(file)
        mkdirSync(file)
      })
      const exit = yield* Effect.exit(Effect.scoped(Effect.andThen(pidFile(file), swap)))
      assert.isTrue(Exit.isSuccess(exit))
      const messages = (yield* LogLines.use(({ all }) => all)).map(({ message }) => message)
      assert.include(messages.join("\n"), `PID file ${file} cannot be removed`)
    }).pipe(Effect.scoped, Effect.provide(LogLines.layer)))
})
