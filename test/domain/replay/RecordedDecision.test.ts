import { readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type Outcome, skipped, SkipReason, type Step } from "../../../src/domain/decision/Decision.ts"
import { deliveryText, outcomeText, stepText } from "../../../src/domain/decision/DecisionText.ts"
import { RecordedDecision } from "../../../src/domain/replay/RecordedDecision.ts"
import { anyDecisions } from "./runs.ts"

const decode = Schema.decodeUnknownSync(RecordedDecision)
const encode = Schema.encodeSync(RecordedDecision)

const written = (parts: object): unknown => ({
  correlationId: "c-1",
  channel: "lobby",
  eventType: "chatMsg",
  arrivedAt: 0,
  steps: [],
  ...parts
})

const skips: ReadonlyArray<
  readonly [reason: string, detail: string, outcome: Omit<Extract<Outcome, { _tag: "Skipped" }>, "_tag">]
> = [
  ["own_line", "the echo of a reply", { reason: "echo" }],
  ["own_line", "", { reason: "own_line" }],
  ["no_match", "", { reason: "no_match" }],
  ["user_per_minute", "may be allowed again in 42 s", { reason: "user_per_minute", retryAfterMs: 42_000 }],
  ["before_start", "90 s old", { reason: "before_start", ageMs: 90_000 }],
  ["stale", "7 s old, more than 2.5 s", { reason: "stale", ageMs: 7_000, maximumAgeMs: 2_500 }],
  ["deadline", "the model took too long", { reason: "deadline", waitedFor: "model" }],
  ["deadline", "NATS was away", { reason: "deadline", waitedFor: "connection" }],
  ["content_filter", "block keyword a film", {
    reason: "content_filter",
    dropped: { _tag: "BlockKeyword", keyword: "a film" }
  }],
  ["content_filter", "block pattern ^a\nb", {
    reason: "content_filter",
    dropped: { _tag: "BlockPattern", pattern: "^a\nb" }
  }],
  ["content_filter", "none of require_keywords", { reason: "content_filter", dropped: { _tag: "NoRequiredKeyword" } }],
  ["length", "1 word, fewer than 3", { reason: "length", dropped: { _tag: "TooFewWords", words: 1, minimum: 3 } }],
  ["length", "9 words, more than 3", { reason: "length", dropped: { _tag: "TooManyWords", words: 9, maximum: 3 } }],
  ["quality_check", "empty", { reason: "quality_check", dropped: { _tag: "Empty" } }],
  ["quality_check", "repeats an earlier line of the bot", { reason: "quality_check", dropped: { _tag: "RepeatsBot" } }],
  ["quality_check", "echoes the trigger", { reason: "quality_check", dropped: { _tag: "EchoesTrigger" } }],
  ["quality_check", "says nothing", { reason: "quality_check", dropped: { _tag: "SaysNothing" } }]
]

const isSkip = Schema.is(Schema.Struct({
  kind: Schema.Literal("decision"),
  record: Schema.Struct({
    outcome: Schema.TaggedStruct("Skipped", { reason: SkipReason, detail: Schema.String })
  })
}))

/** What 0.1 said of a skip; the echo has a reason of its own since. */
const wordsOf = (reason: SkipReason, detail: string): string =>
  detail === "the echo of a reply"
    ? outcomeText(skipped("echo"))
    : `${outcomeText(skipped(reason))}${detail === "" ? "" : ` (${detail})`}`

describe("a decision that 0.1 recorded", () => {
  it.each(skips)("%s (%s) keeps its facts and its words", (reason, detail, outcome) => {
    const record = decode(written({ outcome: { _tag: "Skipped", reason, detail } }))
    assert.deepStrictEqual(record.outcome, { _tag: "Skipped", ...outcome })
    const words = record.outcome === undefined ? "" : outcomeText(record.outcome)
    if (outcome.reason !== "echo") assert.strictEqual(/ \(([^]*)\)$/.exec(words)?.[1] ?? "", detail)
  })

  it("keeps why a step dropped the answer, in the same words", () => {
    for (const [reason, note] of skips) {
      if (!["content_filter", "length", "quality_check"].includes(reason)) continue
      const step = { _tag: "Processed", at: 1, step: "checks", before: 9, after: 0, note }
      assert.deepStrictEqual(decode(written({ steps: [step] })).steps.map(stepText), [`checks: dropped (${note})`])
    }
    const kept: Step = { _tag: "Processed", at: 1, step: "clean", before: 9, after: 9 }
    assert.deepStrictEqual(decode(written({ steps: [{ ...kept, note: "" }] })).steps, [kept])
  })

  it.each(["", "no bridge", "cooldown", "noflood", "spamFiltered", "errorMsg", "kick"])(
    "keeps why a reply was not seen: %s",
    (cause) => {
      const { delivery } = decode(written({ delivery: { _tag: "Unconfirmed", cause } }))
      assert.strictEqual(
        delivery === undefined ? "" : deliveryText(delivery),
        `not seen in the room${cause === "" ? "" : ` (${cause})`}`
      )
    }
  )

  it("is every one in the recordings that are kept", () => {
    const folder = resolve(import.meta.dirname, "../../fixtures/recordings")
    const lines = readdirSync(folder).filter((name) => name.endsWith(".jsonl"))
      .flatMap((name) => readFileSync(resolve(folder, name), "utf8").trim().split("\n"))
      .map((line): unknown => JSON.parse(line))
    const details = lines.flatMap((line) => isSkip(line) ? [line.record.outcome.detail] : [])
    assert.includeMembers(details, ["", "the echo of a reply", "may be allowed again in 5 s"])
    for (const line of lines) {
      if (!isSkip(line)) continue
      const { reason, detail } = line.record.outcome
      const { outcome } = decode(line.record)
      if (outcome === undefined) assert.fail("no outcome")
      else assert.strictEqual(outcomeText(outcome), wordsOf(reason, detail))
    }
  })
})

describe("a decision that is recorded now", () => {
  it.prop("comes back as it went in", [anyDecisions], ([records]) => {
    assert.deepStrictEqual(records.map((record) => decode(encode(record))), records)
  })
})
