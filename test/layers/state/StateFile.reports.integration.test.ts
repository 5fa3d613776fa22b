import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import * as StateFile from "../../../src/layers/state/StateFile.ts"
import { StateName, StateStore } from "../../../src/services/state/StateStore.ts"
import { LogLines } from "../../support/LogLines.ts"
import { emptyFolder } from "../../support/Program.ts"

// What others reported of programs that keep their state in files, tried here.

const name = StateName.make("channel.lobby")
const value = { version: 1, text: "what was said" }
const fileIn = (directory: string) => join(directory, `${name}.json`)

const withStore = <A, E>(directory: string, use: (store: StateStore["Service"]) => Effect.Effect<A, E>) =>
  Effect.scoped(
    Effect.flatMap(
      Layer.build(StateFile.layer(directory)),
      (context) => Effect.provide(Effect.flatMap(StateStore, use), context)
    )
  )
const messages = Effect.flatMap(
  LogLines,
  ({ all }) => Effect.map(all, (lines) => lines.map(({ level, message }) => `${level} ${message}`))
)

/** A disk of its own; only root may have one. */
const smallDisk = Effect.fnUntraced(function*() {
  const directory = yield* emptyFolder
  yield* Effect.acquireRelease(
    Effect.sync(() => execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory])),
    () => Effect.sync(() => execFileSync("umount", ["--lazy", directory]))
  )
  return directory
})
const isRoot = process.getuid?.() === 0

describe("reports about kept state", () => {
  // https://github.com/openhab/openhab-core/issues/2989, https://github.com/WalletWasabi/WalletWasabi/issues/9012
  it.live.skipIf(!isRoot)(
    "a full disk empties no file: the last value is there, and is replaced when there is room",
    () =>
      Effect.gen(function*() {
        const directory = yield* smallDisk()
        yield* withStore(directory, ({ load, save }) =>
          Effect.gen(function*() {
            yield* save(name, value)
            const filler = join(directory, "filler")
            try {
              for (let size = 4096;; size += 4096) writeFileSync(filler, Buffer.alloc(size))
            } catch {
              // Full.
            }
            for (let time = 0; time < 3; time++) {
              const { detail } = yield* Effect.flip(save(name, { ...value, text: "x".repeat(100_000) }))
              assert.strictEqual(detail, "no space is left on the disk: ENOSPC")
            }
            assert.deepStrictEqual(yield* load(name), Option.some(value))
            truncateSync(filler, 0)
            yield* save(name, { ...value, version: 2 })
            assert.deepStrictEqual(yield* load(name), Option.some({ ...value, version: 2 }))
          }))
        assert.deepStrictEqual(yield* messages, [
          `Warn State is not saved in ${directory}, the bot goes on without: no space is left on the disk: ENOSPC`,
          `Info State is saved in ${directory} again`
        ])
      }).pipe(Effect.provide(LogLines.layer), Effect.scoped)
  )

  it.live.skipIf(!isRoot)("a disk that became read-only is read, and the bot goes on", () =>
    Effect.gen(function*() {
      const directory = yield* smallDisk()
      yield* withStore(directory, ({ save }) => save(name, value))
      execFileSync("mount", ["-o", "remount,ro", directory])
      yield* withStore(directory, ({ load, save }) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* load(name), Option.some(value))
          const { detail } = yield* Effect.flip(save(name, value))
          assert.strictEqual(detail, "the disk is read-only: EROFS")
        }))
      const lines = yield* messages
      assert.isTrue(lines.every((line) => line.startsWith("Warn ")), lines.join("\n"))
      assert.isTrue(lines.some((line) => line.endsWith("the disk is read-only: EROFS")), lines.join("\n"))
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  // https://github.com/crowbartools/Firebot/issues/1863: 1,486 zero bytes that were never replaced
  it.live("zeros after a crash are put aside, replaced, and not read again", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      writeFileSync(fileIn(directory), Buffer.alloc(1486))
      yield* withStore(directory, ({ load, save }) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* load(name), Option.none())
          yield* save(name, value)
        }))
      yield* withStore(directory, ({ load }) =>
        Effect.map(load(name), (loaded) => assert.deepStrictEqual(loaded, Option.some(value))))
      assert.lengthOf(yield* messages, 1)
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  // https://github.com/stemdeckapp/stemdeck/issues/509: a cut file read as a first run, and then written over
  it.live("a cut file is no first run: it is told, and what is left of it stays", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      yield* withStore(directory, ({ save }) => save(name, value))
      const whole = readFileSync(fileIn(directory), "utf8")
      writeFileSync(fileIn(directory), whole.slice(0, 20))
      yield* withStore(directory, ({ load, save }) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* load(name), Option.none())
          yield* save(name, { ...value, version: 2 })
        }))
      assert.strictEqual(readFileSync(`${fileIn(directory)}.bad`, "utf8"), whole.slice(0, 20))
      assert.include((yield* messages).join("\n"), "is not used: it is damaged, or was edited; it is kept as")
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  // https://github.com/openclaw/openclaw/issues/5006, https://github.com/getpaseo/paseo/issues/5128: the process id in a
  // lock that was left behind is another living process's after the container was built again
  it.live("a lock is nobody's whose process is gone, whatever stands in it", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      writeFileSync(join(directory, "lock"), `${process.pid}\n`)
      yield* withStore(directory, ({ save }) => save(name, value))
      assert.notInclude(readdirSync(directory), "lock")
      assert.deepStrictEqual(yield* messages, [])
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  // https://github.com/google/zoekt/issues/94: what failed left its parts behind
  it.live("what could not be finished is not left lying about", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      for (let file = 0; file < 5; file++) writeFileSync(join(directory, `channel.${file}.json.part`), "")
      mkdirSync(join(directory, "lost+found"))
      yield* withStore(directory, ({ names }) => Effect.map(names, (found) => assert.deepStrictEqual(found, [])))
      assert.deepStrictEqual(readdirSync(directory), ["lost+found"])
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))
})
