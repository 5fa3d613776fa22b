import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option } from "effect"
import * as StateFile from "../../../src/layers/state/StateFile.ts"
import { StateName, StateStore } from "../../../src/services/state/StateStore.ts"
import { eventually } from "../../support/eventually.ts"
import { LogLines } from "../../support/LogLines.ts"
import { emptyFolder } from "../../support/Program.ts"

const name = StateName.make("channel.lobby")
const value = { version: 1, savedAt: { wall: 5 }, value: { text: "what was said, ümläuts 🎬 too", list: [1, 2] } }
const fileIn = (directory: string) => join(directory, `${name}.json`)

const withStore = <A, E>(directory: string, use: (store: StateStore["Service"]) => Effect.Effect<A, E>) =>
  Effect.scoped(
    Effect.flatMap(
      Layer.build(StateFile.layer(directory)),
      (context) => Effect.provide(Effect.flatMap(StateStore, use), context)
    )
  )
const saved = (directory: string) => withStore(directory, ({ save }) => save(name, value))
const loaded = (directory: string) => withStore(directory, ({ load }) => load(name))
const messages = Effect.flatMap(
  LogLines,
  ({ all }) => Effect.map(all, (lines) => lines.map(({ level, message }) => `${level} ${message}`))
)

describe("a directory of saved values", () => {
  it.effect("gives back what was saved, and is its owner's alone", () =>
    Effect.gen(function*() {
      const directory = join(yield* emptyFolder, "deep", "state")
      yield* saved(directory)
      assert.deepStrictEqual(yield* loaded(directory), Option.some(value))
      assert.strictEqual(statSync(fileIn(directory)).mode & 0o777, 0o600)
      assert.strictEqual(statSync(directory).mode & 0o777, 0o700)
      yield* withStore(directory, ({ names, remove }) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* names, [name])
          yield* remove(name)
          yield* remove(name)
          assert.deepStrictEqual(yield* names, [])
        }))
      assert.deepStrictEqual(yield* messages, [])
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  it.effect("puts aside what is cut off, wherever, and says so once", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      yield* saved(directory)
      const whole = readFileSync(fileIn(directory))
      yield* withStore(directory, ({ load }) =>
        Effect.gen(function*() {
          for (let length = 0; length < whole.length; length++) {
            writeFileSync(fileIn(directory), whole.subarray(0, length))
            assert.deepStrictEqual(yield* load(name), Option.none(), `cut off at ${length}`)
            assert.deepStrictEqual(yield* load(name), Option.none())
          }
        }))
      assert.lengthOf(yield* messages, whole.length)
      assert.include((yield* messages)[0], "it is damaged, or was edited; it is kept as ")
      assert.isTrue(readdirSync(directory).includes(`${name}.json.bad`))
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  it.effect("puts aside what has another byte anywhere", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      yield* saved(directory)
      const whole = readFileSync(fileIn(directory))
      yield* withStore(directory, ({ load }) =>
        Effect.gen(function*() {
          for (let index = 0; index < whole.length; index++) {
            const damaged = Buffer.from(whole)
            damaged[index] = (damaged[index] ?? 0) ^ 1
            writeFileSync(fileIn(directory), damaged)
            assert.deepStrictEqual(yield* load(name), Option.none(), `damaged at ${index}`)
          }
        }))
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  it.effect("puts aside a folder in the file's place, and what holds zeros alone", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      mkdirSync(fileIn(directory))
      assert.deepStrictEqual(yield* loaded(directory), Option.none())
      const other = yield* emptyFolder
      writeFileSync(fileIn(other), Buffer.alloc(4096))
      assert.deepStrictEqual(yield* loaded(other), Option.none())
      yield* saved(other)
      assert.deepStrictEqual(yield* loaded(other), Option.some(value))
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  it.effect("follows no link, and clears what a killed process left", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      const victim = join(yield* emptyFolder, "victim")
      writeFileSync(victim, "precious")
      writeFileSync(`${fileIn(directory)}.part`, "half a val")
      yield* withStore(directory, ({ load, save }) =>
        Effect.gen(function*() {
          assert.notInclude(readdirSync(directory), `${name}.json.part`)
          assert.deepStrictEqual(yield* load(name), Option.none())
          symlinkSync(victim, `${fileIn(directory)}.part`)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(save(name, value))))
        }))
      assert.strictEqual(readFileSync(victim, "utf8"), "precious")
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  it.effect("warns once when it takes nothing any more, and says when it does again", () =>
    Effect.gen(function*() {
      const directory = join(yield* emptyFolder, "state")
      yield* withStore(directory, ({ save }) =>
        Effect.gen(function*() {
          const part = `${fileIn(directory)}.part`
          mkdirSync(part)
          for (let index = 0; index < 3; index++) assert.isTrue(Exit.isFailure(yield* Effect.exit(save(name, value))))
          yield* save(StateName.make("users"), value)
          yield* save(StateName.make("users"), value)
        }))
      assert.deepStrictEqual(yield* messages, [
        `Warn State is not saved in ${directory}, the bot goes on without: it failed: EISDIR`,
        `Info State is saved in ${directory} again`
      ])
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))

  it.live("refuses a second bot, and takes over from one that was killed", () =>
    Effect.gen(function*() {
      const directory = yield* emptyFolder
      const refused = yield* withStore(directory, () => Effect.exit(loaded(directory)))
      assert.include(JSON.stringify(refused), "StateInUse")
      const holder = `require("node:net").createServer().listen(${
        JSON.stringify(join(directory, "lock"))
      }, () => console.log("held"))`
      const child = spawn(process.execPath, ["-e", holder])
      let held = ""
      child.stdout.on("data", (part: Buffer) => void (held += part.toString()))
      yield* eventually("held", Effect.sync(() => held), (text) => text.includes("held"))
      assert.include(JSON.stringify(yield* Effect.exit(loaded(directory))), "StateInUse")
      child.kill("SIGKILL")
      yield* eventually("gone", Effect.sync(() => child.signalCode), (code) => code !== null)
      assert.isTrue(readdirSync(directory).includes("lock"))
      assert.deepStrictEqual(yield* loaded(directory), Option.none())
      assert.deepStrictEqual(yield* messages, [])
    }).pipe(Effect.provide(LogLines.layer), Effect.scoped))
})
