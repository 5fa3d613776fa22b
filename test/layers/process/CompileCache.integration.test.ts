import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { emptyFolder } from "../../support/Program.ts"
import { programBundle } from "../../support/programBundle.ts"

/** What the bundle says of its version where caches lie in the folder. */
const version = (folder: string, env: Readonly<Record<string, string>> = {}): string =>
  spawnSync(process.execPath, [programBundle, "--version"], {
    encoding: "utf8",
    env: { XDG_CACHE_HOME: folder, ...env }
  }).stdout

const files = (folder: string): ReadonlyArray<string> =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : []

describe("the compiled bundle", () => {
  it.live("is kept for the next start, for the bot's user alone", () =>
    Effect.gen(function*() {
      const folder = yield* emptyFolder
      const said = version(folder)
      const cache = join(folder, "llm-bot")
      assert.isAbove(files(cache).length, 2)
      assert.strictEqual(statSync(cache).mode & 0o777, 0o700)
      assert.strictEqual(version(folder), said)
    }).pipe(Effect.scoped))

  it.live("is not kept, nor taken from, where others can write", () =>
    Effect.gen(function*() {
      const folder = yield* emptyFolder
      const cache = join(folder, "llm-bot")
      mkdirSync(cache)
      chmodSync(cache, 0o777)
      assert.match(version(folder), /^llm-bot v/)
      assert.deepStrictEqual(files(cache), [])
    }).pipe(Effect.scoped))

  it.live("is not kept where the environment says so, or nothing can be written: the program runs all the same", () =>
    Effect.gen(function*() {
      const folder = yield* emptyFolder
      assert.match(version(folder, { NODE_DISABLE_COMPILE_CACHE: "1" }), /^llm-bot v/)
      assert.deepStrictEqual(files(join(folder, "llm-bot")), [])
      assert.match(version("/proc/nowhere"), /^llm-bot v/)
    }).pipe(Effect.scoped))
})
