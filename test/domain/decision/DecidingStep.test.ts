import { assert, describe, it } from "@effect/vitest"
import {
  type DecisionRecord,
  LimitName,
  type Outcome,
  skipped,
  type Step
} from "../../../src/domain/decision/Decision.ts"
import { decidingIndex, decidingStep, opensAfterMs, toneOf } from "../../../src/domain/decision/DecidingStep.ts"
import { decisionJson } from "../../../src/domain/decision/DecisionJson.ts"
import { outcomeLogLine } from "../../../src/domain/decision/DecisionLogLine.ts"
import { storyOf } from "../../../src/domain/decision/DecisionStory.ts"
import { stepText } from "../../../src/domain/decision/DecisionText.ts"
import { ChannelName, CorrelationId, EntryKey } from "../../../src/domain/Ids.ts"
import { comparisonOf } from "../../../src/domain/replay/ReplayComparison.ts"
import { whyText } from "../../../src/domain/replay/ReplayEnd.ts"
import { summaryOf } from "../../../src/domain/replay/ReplaySummary.ts"
import { timelineOf } from "../../../src/domain/replay/ReplayTimeline.ts"
import { runOf } from "../replay/runs.ts"

const at = 1
const drawn = { matched: "popcorn", draw: 0.75, needed: 0.5, unlucky: 0 }
const tested = (entry: string, result: Extract<Step, { _tag: "Trigger" }>["result"]): Step => ({
  _tag: "Trigger",
  at,
  entry: EntryKey.make(entry),
  result
})
const cooling = (entry: string, remainingMs: number): Step =>
  tested(entry, { _tag: "Cooldown", matched: "popcorn", remainingMs, cooldownMs: 60_000 })
const unlucky = (entry: string): Step => tested(entry, { _tag: "Probability", ...drawn })
const fired = (entry: string): Step => tested(entry, { _tag: "Fired", ...drawn, draw: 0.25 })
const limit = (name: LimitName, allowed: boolean): Step => ({
  _tag: "Limit",
  at,
  limit: name,
  used: 3,
  maximum: allowed ? 4 : 3,
  allowed
})
const admitted: Step = { _tag: "Admitted", at, entry: EntryKey.make("mention") }
const attempt = (status: "success" | "timeout"): Step => ({
  _tag: "LlmAttempt",
  at,
  model: "m",
  attempt: 1,
  status,
  durationMs: 30_000,
  detail: status === "success" ? "" : "no answer"
})
const answer: Step = {
  _tag: "LlmAnswer",
  at,
  model: "m",
  characters: 1,
  inputTokens: 2,
  outputTokens: 3,
  estimated: false,
  finishReason: "stop"
}
const checks: Step = {
  _tag: "Processed",
  at,
  step: "checks",
  before: 9,
  after: 0,
  dropped: { _tag: "TooFewWords", words: 1, minimum: 3 }
}
const silence: Step = { _tag: "Silence", at, remainingMs: 20_000, silenceMs: 30_000 }
const declined: Step = { _tag: "Participation", at, model: "m", wanted: false }

const recordOf = (outcome: Outcome | undefined, ...steps: ReadonlyArray<Step>): DecisionRecord => ({
  correlationId: CorrelationId.make("c-1"),
  channel: ChannelName.make("lobby"),
  eventType: "chatMsg",
  arrivedAt: 0,
  steps,
  ...(outcome === undefined ? {} : { outcome })
})

const decided: ReadonlyArray<readonly [story: string, record: DecisionRecord, deciding: Step | undefined]> = [
  ["under way", recordOf(undefined, cooling("keyword", 1)), undefined],
  [
    "a reply after a lost draw",
    recordOf({ _tag: "Replied", afterMs: 1 }, unlucky("mention"), fired("keyword")),
    undefined
  ],
  ["a failure", recordOf({ _tag: "Failed", error: "LlmTimeout", message: "m" }, attempt("timeout")), undefined],
  ["a line that never triggers", recordOf(skipped("stale", { ageMs: 9_000 })), undefined],
  ["no match", recordOf(skipped("no_match"), tested("mention", { _tag: "NoMatch" })), undefined],
  ["silence", recordOf(skipped("media_silence"), silence), silence],
  [
    "a cooldown before a lost draw",
    recordOf(skipped("cooldown"), cooling("mention", 1), unlucky("keyword")),
    cooling("mention", 1)
  ],
  [
    "a lost draw before a cooldown",
    recordOf(skipped("probability"), unlucky("mention"), cooling("keyword", 1)),
    unlucky("mention")
  ],
  ["declined", recordOf(skipped("declined"), fired("contextual"), admitted, attempt("success"), declined), declined],
  ["dropped", recordOf(skipped("length", { dropped: { _tag: "Empty" } }), unlucky("mention"), answer, checks), checks],
  ["stopped after a lost draw", recordOf(skipped("stopped"), unlucky("mention"), attempt("timeout")), undefined],
  ...LimitName.literals.map((name) =>
    [
      name,
      recordOf(skipped(name), unlucky("mention"), fired("keyword"), limit("busy", true), limit(name, false)),
      limit(name, false)
    ] as const
  )
]

describe("the step that decided", () => {
  it.each(decided)("%s", (_, record, deciding) => assert.deepStrictEqual(decidingStep(record), deciding))

  it("opens after what is left of it", () => {
    assert.strictEqual(opensAfterMs(recordOf(skipped("media_silence"), silence)), 20_000)
    assert.strictEqual(opensAfterMs(recordOf(skipped("cooldown"), cooling("mention", 7_000))), 7_000)
    const facts = { retryAfterMs: 9_000 }
    assert.strictEqual(opensAfterMs(recordOf(skipped("busy", facts), limit("busy", false))), 9_000)
    assert.isUndefined(opensAfterMs(recordOf(skipped("busy"), limit("busy", false))))
    assert.isUndefined(opensAfterMs(recordOf(skipped("probability"), unlucky("mention"))))
  })

  it("has a tone that says so: it refused or failed", () => {
    for (const [, , step] of decided) if (step !== undefined) assert.strictEqual(toneOf(step), "stop")
    assert.strictEqual(toneOf(attempt("timeout")), "fail")
  })
})

/** The two cases in which the page and replay once named different steps. */
const disputed: ReadonlyArray<
  readonly [story: string, record: DecisionRecord, index: number | undefined, log: object]
> = [
  [
    "a late reply whose earlier keyword lost its draw",
    recordOf(
      skipped("deadline", { waitedFor: "model" }),
      unlucky("keyword"),
      fired("keyword 2"),
      admitted,
      attempt("timeout")
    ),
    3,
    { model: "m", error_type: "timeout", error: "no answer", reason: "deadline" }
  ],
  [
    "the same, when only its turn came too late: no step decided",
    recordOf(skipped("deadline"), unlucky("keyword"), fired("keyword 2"), admitted, attempt("success"), answer),
    undefined,
    { filter_type: "deadline", reason: "no reply: the answer came too late" }
  ],
  [
    "two entries cooling at once",
    recordOf(skipped("cooldown"), cooling("mention", 5_000), cooling("keyword", 50_000)),
    0,
    { decision: "suppress_cooldown", reason: "cooldown", trigger_type: "mention" }
  ]
]

describe.each(disputed)("%s", (_, record, index, log) => {
  const step = index === undefined ? undefined : record.steps[index]

  it("is decided by one step", () => assert.strictEqual(decidingIndex(record), index))

  it("as the page and whoever asks why are sent", () => {
    assert.strictEqual(decisionJson(record).decidingStep, index)
    const { opensAfterMs: opens, steps } = storyOf(record)
    assert.deepStrictEqual(steps.map(({ text }) => text), record.steps.map(stepText))
    assert.strictEqual(opens, step?._tag === "Trigger" ? 5_000 : undefined)
  })

  it("as the log says", () => {
    assert.isDefined(record.outcome)
    if (record.outcome !== undefined) assert.deepStrictEqual(outcomeLogLine(record.outcome, record)?.fields, { ...log })
  })

  it("as replay says, in its report and on its page", () => {
    const why = whyText(record)
    if (step === undefined) assert.strictEqual(why, "no reply: the answer came too late")
    else assert.include(why, stepText(step))
    const run = runOf({ decisions: [record] })
    const other = runOf({ decisions: [{ ...record, outcome: skipped("no_match") }] })
    const { changes } = comparisonOf([run, other], [summaryOf(run), summaryOf(other)])
    assert.strictEqual(changes[0]?.a?.why, why)
    const { endings, steps, stories } = timelineOf([run])
    const [, ending] = endings
    if (ending === undefined || ending === 0) return assert.fail("no ending")
    const [, , , story, deciding] = ending
    assert.strictEqual(deciding, index ?? -1)
    const place = stories[story]?.[deciding]
    assert.strictEqual(place === undefined ? undefined : steps[place]?.[1].text, step && stepText(step))
  })
})
