import { assert, describe, it } from "@effect/vitest"
import {
  DecisionRecord,
  LimitName,
  Outcome,
  skipped,
  SkipReason,
  Step,
  TriggerResult
} from "../../../src/domain/decision/Decision.ts"
import { type DecisionLogLine, outcomeLogLine, stepLogLine } from "../../../src/domain/decision/DecisionLogLine.ts"
import { deliveryText, eventText, outcomeText, stepText, storyText } from "../../../src/domain/decision/DecisionText.ts"
import { DropCause, SkipFacts } from "../../../src/domain/decision/SkipFacts.ts"
import { dropText, reasonText, shortReasonText } from "../../../src/domain/decision/SkipText.ts"
import { channelKey, ChannelName, CorrelationId, EntryKey, Username } from "../../../src/domain/Ids.ts"

const entry = EntryKey.make("keyword 2")
const drawn = { matched: "popcorn", draw: 0.25, needed: 0.5, unlucky: 0 }

const results: ReadonlyArray<TriggerResult> = [
  { _tag: "Disabled" },
  { _tag: "NoMatch" },
  { _tag: "Cooldown", matched: "popcorn", remainingMs: 1_234, cooldownMs: 60_000 },
  { _tag: "Probability", ...drawn, draw: 0.75 },
  { _tag: "Fired", ...drawn },
  { _tag: "Fired", ...drawn, draw: 0.75, unlucky: 3 }
]

const limits: ReadonlyArray<Step> = LimitName.literals.flatMap((limit) =>
  [true, false].map((allowed): Step => ({ _tag: "Limit", at: 1, limit, used: 2, maximum: 3, allowed }))
)

const attempt = { _tag: "LlmAttempt", at: 1, model: "m", attempt: 1, durationMs: 90 } as const
const attempts: ReadonlyArray<Step> = [
  { ...attempt, status: "success", detail: "" },
  { ...attempt, status: "success", detail: "", firstTextMs: 40 },
  { ...attempt, status: "timeout", detail: "no answer" },
  { ...attempt, status: "rate_limited", detail: "429" },
  { ...attempt, status: "error", detail: "500" }
]

const drops: ReadonlyArray<DropCause> = [
  { _tag: "BlockPattern", pattern: "https://" },
  { _tag: "BlockKeyword", keyword: "films" },
  { _tag: "NoRequiredKeyword" },
  { _tag: "TooFewWords", words: 1, minimum: 3 },
  { _tag: "TooManyWords", words: 9, maximum: 3 },
  { _tag: "Empty" },
  { _tag: "RepeatsBot" },
  { _tag: "EchoesTrigger" },
  { _tag: "SaysNothing" }
]

const unsaid = ["deadline", "media_changed", "newer_reply", "connection"] as const

const steps: ReadonlyArray<Step> = [
  { _tag: "Media", at: 0, changed: true, silenceMs: 30_000 },
  { _tag: "Media", at: 0, changed: true, silenceMs: 0 },
  { _tag: "Media", at: 0, changed: false, silenceMs: 0 },
  { _tag: "Context", at: 0, lines: 1, private: false },
  { _tag: "Context", at: 0, lines: 1, private: true },
  { _tag: "Silence", at: 0, remainingMs: 1, silenceMs: 30_000 },
  ...results.map((result): Step => ({ _tag: "Trigger", at: 1, entry, result })),
  ...limits,
  { _tag: "Admitted", at: 1, entry },
  { _tag: "Participation", at: 1, model: "m", wanted: true },
  { _tag: "Participation", at: 1, model: "m", wanted: false },
  { _tag: "Prompt", at: 1, contextLines: 0, characters: 10 },
  ...attempts,
  {
    _tag: "LlmAnswer",
    at: 1,
    model: "m",
    characters: 1,
    inputTokens: 2,
    outputTokens: 3,
    estimated: true,
    finishReason: "stop"
  },
  {
    _tag: "LlmAnswer",
    at: 1,
    model: "m",
    characters: 1,
    inputTokens: 2,
    outputTokens: 3,
    estimated: false,
    finishReason: "stop"
  },
  { _tag: "Fallback", at: 1, error: "LlmTimeout", message: "the model did not answer within 30 s" },
  { _tag: "Processed", at: 1, step: "clean", before: 9, after: 9 },
  { _tag: "Processed", at: 1, step: "clean", before: 9, after: 5 },
  ...drops.map((dropped): Step => ({ _tag: "Processed", at: 1, step: "block", before: 9, after: 0, dropped })),
  { _tag: "Waited", at: 1, for: "global_cooldown", ms: 4_000 },
  { _tag: "Waited", at: 1, for: "pacing", ms: 1_000 },
  { _tag: "Waited", at: 1, for: "connection", ms: 1_000 },
  { _tag: "Waited", at: 1, for: "bridge", ms: 2_000 },
  { _tag: "Resent", at: 1, cause: "cooldown" },
  { _tag: "Resent", at: 1, cause: "kick" },
  { _tag: "Resent", at: 1, cause: "rejoin" },
  { _tag: "Sent", at: 1, target: "chat", characters: 5 },
  { _tag: "Sent", at: 1, target: "pm", characters: 5 },
  ...unsaid.map((reason): Step => ({ _tag: "Unsaid", at: 1, lines: 2, reason }))
]

const known: ReadonlyArray<SkipFacts> = [
  {},
  { retryAfterMs: 41_001 },
  { ageMs: 90_000 },
  { ageMs: 7_000, maximumAgeMs: 3_000 },
  { waitedFor: "model" },
  { waitedFor: "connection" },
  ...drops.map((dropped) => ({ dropped }))
]

const outcomes: ReadonlyArray<Outcome> = [
  { _tag: "Replied", afterMs: 1_500 },
  ...SkipReason.literals.flatMap((reason) => known.map((facts) => skipped(reason, facts))),
  { _tag: "Failed", error: "LlmTimeout", message: "the model did not answer within 30 s" },
  { _tag: "Failed", error: "NatsNotSent", message: "NATS did not take the message" }
]

const bare: DecisionRecord = {
  correlationId: CorrelationId.make("c-1"),
  channel: ChannelName.make("lobby"),
  eventType: "chatMsg",
  username: Username.make("Ana"),
  arrivedAt: 0,
  steps: []
}

/** A text a person can read: nothing of what JavaScript writes when something is missing. */
const isReadable = (text: string): void => {
  assert.notMatch(text, /undefined|null|NaN|Infinity|\[object|\{|\}|=>/)
  assert.match(text, /\p{L}{2}/u)
  assert.strictEqual(text, text.trim())
  assert.notInclude(text, "  ")
}

const tagsOf = (values: ReadonlyArray<{ readonly _tag: string }>): ReadonlyArray<string> =>
  [...new Set(values.map(({ _tag }) => _tag))].toSorted()

describe("a decision in words", () => {
  it("the examples below are complete", () => {
    assert.deepStrictEqual(tagsOf(steps), Object.keys(Step.cases).toSorted())
    assert.deepStrictEqual(tagsOf(results), Object.keys(TriggerResult.cases).toSorted())
    assert.deepStrictEqual(tagsOf(outcomes), Object.keys(Outcome.cases).toSorted())
    assert.deepStrictEqual(tagsOf(drops), Object.keys(DropCause.cases).toSorted())
    assert.deepStrictEqual(
      [...new Set(known.flatMap(Object.keys))].toSorted(),
      Object.keys(SkipFacts.fields).toSorted()
    )
  })

  it.each(SkipReason.literals)("why there was no reply: %s", (reason) => {
    isReadable(reasonText(reason))
    assert.notInclude(reasonText(reason), "_")
    assert.notInclude(shortReasonText(reason), "_")
    assert.isAtMost(shortReasonText(reason).length, 16)
  })

  it("what is known of a skip is told with it", () => {
    const told = (facts: SkipFacts): string => outcomeText(skipped("stale", facts)).split("answer")[1] ?? ""
    assert.deepStrictEqual(known.slice(0, 6).map(told), [
      "",
      " (may be allowed again in 42 s)",
      " (90 s old)",
      " (7 s old, more than 3 s)",
      " (the model took too long)",
      " (NATS was away)"
    ])
    for (const dropped of drops) assert.strictEqual(told({ dropped }), ` (${dropText(dropped)})`)
    assert.strictEqual(new Set(drops.map(dropText)).size, drops.length)
  })

  it("no two reasons read alike", () => {
    assert.strictEqual(new Set(SkipReason.literals.map(reasonText)).size, SkipReason.literals.length)
  })

  it.each(steps.map((step) => [stepText(step), step] as const))("%s", (text, step) => {
    isReadable(text)
    assert.strictEqual(stepText(step), text)
  })

  it.each(outcomes.map((outcome) => [outcomeText(outcome), outcome] as const))("%s", (text, outcome) => {
    isReadable(text)
    assert.strictEqual(outcomeText(outcome), text)
  })

  it("every event, with or without a name, and every delivery", () => {
    const { username: _, ...nameless } = bare
    for (const eventType of DecisionRecord.fields.eventType.literals) {
      isReadable(eventText({ ...bare, eventType }))
      isReadable(eventText({ ...nameless, eventType }))
    }
    isReadable(deliveryText({ _tag: "Delivered", afterMs: 12 }))
    isReadable(deliveryText({ _tag: "Unconfirmed" }))
    isReadable(deliveryText({ _tag: "Unconfirmed", cause: "no_bridge" }))
  })

  it("a whole story: head, every step in order that changed something, delivery; twice the same", () => {
    const record: DecisionRecord = {
      ...bare,
      steps,
      outcome: { _tag: "Replied", afterMs: 1_500 },
      delivery: { _tag: "Delivered", afterMs: 12 }
    }
    isReadable(storyText(record))
    assert.strictEqual(storyText(record), storyText(record))
    assert.deepStrictEqual(storyText(record).split("; "), [
      "lobby: line from Ana: replied after 1.5 s",
      ...steps.map(stepText).filter((text) => text !== "clean: nothing to change"),
      "seen in the room after 12 ms"
    ])
    isReadable(storyText(bare))
  })

  it("a gate is told with its value and its limit", () => {
    assert.strictEqual(
      stepText({ _tag: "Limit", at: 1, limit: "user_per_minute", used: 3, maximum: 3, allowed: false }),
      "replies to this user in a minute: 3 of 3: refused"
    )
    assert.strictEqual(
      stepText({ _tag: "Limit", at: 1, limit: "global_cooldown", used: 1_500, maximum: 5_000, allowed: false }),
      "time since the bot's last line: 1.5 s, needs 5 s: refused"
    )
  })
})

describe("figures in a story", () => {
  const told: ReadonlyArray<readonly [step: Step, text: string]> = [
    [{ _tag: "Prompt", at: 1, contextLines: 1, characters: 1 }, "asked with 1 line of context, 1 character"],
    [{ _tag: "Prompt", at: 1, contextLines: 0, characters: 20 }, "asked with 0 lines of context, 20 characters"],
    [
      { _tag: "Trigger", at: 1, entry, result: { _tag: "Fired", ...drawn, draw: 0.4996 } },
      "keyword 2 matches \"popcorn\" and fires: drew 0.49960, needs less than 0.50"
    ],
    [
      {
        _tag: "LlmAnswer",
        at: 1,
        model: "m",
        characters: 12,
        inputTokens: 3,
        outputTokens: 100,
        estimated: false,
        finishReason: "length"
      },
      "m answered 12 characters, 3 + 100 tokens, cut off by max_tokens"
    ],
    [{ _tag: "Processed", at: 1, step: "plain_text", before: 4, after: 1 }, "plain text: 4 to 1 character"]
  ]
  it.each(told)("%o", (step, text) => assert.strictEqual(stepText(step), text))
})

describe("a decision in the log", () => {
  const marker = "MARKERTEXT"
  const record: DecisionRecord = {
    ...bare,
    channel: ChannelName.make(channelKey("lobby")),
    steps,
    content: {
      line: `${marker} line`,
      prompt: [{ role: "user", content: `${marker} prompt` }],
      answer: `${marker} answer`,
      reply: `${marker} reply`
    }
  }
  const lines: ReadonlyArray<DecisionLogLine> = [
    ...steps.map((step) => stepLogLine(step, record)),
    ...outcomes.map((outcome) => outcomeLogLine(outcome, record))
  ].filter((line) => line !== undefined)

  it("never holds what was said, asked or answered, even where the record does", () => {
    assert.isAbove(lines.length, 40)
    for (const line of lines) assert.notInclude(JSON.stringify(line), marker)
    assert.notInclude(storyText(record), marker)
  })

  it("has readable messages and values", () => {
    for (const { fields, message } of lines) {
      isReadable(message)
      for (const value of Object.values(fields)) {
        assert.notMatch(String(value), /undefined|NaN|\[object/)
      }
    }
  })

  it("tells a reply's end: silent when replied, an error when it failed", () => {
    const levelOf = (outcome: Outcome) => outcomeLogLine(outcome, record)?.level
    assert.strictEqual(levelOf({ _tag: "Replied", afterMs: 1 }), undefined)
    assert.strictEqual(levelOf({ _tag: "Failed", error: "LlmTimeout", message: "m" }), "Error")
    assert.strictEqual(levelOf({ _tag: "Skipped", reason: "no_match" }), "Info")
    assert.strictEqual(levelOf({ _tag: "Skipped", reason: "user_per_minute" }), "Info")
    assert.strictEqual(levelOf({ _tag: "Skipped", reason: "deadline" }), "Warn")
    assert.strictEqual(levelOf({ _tag: "Skipped", reason: "duplicate" }), "Debug")
  })

  it("names the trigger that was suppressed", () => {
    const suppressed = outcomeLogLine({ _tag: "Skipped", reason: "cooldown" }, record)
    assert.deepStrictEqual(suppressed?.fields, {
      decision: "suppress_cooldown",
      reason: "cooldown",
      trigger_type: "keyword"
    })
  })
})
