import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { stringify } from "yaml"
import type { Outcome } from "../../../src/domain/decision/Decision.ts"
import { ChannelName, CorrelationId, EntryKey } from "../../../src/domain/Ids.ts"
import { maskedSettings } from "../../../src/domain/settings/MaskedSettings.ts"
import type { Settings } from "../../../src/domain/settings/Settings.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { replay } from "../../../src/layers/replay/Replay.ts"
import { readLog } from "../../../src/layers/replay/ReplayLog.ts"
import { LlmTimeout } from "../../../src/services/LlmClient.ts"
import { NatsNotSent, NatsUnconfirmed } from "../../../src/services/Nats.ts"
import { type CompletionEnd, type RecordingEntry, RecordingLine } from "../../../src/services/replay/Recording.ts"
import { fileWith } from "../../support/Program.ts"

// Recordings as a live run leaves them, written by hand: what happened at which ms.

const settingsWith = (sections: object): Settings =>
  Result.getOrThrow(parseSettings(
    stringify({
      nats: { servers: ["nats://127.0.0.1:4222"] },
      channels: [{ name: "lobby" }],
      bot: { username: "MovieBot" },
      llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "m" },
      triggers: [{ type: "mention" }],
      rate_limits: { global_cooldown_seconds: 0 },
      ...sections
    }),
    {}
  )).settings

const day = Date.UTC(2026, 10, 21)
const at = (ms: number) => ({ ts: (day + ms) / 1000, mono: ms })
const id = (name: string): CorrelationId => CorrelationId.make(name)

const began: RecordingEntry = { kind: "recording", ...at(0), version: "0", anonymous: false }
const configured = (ms: number, settings: Settings): RecordingEntry => ({
  kind: "config",
  ...at(ms),
  settings: maskedSettings(settings)
})
const said = (ms: number, name: string, msg: string): RecordingEntry => ({
  kind: "event",
  ...at(ms),
  subject: "cytube.events.lobby.chatMsg",
  headers: { "Correlation-Id": name },
  payload: { user: { name: "Ana", rank: 1 }, msg, meta: {}, time: day + ms },
  since: at(0)
})
const completion = (ms: number, name: CorrelationId, end: CompletionEnd, took = 500): RecordingEntry => ({
  kind: "completion",
  ...at(ms),
  id: name,
  took,
  attempts: [],
  end
})
const answered = (text: string): CompletionEnd => ({
  _tag: "Answered",
  text,
  model: "m",
  finishReason: "stop",
  inputTokens: 1,
  outputTokens: 1,
  estimated: false
})
const look = (ms: number): RecordingEntry => ({
  kind: "look",
  ...at(ms),
  channel: ChannelName.make("lobby"),
  entry: EntryKey.make("contextual")
})

const encode = Schema.encodeSync(RecordingLine)

/** What a replay under the recording's own settings decides. */
const replayed = Effect.fnUntraced(function*(
  settings: Settings,
  entries: ReadonlyArray<RecordingEntry>,
  beginning: RecordingEntry = began
) {
  const lines = [beginning, configured(0, settings), ...entries].map((entry) => encode(entry))
  const log = yield* readLog(yield* fileWith("night.jsonl", lines.join("\n")))
  assert.strictEqual(log.unusableCount, 0)
  const { decisions } = yield* replay(log, { config: "own", settings, asked: undefined })
  return decisions
})

const contextual = (interval: number) =>
  settingsWith({
    triggers: [{ type: "contextual", evaluation_interval_seconds: interval, min_messages_since_last_bot_message: 1 }]
  })

describe("a replay as the bot decided live", () => {
  it.live("a look is taken by the timer that looked, not by the one a new configuration ended", () =>
    Effect.gen(function*() {
      const decisions = yield* replayed(contextual(120), [
        said(1_000, "a", "hello there"),
        configured(2_000, contextual(60)),
        look(62_000)
      ])
      assert.deepStrictEqual(decisions.map(({ arrivedAt, eventType }) => [eventType, arrivedAt - day]), [
        ["chatMsg", 1_000],
        ["contextual", 62_000]
      ])
    }).pipe(Effect.scoped))

  it.live("a question that a new configuration stopped does not stop the looks after it", () =>
    Effect.gen(function*() {
      const settings = contextual(60)
      const first = [said(1_000, "a", "hello there"), look(60_000)]
      // The question's id is a function of the look.
      const [, question] = yield* replayed(settings, first)
      const decisions = yield* replayed(settings, [
        ...first,
        completion(60_100, question?.correlationId ?? id("none"), { _tag: "Stopped" }, 100),
        configured(60_110, contextual(30)),
        said(60_110, "b", "and hello again"),
        look(90_100)
      ])
      const looks = decisions.filter(({ eventType }) => eventType === "contextual")
      assert.deepStrictEqual(looks.map(({ arrivedAt }) => arrivedAt - day), [60_000, 90_100])
      assert.deepStrictEqual(looks[0]?.outcome, { _tag: "Skipped", reason: "stopped" })
    }).pipe(Effect.scoped))

  it.live("a line that nobody heard leaves at its own later moment; what was refused is said again at its own", () =>
    Effect.gen(function*() {
      const turn = (ms: number): RecordingEntry => ({ kind: "turn", ...at(ms), id: id("a") })
      const sent = (ms: number): RecordingEntry => ({ kind: "sent", ...at(ms), id: id("a") })
      const event = (ms: number, name: string, payload: unknown): RecordingEntry => ({
        kind: "event",
        ...at(ms),
        id: id(`${name}-${ms}`),
        subject: `cytube.events.lobby.${name}`,
        headers: { "Correlation-Id": `${name}-${ms}` },
        payload,
        since: at(0)
      })
      const text = "Yes, as always I am here"
      const line = { user: { name: "MovieBot", rank: 1 }, msg: text, meta: {}, time: day + 4_600 }
      const [decision] = yield* replayed(settingsWith({}), [
        said(1_000, "a", "MovieBot, are you there?"),
        completion(1_500, id("a"), answered(text)),
        turn(1_501),
        { kind: "sent", ...at(1_502), id: id("a"), heard: false },
        turn(1_760),
        { kind: "sent", ...at(1_761), id: id("a"), heard: false },
        turn(2_270),
        sent(2_272),
        event(2_300, "cooldown", 2_000),
        turn(2_301),
        turn(4_552),
        sent(4_560),
        event(4_600, "chatMsg", line)
      ], { ...began, format: 1 })
      assert.deepStrictEqual(decision?.outcome, { _tag: "Replied", afterMs: 1_272 })
      assert.deepStrictEqual(decision?.delivery, { _tag: "Delivered", afterMs: 2_328 })
      const steps = decision?.steps.flatMap((step) =>
        step._tag === "Waited" ? [`${step.for} ${step.ms}`] : step._tag === "Resent" ? [step.cause] : []
      )
      assert.deepStrictEqual(steps, ["bridge 771", "pacing 2249", "cooldown"])
    }).pipe(Effect.scoped))

  it.live("a line that found NATS away leaves at its own later moment", () =>
    Effect.gen(function*() {
      const failure = new NatsNotSent({ detail: "not connected" })
      const leaving = (down: ReadonlyArray<RecordingEntry>): ReadonlyArray<RecordingEntry> => [
        said(1_000, "a", "MovieBot, are you there?"),
        completion(1_500, id("a"), answered("Yes, as always I am here")),
        ...down,
        { kind: "connection", ...at(2_000), up: true },
        { kind: "sent", ...at(2_005), id: id("a") }
      ]
      const refused: RecordingEntry = { kind: "sent", ...at(1_502), id: id("a"), failure }
      const down: RecordingEntry = { kind: "connection", ...at(1_501), up: false }
      // Whoever sends may know of the loss before it is told, or after.
      for (const order of [[down, refused], [refused, { ...down, ...at(1_503) }]]) {
        const [decision] = yield* replayed(settingsWith({}), leaving(order))
        assert.deepStrictEqual(decision?.outcome, { _tag: "Replied", afterMs: 1_005 })
      }
    }).pipe(Effect.scoped))

  for (
    const [up, ended, late] of [
      [2_999.9, 3_000.1, true],
      [2_999.9, 2_999.95, false],
      [3_000.2, 3_000.3, true]
    ] as const
  ) {
    it.live(`NATS back at ${up} ms and known at ${ended}, with the deadline at 3000, is told as it was live`, () =>
      Effect.gen(function*() {
        const settings = settingsWith({ response_processing: { reply_deadline_seconds: 2 } })
        const failure = new NatsNotSent({ detail: "not connected" })
        const [decision] = yield* replayed(settings, [
          said(1_000, "a", "MovieBot, are you there?"),
          completion(1_500, id("a"), answered("Yes, as always I am here")),
          { kind: "turn", ...at(1_501), id: id("a") },
          { kind: "connection", ...at(1_501), up: false },
          { kind: "sent", ...at(1_502), id: id("a"), failure },
          { kind: "connection", ...at(up), up: true },
          { kind: "turn", ...at(ended), id: id("a"), gate: true },
          ...(late ? [] : [
            { kind: "turn", ...at(2_999.96), id: id("a") } as const,
            { kind: "sent", ...at(2_999.97), id: id("a") } as const
          ]),
          said(4_000, "b", "the film goes on")
        ])
        const outcome = decision?.outcome
        const told = outcome?._tag === "Skipped" ? [outcome.reason, outcome.waitedFor] : outcome?._tag
        assert.deepStrictEqual(told, late ? ["deadline", "connection"] : "Replied")
      }).pipe(Effect.scoped))
  }

  it.live("what the server did not confirm counts from when that was known live", () =>
    Effect.gen(function*() {
      const settings = settingsWith({ rate_limits: { global_cooldown_seconds: 5 } })
      const failure = new NatsUnconfirmed({ detail: "no word", at: 1_502 })
      const turn = (ms: number, name: string): RecordingEntry => ({ kind: "turn", ...at(ms), id: id(name) })
      const decisions = yield* replayed(settings, [
        said(1_000, "a", "MovieBot, are you there?"),
        completion(1_500, id("a"), answered("Yes, as always I am here")),
        turn(1_501, "a"),
        { kind: "sent", ...at(1_505), id: id("a"), failure },
        said(6_503, "b", "MovieBot, what now?"),
        completion(6_900, id("b"), answered("Now we wait for it"), 300),
        turn(6_901, "b"),
        { kind: "sent", ...at(6_902), id: id("b") }
      ])
      const second = decisions.find(({ correlationId }) => correlationId === "b")
      assert.deepStrictEqual(second?.outcome, { _tag: "Replied", afterMs: 399 })
    }).pipe(Effect.scoped))

  it.live("each line gets the answer to itself, even where the bridge gives two of them one id", () =>
    Effect.gen(function*() {
      const decisions = yield* replayed(settingsWith({}), [
        said(1_000, "a", "MovieBot, what is the first one?"),
        said(1_100, "a", "MovieBot, what is the second one?"),
        completion(1_500, id("a"), answered("Number two is a comedy"), 400),
        { kind: "sent", ...at(1_501), id: id("a") },
        completion(3_000, id("a"), answered("Number one is a western"), 2_000),
        { kind: "sent", ...at(3_001), id: id("a") }
      ])
      assert.deepStrictEqual(decisions.map(({ content, outcome }) => [content?.reply, outcome]), [
        ["Number one is a western", { _tag: "Replied", afterMs: 2_001 }],
        ["Number two is a comedy", { _tag: "Replied", afterMs: 401 }]
      ])
    }).pipe(Effect.scoped))

  for (const early of [-3, -0.001, 0, 0.001, 3]) {
    it.live(`a model's time that ended ${early} ms after the deadline is told as it was live`, () =>
      Effect.gen(function*() {
        const settings = settingsWith({ response_processing: { reply_deadline_seconds: 2 } })
        const ended = (error: Extract<CompletionEnd, { readonly _tag: "Failed" }>["error"]) =>
          Effect.map(
            replayed(settings, [
              said(1_000, "a", "MovieBot, are you there?"),
              completion(3_000 + early, id("a"), { _tag: "Failed", error }, 2_000 + early)
            ]),
            ([decision]) => decision?.outcome
          )
        const late: Outcome = { _tag: "Skipped", reason: "deadline", waitedFor: "model" }
        const afterMs = 2_000
        assert.deepStrictEqual(yield* ended(new LlmTimeout({ afterMs, budgetSpent: true })), late)
        const slow = yield* ended(new LlmTimeout({ afterMs, budgetSpent: false }))
        assert.deepInclude(slow, { _tag: "Failed", error: "LlmTimeout" })
        // Earlier recordings do not say it: the clock does.
        const earlier = yield* ended({ _tag: "LlmTimeout", afterMs })
        assert.deepStrictEqual(earlier, early < 0 ? slow : late)
      }).pipe(Effect.scoped))
  }

  it.live("a bot that published nothing publishes nothing", () =>
    Effect.gen(function*() {
      const settings = settingsWith({})
      const entries = [said(1_000, "a", "MovieBot, hello?"), completion(1_500, id("a"), answered("Hello to you too"))]
      const lines = [{ ...began, dryRun: true }, configured(0, settings), ...entries].map((entry) => encode(entry))
      const log = yield* readLog(yield* fileWith("night.jsonl", lines.join("\n")))
      const { decisions } = yield* replay(log, {
        config: "own",
        settings,
        asked: undefined
      })
      assert.deepStrictEqual(decisions[0]?.outcome, { _tag: "Skipped", reason: "dry_run" })
    }).pipe(Effect.scoped))
})
