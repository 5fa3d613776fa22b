import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger } from "effect"
import { pidFile } from "../../../src/layers/process/PidFile.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "pid-file-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

describe("the PID file", () => {
  it.live("that cannot be removed at the end is a warning and no failure", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      const file = join(yield* folder, "bot.pid")
      // Somebody put a folder in its place.
      const swap = Effect.promise(() => rm(file).then(() => mkdir(file)))
      const exit = yield* Effect.exit(Effect.andThen(pidFile(file), swap).pipe(Effect.scoped, Effect.provide(logger)))
      assert.isTrue(Exit.isSuccess(exit))
      assert.include(lines.join("\n"), `PID file ${file} cannot be removed`)
    }))
})
