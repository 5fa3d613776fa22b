import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { stringify } from "yaml"
import { renderReplay } from "../../../src/domain/replay/ReplayRender.ts"
import type { ReplayRun } from "../../../src/domain/replay/ReplayRun.ts"
import * as ConfigFile from "../../../src/layers/config/ConfigFile.ts"
import { askedModel } from "../../../src/layers/replay/AskedModel.ts"
import { replay } from "../../../src/layers/replay/Replay.ts"
import { readLog } from "../../../src/layers/replay/ReplayLog.ts"
import { completionOf, LlmDouble } from "../../support/LlmDouble.ts"
import { fileWith, llmBot } from "../../support/Program.ts"

const fixtures = resolve(import.meta.dirname, "../../fixtures")

const base = {
  nats: { servers: ["nats://127.0.0.1:4222"] },
  channels: [{ name: "TestChan", domain: "cytube.test" }],
  bot: { username: "KrytenBot" },
  llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "m" },
  rate_limits: { media_change_cooldown_seconds: 0 }
}

const configWith = (sections: object = {}) => fileWith("config.yaml", stringify({ ...base, ...sections }))

/** Runs `llm-bot replay` to its end. */
const program = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const running = yield* llmBot(["replay", ...args])
  return { code: yield* running.exit, stdout: yield* running.result, output: yield* running.output }
})

/** Runs of a log under one configuration or two, as the command makes them. */
const runsOf = Effect.fnUntraced(function*(log: string, config: string, against?: string, llm = false) {
  const read = yield* readLog(log)
  const run = Effect.fnUntraced(function*(file: string) {
    const { settings } = yield* ConfigFile.load(file)
    const asked = llm ? yield* askedModel(settings) : undefined
    return yield* replay(read, { config: "config.yaml", settings, asked })
  })
  const first = yield* run(config)
  return against === undefined ? [first] as const : [first, yield* run(against)] as const
})

/** An evening in a plain chat log: every fifth line asks the bot. */
const evening = Array.from({ length: 60 }, (_, index) => {
  const time = new Date(Date.UTC(2026, 10, 21, 20, index)).toISOString()
  return `${time}\tViewer${index % 4}\t${
    index % 5 === 0 ? `KrytenBot, question ${index}?` : `line <b>${index}</b> & more`
  }`
})

const ends = ({ decisions }: ReplayRun): ReadonlyArray<string> =>
  decisions.map(({ outcome }) => outcome?._tag === "Skipped" ? outcome.reason : outcome?._tag ?? "")

const count = (run: ReplayRun, end: string): number => ends(run).filter((one) => one === end).length

describe("llm-bot replay", () => {
  for (const capture of ["kryten", "kryten-legacy", "plain"]) {
    it.live(`plays the capture ${capture}.jsonl back, the same bytes each time`, () =>
      Effect.gen(function*() {
        const config = yield* configWith()
        const runs = yield* runsOf(resolve(fixtures, `${capture}.jsonl`), config)
        assert.isAbove(count(runs[0], "Replied"), 0)
        const again = yield* runsOf(resolve(fixtures, `${capture}.jsonl`), config)
        assert.strictEqual(renderReplay({ runs: again, format: "json" }), renderReplay({ runs, format: "json" }))
      }).pipe(Effect.scoped))
  }

  it.live("plays a plain chat log back; text is text, and unusable lines are named", () =>
    Effect.gen(function*() {
      const config = yield* configWith()
      const log = yield* fileWith("evening.tsv", [...evening, "no line at all", "{\"kind\":\"sent\"}", ""].join("\n"))
      const [run] = yield* runsOf(log, config)
      assert.strictEqual(count(run, "Replied"), 12)
      assert.strictEqual(run.decisions[1]?.content?.line, "line <b>1</b> & more")
      assert.strictEqual(run.decisions[0]?.correlationId, "line-1")
      const { stdout } = yield* program(log, "--config", config)
      assert.match(stdout, /12/)
      assert.match(stdout, /stand-in/)
      assert.match(stdout, /61.*time<TAB>user<TAB>text/)
      assert.match(stdout, /62.*recording/)
    }).pipe(Effect.scoped))

  it.live("compares two configurations: what changes, and which limit does it", () =>
    Effect.gen(function*() {
      const a = yield* configWith()
      const b = yield* configWith({ rate_limits: { media_change_cooldown_seconds: 0, max_per_channel_per_hour: 4 } })
      const log = yield* fileWith("evening.tsv", evening.join("\n"))
      const runs = yield* runsOf(log, a, b)
      const [before, after] = runs
      assert.strictEqual(count(before, "Replied"), 12)
      assert.strictEqual(count(after ?? before, "Replied"), 4)
      assert.strictEqual(count(after ?? before, "channel_per_hour"), 8)
      assert.match(renderReplay({ runs, format: "text" }), /12 → 4[^]*channel_per_hour/)
      const page = yield* program(log, "--config", a, "--against", b, "--format", "html")
      assert.match(page.stdout, /^<!doctype html>/i)
      // It stands alone: the parts it shares with the playground are in it.
      assert.include(page.stdout, "--paper: light-dark(")
      assert.notMatch(page.stdout, /inlined:|<link rel="stylesheet"/)
      assert.notInclude(page.stdout, "line <b>1</b>")
    }).pipe(Effect.scoped))

  it.live("asks the real model with --llm, and lets as much time pass as it takes", () =>
    Effect.gen(function*() {
      const llm = yield* LlmDouble
      yield* llm.behave({ delayMs: 120, body: () => completionOf("A real answer to this question") })
      const config = yield* configWith({
        llm_api: { base_url: llm.url, api_key: "none", model: "double" },
        response_processing: { quality_checks_enabled: false }
      })
      const log = yield* fileWith("evening.tsv", evening.slice(0, 12).join("\n"))
      const [run] = yield* runsOf(log, config, undefined, true)
      const replies = run.decisions.filter(({ outcome }) => outcome?._tag === "Replied")
      assert.deepStrictEqual(
        replies.map(({ content }) => content?.reply),
        Array.from({ length: 3 }, () => "A real answer to this question")
      )
      for (const { outcome } of replies) {
        assert.isAtLeast(outcome?._tag === "Replied" ? outcome.afterMs : 0, 100)
      }
    }).pipe(Effect.provide(LlmDouble.layer), Effect.scoped))

  it.live("says in one line what is missing, and exits with 1", () =>
    Effect.gen(function*() {
      const config = yield* configWith()
      const elsewhere = yield* configWith({ channels: [{ name: "elsewhere" }] })
      const log = yield* fileWith("evening.tsv", evening.join("\n"))
      const clocks = yield* fileWith("clocks.tsv", "20:00:00\tAna\thello\n")
      const empty = yield* fileWith("empty.jsonl", "\n")
      const cases = [
        {
          args: ["/nowhere/at/all.jsonl", "--config", config],
          says: /all\.jsonl: cannot be read: there is no such file/
        },
        {
          args: [clocks, "--config", config],
          says: /holds no event to replay: line 1 is neither JSON, nor .* 2026-11-21 20:15:00/
        },
        { args: [empty, "--config", config], says: /holds no event to replay/ },
        { args: [log], says: /holds no configuration: name one with --config/ },
        { args: [log, "--config", "/nowhere/config.yaml"], says: /config\.yaml:1:1: error: cannot be read/ }
      ]
      for (const { args, says } of cases) {
        const { code, output } = yield* program(...args)
        assert.strictEqual(code, 1, output)
        assert.match(output, says)
        assert.lengthOf(output.trimEnd().split("\n"), 1)
      }
      const [run] = yield* runsOf(resolve(fixtures, "plain.jsonl"), elsewhere)
      assert.include(run.unusable.map(({ why }) => why), "channel testchan is not in the configuration")
    }).pipe(Effect.scoped))
})
