import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { stringify } from "yaml"
import { CorrelationId } from "../../../src/domain/Ids.ts"
import { fidelityOf } from "../../../src/domain/replay/ReplayFidelity.ts"
import { summaryOf } from "../../../src/domain/replay/ReplaySummary.ts"
import { maskedSettings } from "../../../src/domain/settings/MaskedSettings.ts"
import type { Settings } from "../../../src/domain/settings/Settings.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { replay } from "../../../src/layers/replay/Replay.ts"
import { readLog } from "../../../src/layers/replay/ReplayLog.ts"
import { type RecordingEntry, recordingFormat, RecordingLine } from "../../../src/services/replay/Recording.ts"
import { fileWith } from "../../support/Program.ts"

const settingsWith = (cooldown: number): Settings =>
  Result.getOrThrow(parseSettings(
    stringify({
      nats: { servers: ["nats://127.0.0.1:4222"] },
      channels: [{ name: "lobby" }],
      bot: { username: "MovieBot" },
      llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "m" },
      triggers: [{ type: "mention", cooldown_seconds: cooldown }],
      rate_limits: { global_cooldown_seconds: 0 }
    }),
    {}
  )).settings
const strict = settingsWith(600)

const day = Date.UTC(2026, 10, 21)
const encode = Schema.encodeSync(RecordingLine)
const stamp = (ms: number, bootedAt = 0) => ({ ts: (day + ms) / 1000, mono: ms - bootedAt })

/** What one process records that listens from `began` on; its clock that never goes back began at `bootedAt`. */
const recording = (
  began: number,
  bootedAt: number,
  settings: Settings,
  said: ReadonlyArray<readonly [number, string]>,
  since = began
) => {
  const entries: ReadonlyArray<RecordingEntry> = [
    { kind: "recording", ...stamp(began, bootedAt), format: recordingFormat, version: "0", anonymous: false },
    { kind: "config", ...stamp(began, bootedAt), settings: maskedSettings(settings) },
    ...said.flatMap(([ms, name]): ReadonlyArray<RecordingEntry> => [{
      kind: "event",
      ...stamp(ms, bootedAt),
      id: CorrelationId.make(name),
      subject: "cytube.events.lobby.chatMsg",
      headers: {},
      payload: { user: { name: "Ana", rank: 1 }, msg: `MovieBot, what of ${name}?`, meta: {}, time: day + ms },
      since: stamp(since, bootedAt)
    }])
  ]
  return entries.map((entry) => encode(entry)).join("\n")
}

const replayed = Effect.fnUntraced(function*(log: ReadonlyArray<string>, settings: Settings, config = "own") {
  const read = yield* readLog(yield* fileWith("night.jsonl", log.join("\n")))
  const run = yield* replay(read, { config, settings, asked: undefined })
  return { run, ends: run.decisions.map(({ outcome }) => outcome?._tag), notes: summaryOf(run).notes }
})

const minute = 60_000

describe("a log of several parts", () => {
  for (const [what, bootedAt] of [["the same machine", 0], ["a machine that was started anew", 9 * minute]] as const) {
    it.live(`a restart on ${what} resets what the restart reset, and is named`, () =>
      Effect.gen(function*() {
        const { ends, notes } = yield* replayed([
          recording(0, 0, strict, [[minute, "one"], [2 * minute, "two"]]),
          recording(10 * minute, bootedAt, strict, [[11 * minute, "three"]])
        ], strict)
        assert.deepStrictEqual(ends, ["Replied", "Skipped", "Replied"])
        assert.deepStrictEqual(notes, [
          "The bot was restarted at 2026-11-21 00:10:00 (line 5): what it remembered and its limits begin anew there."
        ])
      }).pipe(Effect.scoped))
  }

  it.live("a recording that goes on in another file is no restart", () =>
    Effect.gen(function*() {
      const { ends, notes } = yield* replayed([
        recording(0, 0, strict, [[minute, "one"]]),
        recording(2 * minute, 0, strict, [[3 * minute, "two"]], 0)
      ], strict)
      assert.deepStrictEqual(ends, ["Replied", "Skipped"])
      assert.deepStrictEqual(notes, [])
    }).pipe(Effect.scoped))

  it.live("each is replayed under its own configuration, unless told otherwise, and the report says which", () =>
    Effect.gen(function*() {
      const log = [
        recording(0, 0, strict, [[minute, "one"], [2 * minute, "two"]]),
        recording(
          3 * minute,
          0,
          settingsWith(0),
          [[4 * minute, "three"], [5 * minute, "four"], [6 * minute, "five"]],
          0
        )
      ]
      const own = yield* replayed(log, strict)
      assert.deepStrictEqual(own.ends, ["Replied", "Skipped", "Replied", "Replied", "Replied"])
      assert.deepStrictEqual(own.notes, [
        "The configuration changed at 2026-11-21 00:03:00 (line 6): each part is replayed under its own."
      ])
      const told = yield* replayed(log, settingsWith(1), "now.yaml")
      assert.deepStrictEqual(told.ends, ["Replied", "Replied", "Replied", "Replied", "Replied"])
      assert.deepStrictEqual(told.notes, [
        "Warning: the configuration changed at 2026-11-21 00:03:00 (line 6) while this was recorded, and all of it is replayed under now.yaml. Without --config each part is replayed under its own."
      ])
    }).pipe(Effect.scoped))

  it.live("a reply under way when the bot was stopped is no difference to the live run", () =>
    Effect.gen(function*() {
      const { run } = yield* replayed([
        recording(0, 0, strict, [[minute, "one"]]),
        recording(2 * minute, 0, strict, [[3 * minute, "two"]])
      ], strict)
      const [, two] = run.decisions
      assert.deepStrictEqual(fidelityOf({ ...run, live: two === undefined ? [] : [two] }), {
        decisions: 1,
        alike: 1,
        departures: []
      })
    }).pipe(Effect.scoped))
})

describe("time that runs backwards", () => {
  const plain = (text: string, ...times: ReadonlyArray<string>) =>
    times.map((time) => `2026-11-${time}\tAna\t${text} ${time}`).join("\n")

  it.live("is named: logs joined in the wrong order", () =>
    Effect.gen(function*() {
      const log = [plain("second", "22 00:10:00", "22 00:20:00"), plain("first", "21 00:30:00", "21 00:40:00")]
      const { notes, run } = yield* replayed(log, strict)
      assert.deepStrictEqual(notes, [
        "Warning: time runs backwards 1 time, first at line 3 by 23 h 50 min: are these logs joined in the right order?"
      ])
      assert.isAbove(run.to, run.from)
    }).pipe(Effect.scoped))

  it.live("is named: recordings joined in the wrong order", () =>
    Effect.gen(function*() {
      const { notes } = yield* replayed([
        recording(60 * minute, 0, strict, [[61 * minute, "one"]]),
        recording(0, 0, strict, [[minute, "two"]])
      ], strict)
      assert.match(notes.at(-1) ?? "", /^Warning: time runs backwards 1 time, first at line 6 by 1 h: /)
    }).pipe(Effect.scoped))

  it.live("is none where a clock is put right by less than a second", () =>
    Effect.gen(function*() {
      const { notes } = yield* replayed([plain("a", "21 00:30:00.900", "21 00:30:00.100")], strict)
      assert.deepStrictEqual(notes, [])
    }).pipe(Effect.scoped))
})
