import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { stringify } from "yaml"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
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

// Recordings as replicas leave them, written by hand: what happened at which ms.

const settingsWith = (sections: object = {}): Settings =>
  Result.getOrThrow(parseSettings(
    stringify({
      nats: { servers: ["nats://127.0.0.1:4222"] },
      channels: [{ name: "lobby" }, { name: "cinema" }],
      bot: { username: "MovieBot" },
      llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "m" },
      triggers: [{ type: "mention" }],
      rate_limits: { global_cooldown_seconds: 0 },
      ...sections
    }),
    {}
  )).settings
const settings = settingsWith()

const day = Date.UTC(2026, 10, 21)
const encode = Schema.encodeSync(RecordingLine)
const minute = 60_000

/** A replica: its machine was started at a moment of the day, ms, and its wall clock is wrong by so much, ms. */
const replica = (startedAt: number, wrongBy = 0) => {
  const stamp = (ms: number) => ({ ts: (day + ms + wrongBy) / 1000, mono: ms - startedAt })
  const began = (ms: number, configuration = settings): ReadonlyArray<RecordingEntry> => [
    { kind: "recording", ...stamp(ms), format: recordingFormat, version: "0", anonymous: false },
    { kind: "config", ...stamp(ms), settings: maskedSettings(configuration) }
  ]
  const heard = (
    ms: number,
    channel: string,
    name: string,
    msg: string,
    since = 0,
    saidAt = ms
  ): RecordingEntry => ({
    kind: "event",
    ...stamp(ms),
    id: CorrelationId.make(name),
    subject: `cytube.events.${channel}.chatMsg`,
    headers: {},
    payload: { user: { name: "Ana", rank: 1 }, msg, meta: {}, time: day + saidAt },
    since: stamp(since)
  })
  const answered = (ms: number, name: string, text: string): ReadonlyArray<RecordingEntry> => [
    {
      kind: "completion",
      ...stamp(ms),
      id: CorrelationId.make(name),
      took: 500,
      attempts: [],
      end: {
        _tag: "Answered",
        text,
        model: "m",
        finishReason: "stop",
        inputTokens: 1,
        outputTokens: 1,
        estimated: false
      }
    },
    { kind: "turn", ...stamp(ms), id: CorrelationId.make(name) },
    { kind: "sent", ...stamp(ms + 2), id: CorrelationId.make(name) }
  ]
  const decided = (ms: number, record: DecisionRecord | undefined): ReadonlyArray<RecordingEntry> => {
    if (record === undefined) return []
    const { content: _texts, ...rest } = record
    return [{ kind: "decision", ...stamp(ms), record: rest }]
  }
  return { began, heard, answered, decided, stamp }
}
const one = replica(-5 * 3_600_000)
const other = replica(-40 * 60_000)

type Entries = ReadonlyArray<RecordingEntry>
const textOf = (entries: Entries): string => `${entries.map((entry) => encode(entry)).join("\n")}\n`

const replayedTexts = Effect.fnUntraced(function*(texts: ReadonlyArray<string>, under = settings) {
  const files = yield* Effect.forEach(texts, (text, index) => fileWith(`night-${index + 1}.jsonl`, text))
  const log = yield* readLog(...files)
  const run = yield* replay(log, { config: "own", settings: under, asked: undefined })
  const told = run.decisions.map(({ channel, content, correlationId, outcome }) =>
    `${channel} ${correlationId}: ${outcome?._tag === "Skipped" ? outcome.reason : content?.reply}`
  )
  return { run, told, notes: summaryOf(run).notes }
})
const replayed = (logs: ReadonlyArray<Entries>, under = settings) => replayedTexts(logs.map(textOf), under)

const together = "2 logs are replayed together, as one bot's: night-1.jsonl, night-2.jsonl."

describe("recordings of several replicas, replayed together", () => {
  const disjoint = (by: ReturnType<typeof replica>) => [
    [
      ...one.began(0),
      one.heard(minute, "lobby", "a", "MovieBot, what is on?"),
      ...one.answered(minute + 500, "a", "A western in the lobby"),
      one.heard(3 * minute, "lobby", "c", "MovieBot, and then?"),
      ...one.answered(3 * minute + 700, "c", "Then a comedy comes")
    ],
    [
      ...by.began(4_000),
      by.heard(2 * minute, "cinema", "b", "MovieBot, hello there?"),
      ...by.answered(2 * minute + 900, "b", "Hello, this is the cinema")
    ]
  ]
  const expected = [
    "lobby a: A western in the lobby",
    "cinema b: Hello, this is the cinema",
    "lobby c: Then a comedy comes"
  ]

  for (
    const [what, by] of [
      ["machines of their own", other],
      ["one machine", one],
      ["clocks that differ", replica(-40 * 60_000, 3_000)]
    ] as const
  ) {
    it.live(`on ${what}: each channel's answers, at their times`, () =>
      Effect.gen(function*() {
        const { notes, run, told } = yield* replayed(disjoint(by))
        assert.deepStrictEqual(told, expected)
        assert.deepStrictEqual(notes, [together])
        const after = run.decisions.map(({ outcome }) => outcome?._tag === "Replied" ? Math.round(outcome.afterMs) : 0)
        assert.deepStrictEqual(after, [502, 902, 702])
        assert.deepInclude(run.model, { _tag: "Recorded", answered: 3, stoodIn: 0 })
      }).pipe(Effect.scoped))
  }

  it.live("the order in which they are named does not matter", () =>
    Effect.gen(function*() {
      const { told } = yield* replayed(disjoint(other).toReversed())
      assert.deepStrictEqual(told, expected)
    }).pipe(Effect.scoped))

  it.live("a channel that moved goes on with whoever took it, and comes back", () =>
    Effect.gen(function*() {
      const limited = settingsWith({ triggers: [{ type: "mention", cooldown_seconds: 90 }] })
      const { notes, run, told } = yield* replayed([
        [
          ...one.began(0, limited),
          one.heard(minute, "lobby", "a", "MovieBot, what is on?"),
          ...one.answered(minute + 500, "a", "A western in the lobby"),
          one.heard(5 * minute, "lobby", "d", "MovieBot, are you back?", 4 * minute),
          ...one.answered(5 * minute + 500, "d", "I never was away")
        ],
        [
          ...other.began(1_000, limited),
          other.heard(2 * minute, "lobby", "b", "MovieBot, still there?", minute + 30_000),
          other.heard(3 * minute, "lobby", "c", "MovieBot, and now?", minute + 30_000),
          ...other.answered(3 * minute + 500, "c", "Now I answer again")
        ]
      ], limited)
      assert.deepStrictEqual(told, [
        "lobby a: A western in the lobby",
        "lobby b: cooldown",
        "lobby c: Now I answer again",
        "lobby d: I never was away"
      ])
      assert.deepStrictEqual(notes, [together])
      assert.strictEqual(run.events, 4)
    }).pipe(Effect.scoped))

  it.live("of a channel that both heard, the one that subscribed last tells", () =>
    Effect.gen(function*() {
      const question = "MovieBot, what is on?"
      const { notes, run, told } = yield* replayed([
        [
          ...one.began(0),
          one.heard(minute, "lobby", "a", question),
          ...one.answered(minute + 500, "a", "A western in the lobby"),
          one.heard(2 * minute, "lobby", "b", question),
          ...one.answered(2 * minute + 500, "b", "The one who left tells this")
        ],
        [
          ...other.began(1_000),
          other.heard(2 * minute + 3, "lobby", "b", question, minute + 30_000, 2 * minute),
          ...other.answered(2 * minute + 900, "b", "Its new owner tells this")
        ]
      ])
      assert.deepStrictEqual(told, ["lobby a: A western in the lobby", "lobby b: Its new owner tells this"])
      assert.strictEqual(run.events, 2)
      assert.deepStrictEqual(notes, [
        together,
        "4 lines of them stand in another one too and count once: where two replicas heard a channel, as the one that subscribed last did."
      ])
    }).pipe(Effect.scoped))

  it.live("a log that is named twice counts once", () =>
    Effect.gen(function*() {
      const [log = []] = disjoint(other)
      const alone = yield* replayed([log])
      const twice = yield* replayed([log, log])
      assert.deepStrictEqual(twice.run.decisions, alone.run.decisions)
      assert.match(twice.notes[1] ?? "", /^9 lines of them stand in another one too and count once/)
    }).pipe(Effect.scoped))

  it.live("files of one bot, one after the other, are as if they were joined", () =>
    Effect.gen(function*() {
      const strict = settingsWith({ triggers: [{ type: "mention", cooldown_seconds: 3_600 }] })
      const said = (ms: number, name: string, since = 0) => one.heard(ms, "lobby", name, "MovieBot, hello?", since)
      const first = [...one.began(0, strict), said(minute, "a")]
      const goesOn = [...one.began(2 * minute, strict), said(3 * minute, "b")]
      const restarted = [...one.began(4 * minute, strict), said(5 * minute, "c", 4 * minute)]
      const ends = ({ run }: Effect.Success<ReturnType<typeof replayed>>) =>
        run.decisions.map(({ outcome }) => outcome?._tag)
      const apart = yield* replayed([first, goesOn, restarted], strict)
      const joined = yield* replayedTexts([[first, goesOn, restarted].map(textOf).join("")], strict)
      assert.deepStrictEqual(ends(apart), ["Replied", "Skipped", "Replied"])
      assert.deepStrictEqual(apart.run.decisions, joined.run.decisions)
      assert.deepStrictEqual(apart.notes.slice(1), [
        "The bot was restarted at 2026-11-21 00:04:00 (line 1 of night-3.jsonl): what it remembered and its limits begin anew there."
      ])
    }).pipe(Effect.scoped))

  it.live("what each decided is compared, but not what a killed one could not decide any more", () =>
    Effect.gen(function*() {
      const logs = disjoint(other)
      const { run: { decisions: [a, b] } } = yield* replayed(logs)
      const { run } = yield* replayed([
        [...logs[0] ?? [], ...one.decided(4 * minute, a)].filter((line) => line.kind !== "turn" || line.id !== "c"),
        [...logs[1] ?? [], ...other.decided(4 * minute, b), other.heard(5 * minute, "cinema", "e", "MovieBot, bye?")]
      ])
      const fidelity = fidelityOf(run)
      assert.deepStrictEqual(fidelity?.departures.map(({ correlationId, what }) => [correlationId, what]), [
        ["c", "only_replay"]
      ])
      assert.strictEqual(fidelity?.alike, 2)
    }).pipe(Effect.scoped))

  it.live("other configurations are named, and a change that all made counts once", () =>
    Effect.gen(function*() {
      const changed = settingsWith({ triggers: [{ type: "mention", cooldown_seconds: 60 }] })
      const config = (by: ReturnType<typeof replica>, ms: number, to: Settings): RecordingEntry => ({
        kind: "config",
        ...by.stamp(ms),
        settings: maskedSettings(to)
      })
      const [first = [], second = []] = disjoint(other)
      const reloaded = yield* replayed([
        [...first, config(one, 6 * minute, changed)],
        [...second, config(other, 6 * minute + 40, changed)]
      ])
      assert.deepStrictEqual(reloaded.notes, [
        together,
        "The configuration changed at 2026-11-21 00:06:00 (line 11 of night-1.jsonl): each part is replayed under its own."
      ])
      const differing = yield* replayed([first, [...other.began(4_000, changed), ...second.slice(2)]])
      assert.deepStrictEqual(differing.told, expected)
      assert.deepStrictEqual(differing.notes, [
        together,
        "Warning: night-2.jsonl was recorded under another configuration than night-1.jsonl: all is replayed under own."
      ])
    }).pipe(Effect.scoped))

  it.live("a damaged one loses its damaged lines; one that is none of ours is named", () =>
    Effect.gen(function*() {
      const [first = "", second = ""] = disjoint(other).map(textOf)
      const { run, told } = yield* replayedTexts([first, `${second.slice(0, -40)}\u0000`])
      assert.deepStrictEqual(told, expected)
      assert.deepStrictEqual(run.unusable, [{ file: "night-2.jsonl", line: 6, why: "not JSON" }])
      const file = yield* fileWith("good.jsonl", first)
      const messageOf = (more: string) => Effect.map(Effect.flip(readLog(file, more)), ({ message }) => message)
      const noise = yield* fileWith("noise.jsonl", "{\u0000\n{\n")
      assert.match(yield* messageOf(noise), /noise\.jsonl: holds no event to replay: line 1 is not JSON$/)
      const gone = join(noise, "..", "gone.jsonl")
      assert.match(yield* messageOf(gone), /gone\.jsonl: cannot be read: there is no such file$/)
      const later = yield* fileWith("later.jsonl", second.replace(`"format":1`, `"format":9`))
      assert.match(yield* messageOf(later), /^one of .*later\.jsonl: was recorded by a later version of llm-bot/)
    }).pipe(Effect.scoped))
})
