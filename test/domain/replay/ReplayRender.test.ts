import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { isEcho } from "../../../src/domain/decision/Decision.ts"
import { storyOf } from "../../../src/domain/decision/DecisionStory.ts"
import { headlineText } from "../../../src/domain/decision/DecisionText.ts"
import { comparableIn, ReplayReport, reportTally } from "../../../src/domain/replay/ReplayReport.ts"
import { renderReplay } from "../../../src/domain/replay/ReplayRender.ts"
import { summaryOf } from "../../../src/domain/replay/ReplaySummary.ts"
import type { ReplayRun, ReplayRuns } from "../../../src/domain/replay/ReplayRun.ts"
import { timelineOf } from "../../../src/domain/replay/ReplayTimeline.ts"
import { costMs } from "../../support/cost.ts"
import { mixed } from "../arbitraries.ts"
import { anyDecisions, decisionOf, longEvening, runOf, simulatedRun } from "./runs.ts"

const template = readFileSync(resolve(import.meta.dirname, "../../../playground/replay/index.html"), "utf8")
const golden = (name: string): string => resolve(import.meta.dirname, `../../fixtures/golden/replay.${name}.txt`)
const read = Schema.decodeUnknownSync(Schema.fromJsonString(ReplayReport))
const encode = Schema.encodeSync(ReplayReport)

const begin = "<script type=\"application/json\" id=\"data\">"
const page = (runs: ReplayRuns): string => renderReplay({ runs, format: "html", template })
/** What stands in a page's data. */
const dataOf = (html: string): string => html.slice(html.indexOf(begin) + begin.length, html.indexOf("</script>"))
const Data = Schema.fromJsonString(Schema.Struct({
  timeline: Schema.Struct({
    rows: Schema.Array(Schema.Array(Schema.Unknown)),
    leftOut: Schema.Finite,
    promptsLeftOut: Schema.Finite
  })
}))
const decodeData = Schema.decodeUnknownSync(Data)

const live = (run: ReplayRun): ReplayRun => ({ ...run, followsLive: true, live: run.decisions.slice(0, -1) })

describe("a replay as text", () => {
  it.live("of the whole bot reads as it should", () =>
    Effect.gen(function*() {
      const run = yield* simulatedRun("a.yaml", 3)
      yield* Effect.promise(() =>
        expect(renderReplay({ runs: [live(run)], format: "text" })).toMatchFileSnapshot(golden("one"))
      )
    }))

  it.live("beside another configuration reads as it should", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* simulatedRun("a.yaml", 3), yield* simulatedRun("b.yaml", 1)]
      yield* Effect.promise(() =>
        expect(renderReplay({ runs: [a, b], format: "text" })).toMatchFileSnapshot(golden("two"))
      )
    }))

  it("of a long log stays short and within 80 columns", () => {
    const [a, b] = [longEvening(3_000, { perMinute: 3 }), longEvening(3_000, { perMinute: 1, config: "b.yaml" })]
    for (const text of [renderReplay({ runs: [a], format: "text" }), renderReplay({ runs: [a, b], format: "text" })]) {
      const lines = text.split("\n")
      assert.isBelow(lines.length, 250)
      assert.deepStrictEqual(lines.filter((line) => [...line].length > 80), [])
    }
  })

  it("of nothing says so", () => {
    const text = renderReplay({ runs: [runOf({})], format: "text" })
    assert.include(text, "There is no event in it.")
    assert.notInclude(text, "NaN")
    assert.notInclude(text, "Infinity")
  })

  it.prop("cannot steer a terminal", [mixed(["\u001b[2J", "\r", "\u202E", "\u0000", "MovieBot", " "])], ([line]) => {
    const run = runOf({
      decisions: [decisionOf({ id: "1", content: { line: `MovieBot ${line}` } })],
      unusable: [{ line: 1, why: line }],
      unusableCount: 1,
      config: line
    })
    assert.notMatch(renderReplay({ runs: [run], format: "text" }).replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  })
})

describe("a replay as JSON", () => {
  const readReport = (runs: ReplayRuns) => {
    const window = { runs: runs.map(({ decisions }) => decisions), live: runs[0].live }
    const tally = reportTally(runs, runs[0].live.length > 0)
    tally.add(window)
    const figures = tally.result(runs)
    const decisions = comparableIn(window)
    const report: ReplayReport = {
      version: 3,
      ...figures,
      runs: figures.runs.map((run, index) => ({ ...run, decisions: decisions[index] ?? [] }))
    }
    return read(JSON.stringify(encode(report)))
  }

  it.prop("holds the report and every decision", [anyDecisions, anyDecisions], ([decisions, live]) => {
    const runs = [runOf({ decisions, live })] as const
    assert.deepStrictEqual(read(renderReplay({ runs, format: "json" })), readReport(runs))
  })

  it.prop("of two runs leaves out what the bot heard of itself", [anyDecisions, anyDecisions], ([a, b]) => {
    const runs = [runOf({ decisions: a }), runOf({ decisions: b })] as const
    const heard = (run: ReplayRun): ReplayRun => ({ ...run, decisions: run.decisions.filter((one) => !isEcho(one)) })
    assert.deepStrictEqual(
      read(renderReplay({ runs, format: "json" })),
      readReport([heard(runs[0]), heard(runs[1])])
    )
  })
})

describe("a replay as a page", () => {
  const hostile = [
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "$&",
    "$'",
    "\u2028",
    "]]>",
    "\"",
    "\\",
    "\uD800"
  ]

  it.prop("keeps what the room says in its data", [mixed(hostile), mixed(hostile)], ([line, reply]) => {
    const run = runOf({
      log: line,
      config: reply,
      decisions: [decisionOf({
        id: "1",
        outcome: { _tag: "Replied", afterMs: 1 },
        content: {
          line,
          reply,
          answer: reply,
          prompt: [{ role: "system", content: line }],
          processing: [{ step: "clean", text: line }]
        }
      })]
    })
    const html = page([run])
    const data = dataOf(html)
    assert.notInclude(data, "<")
    assert.strictEqual(html, template.split("\"the data of the replay\"").join(data))
    assert.strictEqual(decodeData(data).timeline.rows[0]?.[3], line)
  })

  it("tells replies, failures and mentions whole, the rest as long as there is room", () => {
    const run = longEvening(2_000, { perMinute: 2 })
    const summary = summaryOf(run)
    const whole = summary.mentions.all
    const all = timelineOf([run])
    assert.deepStrictEqual([all.rows.length, all.leftOut, all.promptsLeftOut], [2_000, 0, 0])
    assert.strictEqual(all.rows.filter((row) => typeof row[5] === "object").length, whole)
    const none = timelineOf([run], { prompts: 0, all: 0 })
    assert.deepStrictEqual([none.rows.length, none.leftOut], [whole, 2_000 - whole])
    assert.strictEqual(none.promptsLeftOut, summary.replied + summary.failed - 1)
    const some = timelineOf([run], { prompts: 20_000, all: 150_000 })
    assert.isAbove(some.rows.length, whole)
    assert.isAbove(some.leftOut, 0)
    const bytes = new TextEncoder().encode(JSON.stringify(some)).length
    assert.isBelow(bytes, 155_000)
    assert.isAbove(bytes, 110_000)
    // The same moments, whatever was left out between them.
    const times = ({ from, rows }: typeof some) => rows.reduce((at, [since]) => at + since, from)
    assert.strictEqual(times(all), run.decisions.at(-1)?.arrivedAt)
  })

  it.prop("holds every step and its words once, and no decision another's", [anyDecisions], ([decisions]) => {
    const { endings, rows, steps, stories, texts } = timelineOf([runOf({ decisions })])
    const told = rows.map((row) => {
      const place = typeof row[5] === "object" ? row[5][0] : row[5] ?? 0
      const ending = endings[place] || assert.fail("no such ending")
      return [texts[ending[1]], stories[ending[3]]?.map((step) => steps[step])]
    })
    assert.deepStrictEqual<unknown>(
      told,
      decisions.map((record) => [
        record.outcome === undefined ? "the log ended before the reply left" : headlineText(record),
        record.steps.map((step, index) => [{ ...step, at: 0 }, storyOf(record).steps[index]])
      ])
    )
    assert.strictEqual(new Set(steps.map((step) => JSON.stringify(step))).size, steps.length)
  })

  it("tells whole what changes from A to B", () => {
    const a = runOf({
      decisions: [decisionOf({ id: "1", outcome: { _tag: "Skipped", reason: "no_match" } })]
    })
    const b = runOf({
      decisions: [decisionOf({ id: "1", outcome: { _tag: "Skipped", reason: "cooldown" } })]
    })
    const { changes, rows: [row] } = timelineOf([a, b], { prompts: 0, all: 0 })
    assert.strictEqual(changes[Number(row?.[4]) - 1], "other_reason")
    assert.deepStrictEqual(row?.slice(5).map((told) => typeof told), ["object", "object"])
  })
})

describe("every form of a replay", () => {
  const forms = (runs: ReplayRuns): ReadonlyArray<string> => [
    renderReplay({ runs, format: "text" }),
    renderReplay({ runs, format: "json" }),
    page(runs)
  ]

  it("is the same each time", () => {
    const runs = () =>
      [longEvening(2_000, { perMinute: 3 }), longEvening(2_000, { perMinute: 1, config: "b.yaml" })] as const
    assert.deepStrictEqual(forms(runs()), forms(runs()))
  })

  it("is soon there for a hundred thousand lines, and the page is of a size that opens easily", () => {
    const run = longEvening(100_000, { perMinute: 3 })
    const short = longEvening(10_000, { perMinute: 3 })
    let html = ""
    const cost = costMs(() => {
      html = forms([run])[2] ?? ""
    }, 1)
    // Ten times the lines; the rest is for the memory they take.
    assert.isBelow(cost / costMs(() => void forms([short])), 40)
    assert.isBelow(new TextEncoder().encode(html).length, 10_000_000)
  })
})
