import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import type { DecisionRecord, Outcome } from "../../../src/domain/decision/Decision.ts"
import { renderReplay } from "../../../src/domain/replay/ReplayRender.ts"
import { Settings } from "../../../src/domain/settings/Settings.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { replay } from "../../../src/layers/replay/Replay.ts"
import { readLog } from "../../../src/layers/replay/ReplayLog.ts"

// Recordings that version 0.1.0 made of a live bot. They decide again as the bot did then, whatever is changed today.

const fixtures = join(import.meta.dirname, "../../fixtures")
const recording = (name: string): string => join(fixtures, "recordings", name)
const goldenFile = (name: string): string => join(fixtures, "golden", `recording.${name}.txt`)

const env = {
  NATS_URL: "nats://127.0.0.1:14222",
  LLM_BASE_URL: "http://127.0.0.1:14800/v1",
  LLM_API_KEY: "key",
  LLM_MODEL: "double"
}

const settingsIn = (file: string): Settings =>
  Result.getOrThrow(parseSettings(readFileSync(recording(file), "utf8"), env)).settings

const logOf = (name: string) => readLog(recording(`recording-${name}.jsonl`))

const ownSettings = Effect.fnUntraced(function*(name: string) {
  const { settings } = yield* logOf(name)
  return yield* Schema.decodeUnknownEffect(Settings)(settings)
})

const replayed = Effect.fnUntraced(function*(name: string, settings: Settings) {
  const log = yield* logOf(name)
  assert.strictEqual(log.unusableCount, 0)
  return yield* replay(log, { config: "a configuration", settings, asked: undefined })
})

/** 0.1 recorded the wait until a limit may allow a line again as words, in whole seconds. */
const inWholeSeconds = ({ retryAfterMs, ...outcome }: Extract<Outcome, { _tag: "Skipped" }>) =>
  retryAfterMs === undefined ? outcome : { ...outcome, retryAfterS: Math.ceil(retryAfterMs / 1000) }

/** A sentence ends before a small letter too by now, so a line may be shorter than it was then. */
const withoutLengths = (step: DecisionRecord["steps"][number]) => {
  switch (step._tag) {
    case "Processed":
      return { ...step, before: 0, after: 0 }
    case "Prompt":
    case "Sent":
      return { ...step, characters: 0 }
    default:
      return step
  }
}

/**
 * All of a decision but its texts, which are not recorded, how long they are, and how long each step took, which no two
 * runs share. The echo of a line that is another one now is not there.
 */
const comparable = ({ content: _texts, delivery: _echo, outcome, steps, ...record }: DecisionRecord) => ({
  ...record,
  outcome: outcome?._tag === "Skipped" ? inWholeSeconds(outcome) : outcome,
  steps: steps.map(withoutLengths).map(({ at: _took, ...step }) => step)
})

const byArrival = (records: ReadonlyArray<DecisionRecord>) =>
  records.map(comparable).toSorted((one, other) => one.arrivedAt - other.arrivedAt)

describe("a recording of version 0.1.0", () => {
  for (const [name, decisions] of [["three-rooms", 38], ["with-reload", 68]] as const) {
    it.effect(`${name}: every decision is again what was recorded, field by field`, () =>
      Effect.gen(function*() {
        const run = yield* replayed(name, yield* ownSettings(name))
        assert.lengthOf(run.decisions, decisions)
        assert.deepStrictEqual(byArrival(run.decisions), byArrival(run.live))
        yield* Effect.promise(() =>
          expect(renderReplay({ runs: [run], format: "text" })).toMatchFileSnapshot(goldenFile(name))
        )
      }))
  }

  it.effect("under its configuration file it decides as under the recorded one", () =>
    Effect.gen(function*() {
      for (const [name, file] of [["three-rooms", "three-rooms"], ["with-reload", "with-reload.before"]] as const) {
        const own = yield* replayed(name, yield* ownSettings(name))
        assert.deepStrictEqual(yield* replayed(name, settingsIn(`recording-${file}.yaml`)), own)
      }
    }))

  it.effect("under another configuration it decides as 0.1.0 did under that one", () =>
    Effect.gen(function*() {
      const run = yield* replayed("with-reload", settingsIn("recording-with-reload.after.yaml"))
      yield* Effect.promise(() =>
        expect(renderReplay({ runs: [run], format: "text" })).toMatchFileSnapshot(goldenFile("with-reload.after"))
      )
    }))
})
