import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { CorrelationId } from "../../src/domain/Ids.ts"
import * as RecordingFile from "../../src/layers/RecordingFile.ts"
import { Recorder } from "../../src/services/recording/Recorder.ts"
import { type RecordingEntry, RecordingLine } from "../../src/services/recording/Recording.ts"
import { emptyFolder } from "../support/Program.ts"

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
      assert.strictEqual(began?.kind, "recording")
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
      writeFileSync(file, "last night\n")
      yield* record({ file, anonymous: false }, [unheard("new")])
      assert.strictEqual(readFileSync(`${file}.1`, "utf8"), "last night\n")
      assert.lengthOf(linesOf(file), 2)
    }).pipe(Effect.scoped))

  it.live("says what to do when it cannot be written", () =>
    Effect.gen(function*() {
      const file = join(yield* emptyFolder, "nowhere", "night.jsonl")
      const error = yield* Effect.flip(Layer.build(RecordingFile.layer({ file, anonymous: false })).pipe(Effect.scoped))
      assert.strictEqual(error._tag, "RecordingFailed")
      assert.match(error.message, /nowhere.*is the folder there and writable/)
    }).pipe(Effect.scoped))
})
