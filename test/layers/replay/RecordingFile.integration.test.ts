import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Schema } from "effect"
import { CorrelationId } from "../../../src/domain/Ids.ts"
import * as RecordingFile from "../../../src/layers/replay/RecordingFile.ts"
import { DryRun } from "../../../src/services/reply/DryRun.ts"
import { Recorder } from "../../../src/services/replay/Recorder.ts"
import { type RecordingEntry, RecordingLine } from "../../../src/services/replay/Recording.ts"
import { emptyFolder } from "../../support/Program.ts"

const decode = Schema.decodeSync(RecordingLine)
const linesOf = (file: string): ReadonlyArray<RecordingEntry> =>
  readFileSync(file, "utf8").trimEnd().split("\n").map((line) => decode(line))

const unheard = (id: string): RecordingEntry => ({ kind: "unheard", ts: 1, mono: 1, id: CorrelationId.make(id) })
const config: RecordingEntry = { kind: "config", ts: 1, mono: 1, settings: { seed: 7 } }

/** Writes the entries and closes the file. */
const record = (options: RecordingFile.RecordingOptions, entries: ReadonlyArray<RecordingEntry>) =>
  Effect.gen(function*() {
    const { append } = yield* Recorder
    for (const entry of entries) {
      yield* append(entry)
      yield* Effect.yieldNow
    }
  }).pipe(Effect.provide(RecordingFile.layer(options)), Effect.scoped)

const inFolder = Effect.map(emptyFolder, (folder) => join(folder, "night.jsonl"))

describe("the file of a recording", () => {
  it.live("holds every line in order, and only its owner may read it", () =>
    Effect.gen(function*() {
      const file = yield* inFolder
      const ids = Array.from({ length: 3_000 }, (_, index) => `id-${index}`)
      yield* record({ file, anonymous: false }, ids.map(unheard))
      const [began, ...rest] = linesOf(file)
      assert.deepInclude(began, { kind: "recording", format: 1 })
      assert.deepStrictEqual(rest.map((entry) => entry.kind === "unheard" ? entry.id : ""), ids)
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    }).pipe(Effect.scoped))

  it.live("is put aside when it is full, five in all, and each begins with what it takes to understand it", () =>
    Effect.gen(function*() {
      const file = yield* inFolder
      const entries = [config, ...Array.from({ length: 2_000 }, (_, index) => unheard(`id-${index}`))]
      // One at a time, so that the file is looked at after each.
      yield* Effect.gen(function*() {
        const { append } = yield* Recorder
        for (const entry of entries) {
          yield* append(entry)
          yield* Effect.sleep(0)
        }
      }).pipe(Effect.provide(RecordingFile.layer({ file, anonymous: false, maxBytes: 500 })), Effect.scoped)
      for (const name of [file, `${file}.1`, `${file}.4`]) {
        assert.deepStrictEqual(linesOf(name).slice(0, 2).map(({ kind }) => kind), ["recording", "config"])
        assert.strictEqual(statSync(name).mode & 0o777, 0o600)
      }
      assert.isFalse(existsSync(`${file}.5`))
      assert.deepStrictEqual(linesOf(file).at(-1), unheard("id-1999"))
    }).pipe(Effect.scoped))

  it.live("never writes over what was recorded before", () =>
    Effect.gen(function*() {
      const file = yield* inFolder
      yield* record({ file, anonymous: false }, [unheard("last-night")])
      const before = readFileSync(file, "utf8")
      yield* record({ file, anonymous: false }, [unheard("new")])
      assert.strictEqual(readFileSync(`${file}.1`, "utf8"), before)
      assert.lengthOf(linesOf(file), 2)
    }).pipe(Effect.scoped))

  it.live("loses nothing when it cannot be put aside", () =>
    Effect.gen(function*() {
      const file = yield* inFolder
      const nights = ["one", "two", "three", "four"]
      for (const night of nights) yield* record({ file, anonymous: false }, [unheard(night)])
      // A folder is in the way.
      mkdirSync(`${file}.4`)
      const error = yield* Effect.flip(Layer.build(RecordingFile.layer({ file, anonymous: false })).pipe(Effect.scoped))
      assert.match(error.message, /cannot be written \(EISDIR/)
      const kept = [`${file}.3`, `${file}.2`, `${file}.1`, file].map((name) => linesOf(name).at(-1))
      assert.deepStrictEqual(kept, nights.map(unheard))
    }).pipe(Effect.scoped))

  it.live("takes the place of nothing but a recording: no configuration, folder, link or device", () =>
    Effect.gen(function*() {
      const folder = yield* emptyFolder
      const config = join(folder, "config.yaml")
      writeFileSync(config, "nats: {}\n")
      const link = join(folder, "link.jsonl")
      symlinkSync(config, link)
      for (const file of [config, folder, link, "/dev/full"]) {
        const error = yield* Effect.flip(
          Layer.build(RecordingFile.layer({ file, anonymous: false })).pipe(Effect.scoped)
        )
        assert.match(error.message, /it is there and no (?:recording: name another file|plain file)/, file)
      }
      assert.deepStrictEqual(readdirSync(folder).toSorted(), ["config.yaml", "link.jsonl"])
      assert.strictEqual(readFileSync(config, "utf8"), "nats: {}\n")
    }).pipe(Effect.scoped))

  it.live("keeps what others could read of an empty file from them", () =>
    Effect.gen(function*() {
      const file = yield* inFolder
      writeFileSync(file, "", { mode: 0o644 })
      yield* record({ file, anonymous: false }, [unheard("new")])
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      assert.lengthOf(linesOf(file), 2)
    }).pipe(Effect.scoped))

  it.live("says that nothing was published", () =>
    Effect.gen(function*() {
      const file = yield* inFolder
      yield* record({ file, anonymous: false }, []).pipe(Effect.provideService(DryRun, true))
      const [began] = linesOf(file)
      assert.deepInclude(began, { kind: "recording", dryRun: true })
    }).pipe(Effect.scoped))

  it.live("ends where a line cannot be written, says so, and writes nothing after what is missing", () =>
    Effect.gen(function*() {
      const file = yield* inFolder
      const said: Array<unknown> = []
      const logger = Logger.make(({ message }) => void said.push(Array.isArray(message) ? message[0] : message))
      yield* Effect.gen(function*() {
        const { append } = yield* Recorder
        for (
          const entry of [
            unheard("before"),
            { ...unheard("never"), ts: Number.NaN },
            unheard("after"),
            unheard("later")
          ]
        ) {
          yield* append(entry)
          yield* Effect.sleep(5)
        }
      }).pipe(
        Effect.provide(Layer.provideMerge(RecordingFile.layer({ file, anonymous: false }), Logger.layer([logger]))),
        Effect.scoped
      )
      assert.deepStrictEqual(said, ["Recording stopped; the bot keeps running"])
      assert.deepStrictEqual(linesOf(file).slice(1), [unheard("before")])
    }).pipe(Effect.scoped))

  it.live("says what to do when it cannot be written", () =>
    Effect.gen(function*() {
      const file = join(yield* emptyFolder, "nowhere", "night.jsonl")
      const error = yield* Effect.flip(Layer.build(RecordingFile.layer({ file, anonymous: false })).pipe(Effect.scoped))
      assert.strictEqual(error._tag, "RecordingFailed")
      assert.match(error.message, /nowhere.*is the folder there and writable/)
    }).pipe(Effect.scoped))
})
