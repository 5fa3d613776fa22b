import { assert, describe, it } from "@effect/vitest"
import type { DecisionRecord, Outcome, Step } from "../../../src/domain/decision/Decision.ts"
import { EntryKey } from "../../../src/domain/Ids.ts"
import { endOf, whyText } from "../../../src/domain/replay/ReplayEnd.ts"
import type { ReplayModel } from "../../../src/domain/replay/ReplayRun.ts"
import { type ReplaySummary, summaryOf } from "../../../src/domain/replay/ReplaySummary.ts"
import { anyDecisions, decisionOf, evening, runOf } from "./runs.ts"

const mention = EntryKey.make("mention")
const keyword = EntryKey.make("keyword 2")
const replied = (afterMs: number): Outcome => ({ _tag: "Replied", afterMs })
const noMatch: Outcome = { _tag: "Skipped", reason: "no_match" }
const timeout: Outcome = { _tag: "Failed", error: "LlmTimeout", message: "too slow" }
const fired: Step = {
  _tag: "Trigger",
  at: 1,
  entry: mention,
  result: { _tag: "Fired", matched: "mb", draw: 0.1, needed: 1, unlucky: 0 }
}
const admitted: Step = { _tag: "Admitted", at: 1, entry: mention }
const dice: Step = {
  _tag: "Trigger",
  at: 1,
  entry: keyword,
  result: { _tag: "Probability", matched: "lol", draw: 0.6, needed: 0.5, unlucky: 0 }
}
const missed: Step = { _tag: "Trigger", at: 1, entry: mention, result: { _tag: "NoMatch" } }
const full: Step = { _tag: "Limit", at: 1, limit: "channel_per_hour", used: 10, maximum: 10, allowed: false }
const answer = (inputTokens: number, estimated: boolean): Step => ({
  _tag: "LlmAnswer",
  at: 1,
  model: "m",
  characters: 1,
  inputTokens,
  outputTokens: 10,
  estimated,
  finishReason: "stop"
})
const attempt = (status: "success" | "timeout"): Step => ({
  _tag: "LlmAttempt",
  at: 1,
  model: "m",
  attempt: 1,
  status,
  durationMs: 1,
  detail: ""
})

const summary = (decisions: ReadonlyArray<DecisionRecord>): ReplaySummary => summaryOf(runOf({ decisions }))
const sum = (counts: ReadonlyArray<{ readonly count: number }>): number =>
  counts.reduce((all, { count }) => all + count, 0)

describe("a replay's summary", () => {
  it("counts how decisions end, and why", () => {
    const { failed, failures, reasons, replied: replies, skipped, underWay } = summary([
      decisionOf({ id: "1", outcome: replied(1_000) }),
      decisionOf({ id: "2", outcome: { _tag: "Skipped", reason: "busy" } }),
      decisionOf({ id: "3", outcome: noMatch }),
      decisionOf({ id: "4", outcome: noMatch }),
      decisionOf({ id: "5", outcome: timeout }),
      decisionOf({ id: "6" })
    ])
    assert.deepStrictEqual({ replies, skipped, failed, underWay }, { replies: 1, skipped: 3, failed: 1, underWay: 1 })
    assert.deepStrictEqual(reasons, [
      { reason: "no_match", text: "no trigger matched", count: 2 },
      { reason: "busy", text: "too many replies are under way", count: 1 }
    ])
    assert.deepStrictEqual(failures, [{ error: "LlmTimeout", text: "too slow", count: 1 }])
  })

  it("tells by the hour, from 48 h on by the day, beyond 92 days in longer spans", () => {
    const hours = 3_600_000
    const spansOf = (lastedHours: number): readonly [number, number, string | undefined] => {
      const { spanHours, spans } = summaryOf(runOf({
        from: evening + 60_000,
        to: evening + 60_000 + lastedHours * hours,
        decisions: [decisionOf({ id: "1" })]
      })).activity
      return [spanHours, spans.length, spans[0]?.from]
    }
    assert.deepStrictEqual(spansOf(0), [1, 1, "2026-01-01 20:00"])
    assert.deepStrictEqual(spansOf(48), [1, 49, "2026-01-01 20:00"])
    assert.deepStrictEqual(spansOf(49), [24, 3, "2026-01-01 00:00"])
    assert.deepStrictEqual(spansOf(92 * 24), [24, 93, "2026-01-01 00:00"])
    assert.deepStrictEqual(spansOf(93 * 24), [48, 47, "2026-01-01 00:00"])
    assert.deepStrictEqual(spansOf(24 * 365 * 50), [24 * 199, 92, "2026-01-01 00:00"])
  })

  it("names the five busiest minutes, the busiest first, then the earlier one", () => {
    const at = (minute: number, count: number) =>
      Array.from(
        { length: count },
        (_, index) => decisionOf({ id: `${minute}-${index}`, arrivedAt: evening + minute * 60_000 + index })
      )
    const { busiest } = summary([at(0, 1), at(1, 3), at(2, 3), at(3, 2), at(4, 1), at(5, 1)].flat()).activity
    assert.deepStrictEqual(busiest.map(({ from, lines }) => [from.slice(11), lines]), [
      ["20:01", 3],
      ["20:02", 3],
      ["20:03", 2],
      ["20:00", 1],
      ["20:04", 1]
    ])
  })

  it("counts people by name in any case, ten of them, and who spoke to the bot in vain", () => {
    const others = Array.from(
      { length: 11 },
      (_, index) => decisionOf({ id: `o${index}`, user: `viewer${index}`, outcome: noMatch })
    )
    const { mentions, people } = summary([
      decisionOf({ id: "1", user: "ana", outcome: replied(1), steps: [fired], content: { line: "mb hi" } }),
      decisionOf({
        id: "2",
        user: "Ana",
        outcome: { _tag: "Skipped", reason: "channel_per_hour" },
        steps: [fired, full],
        content: { line: "mb?" }
      }),
      // Its own line, one for somebody else and one that only looks like a name are no mentions.
      decisionOf({
        id: "3",
        user: "MovieBot",
        outcome: { _tag: "Skipped", reason: "own_line" },
        content: { line: "I am MovieBot" }
      }),
      decisionOf({
        id: "4",
        user: "Bob",
        eventType: "pm",
        outcome: { _tag: "Skipped", reason: "not_for_us" }
      }),
      decisionOf({ id: "5", user: "Bob", outcome: noMatch, steps: [missed], content: { line: "mbs are big" } }),
      // No trigger was tested: the name in the line counts.
      decisionOf({
        id: "6",
        user: "Bob",
        outcome: { _tag: "Skipped", reason: "media_silence" },
        content: { line: "moviebot!" }
      }),
      decisionOf({ id: "7", user: "Bob", eventType: "pm", outcome: timeout, content: { line: "psst" } }),
      decisionOf({ id: "8", eventType: "contextual", outcome: replied(1) }),
      ...others
    ])
    assert.deepStrictEqual(people.top.slice(0, 3), [
      { user: "ana", lines: 2, addressed: 2, replies: 1 },
      { user: "Bob", lines: 3, addressed: 2, replies: 0 },
      { user: "viewer0", lines: 1, addressed: 0, replies: 0 }
    ])
    assert.deepStrictEqual([people.top.length, people.others, people.unasked], [10, {
      users: 3,
      lines: 3,
      addressed: 0,
      replies: 0
    }, 1])
    assert.deepStrictEqual(
      mentions.unanswered.map(({ correlationId, reason, why }) => [String(correlationId), reason, why]),
      [
        ["2", "channel_per_hour", "bot lines of the channel in an hour: 10 of 10: refused"],
        ["6", "media_silence", "no reply: the bot keeps silent after a media change"],
        ["7", "failed", "too slow"]
      ]
    )
    assert.deepStrictEqual([mentions.all, mentions.answered, sum(mentions.reasons)], [4, 1, 3])
  })

  it("says what came of each trigger entry", () => {
    assert.deepStrictEqual(
      summary([
        decisionOf({ id: "1", steps: [missed, dice], outcome: { _tag: "Skipped", reason: "probability" } }),
        decisionOf({ id: "2", steps: [fired, admitted], outcome: replied(1) }),
        decisionOf({
          id: "3",
          steps: [fired, full],
          outcome: { _tag: "Skipped", reason: "channel_per_hour" }
        })
      ]).triggers.map(({ refused, ...counts }) => ({
        ...counts,
        refused: refused.map(({ count, reason }) => `${reason} ${count}`)
      })),
      [
        { entry: mention, matched: 2, fired: 1, replied: 1, refused: ["channel_per_hour 1"] },
        { entry: keyword, matched: 1, fired: 0, replied: 0, refused: ["probability 1"] }
      ]
    )
  })

  it("adds up tokens, requests, delays and deliveries", () => {
    const delays = Array.from(
      { length: 20 },
      (_, index) => decisionOf({ id: `${index}`, outcome: replied(100 * (index + 1)) })
    )
    const { costs } = summary([
      ...delays,
      decisionOf({
        id: "a",
        steps: [attempt("timeout"), attempt("success"), answer(100, true)],
        outcome: replied(3_000),
        delivery: { _tag: "Delivered", afterMs: 5 }
      }),
      decisionOf({ id: "b", steps: [attempt("success"), answer(320, false)], outcome: noMatch }),
      decisionOf({ id: "c", outcome: replied(2_100), delivery: { _tag: "Unconfirmed" } })
    ])
    assert.deepStrictEqual(costs, {
      requests: 3,
      failedRequests: 1,
      answers: 2,
      estimatedAnswers: 1,
      inputTokens: 420,
      outputTokens: 20,
      perReply: { inputTokens: 19, outputTokens: 1 },
      delayMs: { p50: 1_100, p95: 2_100 },
      delivery: { delivered: 1, unconfirmed: 1, unknown: 20 }
    })
  })

  it("says where the answers came from", () => {
    const words = (model: ReplayModel) => summaryOf(runOf({ model })).answersFrom
    assert.deepStrictEqual([
      words({ _tag: "Recorded", answered: 4, stoodIn: 0, standInMs: 1 }),
      words({ _tag: "Recorded", answered: 4, stoodIn: 1, standInMs: 1_500 }),
      words({ _tag: "StandIn", standInMs: 800 }),
      words({ _tag: "Real", model: "gpt" })
    ], [
      "the recording (4 answers)",
      "the recording (4 answers), and a stand-in after 1.5 s (1 answer)",
      "a stand-in that answers after 0.8 s: no model was asked",
      "the model gpt"
    ])
  })

  it("of nothing is nothing", () => {
    const { activity, costs, mentions, replied: replies } = summary([])
    assert.deepStrictEqual([activity.spans, activity.busiest, mentions.all, replies, costs.perReply, costs.delayMs], [
      [],
      [],
      0,
      0,
      undefined,
      undefined
    ])
  })

  it.prop("adds up, whatever was decided", [anyDecisions], ([decisions]) => {
    const all = summary(decisions)
    const { delivery } = all.costs
    assert.strictEqual(all.replied + all.skipped + all.failed + all.underWay, decisions.length)
    assert.strictEqual(sum(all.reasons), all.skipped)
    assert.strictEqual(sum(all.failures), all.failed)
    assert.strictEqual(all.mentions.answered + all.mentions.unanswered.length, all.mentions.all)
    assert.strictEqual(sum(all.mentions.reasons), all.mentions.unanswered.length)
    assert.strictEqual(delivery.delivered + delivery.unconfirmed + delivery.unknown, all.replied)
    for (const { matched, refused, replied: replies } of all.triggers) {
      assert.strictEqual(replies + sum(refused), matched)
    }
    const { others, top } = all.people
    const of = (part: "lines" | "addressed") => top.reduce((total, user) => total + user[part], others[part])
    assert.strictEqual(of("lines"), all.lines)
    assert.strictEqual(of("addressed"), all.mentions.all)
    const spans = all.activity.spans.reduce(
      (total, span) => ({ lines: total.lines + span.lines, replies: total.replies + span.replies }),
      { lines: 0, replies: 0 }
    )
    assert.deepStrictEqual(spans, { lines: all.lines, replies: all.replied })
    for (const record of decisions) assert.isAbove(endOf(record) === "failed" ? 1 : whyText(record).length, 0)
  })
})
