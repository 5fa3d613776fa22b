import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { ReplayReport } from "../../../src/domain/replay/ReplayReport.ts"
import { RecordingLine } from "../../../src/services/replay/Recording.ts"
import { Bus } from "../../support/Bus.ts"
import { EchoingRoom } from "../../support/EchoingRoom.ts"
import { answerTo, askedLine, completionOf, type LlmCall, LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder, llmBot } from "../../support/Program.ts"
import { eventually } from "../../support/eventually.ts"
import { configOnDisk, say, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer, EchoingRoom.layer("MovieBot")).pipe(
  Layer.provideMerge(NatsServer.layer)
)

const channels = ["lobby", "annex", "attic", "cellar", "porch"]
const people = Array.from({ length: 15 }, (_, index) => `Viewer${index}`)

/** A number that looks random and is always the same. */
const mixed = (seed: number): number => (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) >>> 4) % 1_000

/** The nth thing said in the rooms: talk, mentions, keywords, private messages, repeats, and now and then other media. */
const happening = (index: number) => {
  const roll = mixed(index)
  const channel = channels[roll % 5] ?? "lobby"
  const user = { name: people[roll % people.length] ?? "Ana", rank: 1 }
  const line = { msg: `line ${index}: what do you say?`, meta: {}, time: Date.now() - (roll % 3) }
  if (roll < 8) {
    return {
      channel,
      type: "changeMedia",
      payload: { type: "yt", id: `film-${index}`, title: `Film ${index}`, seconds: 60 }
    }
  }
  if (roll < 60) return { channel, type: "pm", payload: { from: user, to: { name: "MovieBot" }, ...line } }
  if (roll < 250) {
    return { channel, type: "chatMsg", payload: { user, ...line, msg: `@MovieBot question ${index} about this` } }
  }
  if (roll < 450) {
    return { channel, type: "chatMsg", payload: { user, ...line, msg: `popcorn number ${index} is ready` } }
  }
  return { channel, type: "chatMsg", payload: { user, ...line } }
}

/** A model that is slow, and fails in every way there is. */
const moody = (call: LlmCall) => {
  const line = askedLine(call)
  const roll = mixed(line.length * 7 + Number(/\d+/.exec(line)?.[0] ?? 3))
  return { line, roll }
}

const sections = {
  channels: channels.map((name) => ({ name })),
  triggers: [
    { type: "mention", cooldown_seconds: 0.2, rate_limit: { max_per_channel_per_minute: 9 } },
    { type: "pm", cooldown_seconds: 1 },
    { type: "keyword", keywords: ["popcorn"], fire_probability: 0.4, cooldown_seconds: 0.5, max_unlucky_draws: 3 },
    {
      type: "contextual",
      evaluation_interval_seconds: 0.7,
      fire_probability: 0.6,
      min_messages_since_last_bot_message: 2
    }
  ],
  rate_limits: {
    max_per_user_per_minute: 3,
    max_per_user_per_hour: null,
    max_per_channel_per_minute: 60,
    max_per_channel_per_hour: null,
    global_cooldown_seconds: 0.2,
    media_change_cooldown_seconds: 0.4
  },
  response_processing: { reply_deadline_seconds: 3, drop_after_media_change: "always" }
}

const decodeLine = Schema.decodeSync(RecordingLine)

/** What the live run decided, as its recording says. */
const decidedLive = (log: string): ReadonlyArray<DecisionRecord> => {
  const decided = new Map<string, DecisionRecord>()
  for (const line of readFileSync(log, "utf8").trimEnd().split("\n").map((text) => decodeLine(text))) {
    if (line.kind === "decision") decided.set(line.record.correlationId, line.record)
  }
  return [...decided.values()]
}

const decodeReport = Schema.decodeEffect(Schema.fromJsonString(ReplayReport))

/** The program's answer on stdout; its progress goes elsewhere. */
const replayed = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const program = yield* llmBot(["replay", ...args], { LLM_API_KEY: "none" })
  assert.strictEqual(yield* program.exit, 0, yield* program.output)
  return yield* program.result
})

describe("record and replay", () => {
  it.live(
    "2,000 lines with a slow and failing model decide again exactly as they did live",
    () =>
      Effect.gen(function*() {
        const bus = yield* Bus
        const llm = yield* LlmDouble
        const room = yield* EchoingRoom
        yield* llm.behave({
          status: (call) => (moody(call).roll % 7 === 0 ? 500 : moody(call).roll % 11 === 0 ? 429 : 200),
          headers: { "retry-after": "1" },
          delayMs: (call) => moody(call).roll % 13 === 0 ? 2_500 : moody(call).roll % 600,
          body: (call) => completionOf(moody(call).roll % 5 === 0 ? "ok" : `Yes: ${answerTo(moody(call).line)}`)
        })
        const { url } = llm
        const config = yield* configOnDisk({
          ...sections,
          llm_api: {
            base_url: url,
            api_key: "${LLM_API_KEY}",
            model: "double",
            retry_attempts: 1,
            retry_delay_seconds: 0.1,
            timeout_seconds: 1
          }
        })
        const log = join(yield* emptyFolder, "night.jsonl")
        const program = yield* startWith(config, ["--record", log])
        const before = readFileSync(config.file, "utf8")
        for (let index = 0; index < 2_000; index++) {
          const { channel, payload, type } = happening(index)
          yield* bus.send(`cytube.events.${channel}.${type}`, JSON.stringify(payload), {})
          if (index % 50 === 0) yield* bus.send(`cytube.events.${channel}.${type}`, JSON.stringify(payload), {})
          if (index % 20 === 0) yield* Effect.sleep(90)
          if (index === 1_200) {
            yield* config.writeText(before.replace("fire_probability: 0.4", "fire_probability: 0.8"))
            yield* program.signal("SIGHUP")
          }
        }
        yield* config.writeText(before)
        // A slow machine is behind with the lines.
        yield* eventually(
          "the last line",
          Effect.sync(() => readFileSync(log, "utf8")),
          (text) => /[ -]1999\b/.test(text)
        )
        yield* program.signal("SIGTERM")
        assert.strictEqual(yield* program.exit, 0)
        yield* program.logged("Configuration reloaded")
        assert.strictEqual(statSync(log).mode & 0o777, 0o600)

        const json = yield* replayed(log, "--config", config.file, "--format", "json")
        const report = yield* decodeReport(json)
        const [run] = report.runs
        assert.deepStrictEqual(run?.fidelity?.departures, [])
        assert.isAbove(run?.fidelity?.decisions ?? 0, 2_000)
        // Not only the same end: the same moments.
        const endings = (decisions: ReadonlyArray<DecisionRecord>) =>
          decisions.map(({ correlationId, outcome }) => ({ id: correlationId, outcome })).toSorted((a, b) =>
            a.id < b.id ? -1 : 1
          )
        assert.deepStrictEqual(endings(run?.decisions ?? []), endings(decidedLive(log)))
        const replies = run?.decisions.flatMap(({ content, correlationId, outcome }) =>
          outcome?._tag === "Replied" ? [{ id: correlationId, text: content?.reply ?? "" }] : []
        ) ?? []
        const byId = (lines: ReadonlyArray<{ readonly id: string }>) =>
          lines.toSorted((a, b) => a.id < b.id ? -1 : 1)
        // What the room refused is said again.
        const said = new Map((yield* room.said).map((line) => [line.id, line]))
        assert.deepStrictEqual(byId(replies), byId([...said.values()]))
        assert.isAbove(replies.length, 15)
        const ends = new Set(
          run?.decisions.map(({ outcome }) => outcome?._tag === "Skipped" ? outcome.reason : outcome?._tag)
        )
        for (
          const end of [
            "Replied",
            "Failed",
            "duplicate",
            "cooldown",
            "probability",
            "media_silence",
            "user_per_minute",
            "global_cooldown",
            "length"
          ]
        ) {
          assert.include([...ends], end)
        }

        assert.strictEqual(yield* replayed(log, "--config", config.file, "--format", "json"), json)
        assert.strictEqual(
          yield* replayed(log, "--format", "json").pipe(
            Effect.map((own) => own.replace("the recording's own configuration", "config.yaml"))
          ),
          json
        )
      }).pipe(Effect.provide(world), Effect.scoped),
    120_000
  )

  it.live("an anonymous recording names nobody and can be replayed all the same", () =>
    Effect.gen(function*() {
      const bus = yield* Bus
      const room = yield* EchoingRoom
      const config = yield* configOnDisk()
      const log = join(yield* emptyFolder, "night.jsonl")
      const program = yield* startWith(config, ["--record", log, "--record-anonymous"])
      yield* say("lobby", "Annabelle", "is MovieBot there, Annabelle asks?")
      yield* say("lobby", "Bertram", "annabelle, it is")
      yield* eventually("a reply", room.said, ({ length }) => length === 1)
      yield* bus.commands
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
      assert.notMatch(readFileSync(log, "utf8"), /annabelle|bertram/i)
      const [run] = (yield* decodeReport(yield* replayed(log, "--format", "json"))).runs
      // The dice are a function of the name too, so they fall otherwise.
      assert.isUndefined(run?.fidelity)
      const [first] = run?.decisions ?? []
      assert.strictEqual(first?.content?.line, "is MovieBot there, viewer1 asks?")
      assert.strictEqual(first?.outcome?._tag, "Replied")
    }).pipe(Effect.provide(world), Effect.scoped), 60_000)
})
