import { assert, describe, it } from "@effect/vitest"
import { type DecisionRecord, type Outcome, skipped, type Step } from "../../../src/domain/decision/Decision.ts"
import { EntryKey } from "../../../src/domain/Ids.ts"
import { comparisonOf, type ReplayComparison } from "../../../src/domain/replay/ReplayComparison.ts"
import { fidelityOf } from "../../../src/domain/replay/ReplayFidelity.ts"
import { reportTally } from "../../../src/domain/replay/ReplayReport.ts"
import type { ReplayRun } from "../../../src/domain/replay/ReplayRun.ts"
import { summaryOf } from "../../../src/domain/replay/ReplaySummary.ts"
import { anyDecisions, decisionOf, evening, runOf } from "./runs.ts"

const replied: Outcome = { _tag: "Replied", afterMs: 1_000 }
const full = (maximum: number, used = maximum): Step => ({
  _tag: "Limit",
  at: 1,
  limit: "channel_per_hour",
  used,
  maximum,
  allowed: used < maximum
})
const mention = EntryKey.make("mention")
const dice = (needed: number, draw = 0.9): Step => ({
  _tag: "Trigger",
  at: 1,
  entry: mention,
  result: { _tag: "Probability", matched: "mb", draw, needed, unlucky: 0 }
})
const reply = (id: string, text = "hi"): DecisionRecord =>
  decisionOf({ id, outcome: replied, content: { line: "mb?", reply: text } })
const silent = (id: string, outcome: Outcome, steps: ReadonlyArray<Step> = []): DecisionRecord =>
  decisionOf({ id, outcome, steps, content: { line: "mb?" } })

const compare = (a: ReadonlyArray<DecisionRecord>, b: ReadonlyArray<DecisionRecord>): ReplayComparison => {
  const [runA, runB] = [runOf({ decisions: a }), runOf({ decisions: b, config: "b.yaml" })]
  return comparisonOf([runA, runB], [summaryOf(runA), summaryOf(runB)])
}

const times = (count: number, make: (id: string) => DecisionRecord): ReadonlyArray<DecisionRecord> =>
  Array.from({ length: count }, (_, index) => make(`${index}`))

const verdicts: ReadonlyArray<
  readonly [a: ReadonlyArray<DecisionRecord>, b: ReadonlyArray<DecisionRecord>, verdict: string]
> = [
  [[], [], "A and B decide alike: 0 replies each, and not one event ends otherwise."],
  [times(3, reply), times(3, reply), "A and B decide alike: 3 replies each, and not one event ends otherwise."],
  [
    times(10, reply),
    times(
      10,
      (id) =>
        Number(id) < 4
          ? reply(id)
          : Number(id) === 4
          ? silent(id, skipped("deadline"))
          : silent(id, skipped("channel_per_hour"), [full(4)])
    ),
    "B answers 60 % less: 10 → 4 replies; 5 of the 6 lost replies stop at channel_per_hour 4 (the bot said enough here in the last hour). Unanswered mentions: 0 → 6."
  ],
  [
    times(2, (id) => silent(id, skipped("probability"), [dice(0.5)])),
    times(2, (id) => id === "0" ? reply(id) : silent(id, skipped("probability"), [dice(0.5)])),
    "B answers where A never does: 0 → 1 reply; the one new reply stopped at probability 0.5 (the dice said no) under A. Unanswered mentions: 2 → 1."
  ],
  [
    times(2, reply),
    times(2, (id) => silent(id, skipped("channel_per_hour"), [full(Number(id))])),
    "B answers no more: 2 → 0 replies; both lost replies stop at channel_per_hour (the bot said enough here in the last hour). Unanswered mentions: 0 → 2."
  ],
  [
    times(4, (id) => id === "0" ? reply(id) : silent(id, skipped("no_match"))),
    times(4, reply),
    "B answers 4.0 times as much: 1 → 4 replies; all 3 new replies stopped at no_match (no trigger matched) under A. Unanswered mentions: 3 → 0."
  ],
  [
    times(2, (id) => silent(id, skipped("no_match"))),
    times(2, (id) => silent(id, skipped("cooldown"))),
    "B answers as often as A, 0 replies. Unanswered mentions: 2 in both."
  ]
]

describe("the comparison of two runs", () => {
  for (const [a, b, verdict] of verdicts) {
    it(`says: ${verdict}`, () => assert.strictEqual(compare(a, b).verdict, verdict))
  }

  it("names what changes event by event, looks at the room that one alone took too", () => {
    const look = (id: string) =>
      decisionOf({ id, eventType: "contextual", outcome: skipped("no_match"), arrivedAt: evening + 5 })
    const { alike, changed, changes } = compare(
      [
        reply("1"),
        reply("2"),
        silent("3", skipped("no_match")),
        silent("4", skipped("no_match")),
        reply("5", "one"),
        reply("6"),
        look("a")
      ],
      [
        reply("1"),
        silent("2", skipped("channel_per_hour"), [full(1)]),
        reply("3"),
        silent("4", skipped("cooldown")),
        reply("5", "other"),
        reply("6"),
        look("b")
      ]
    )
    assert.deepStrictEqual(changes.map(({ correlationId, kind }) => `${correlationId} ${kind}`), [
      "2 lost",
      "3 gained",
      "4 other_reason",
      "5 other_text",
      "a only_a",
      "b only_b"
    ])
    assert.deepStrictEqual(changed, { lost: 1, gained: 1, other_reason: 1, other_text: 1, only_a: 1, only_b: 1 })
    assert.strictEqual(alike, 2)
    assert.deepStrictEqual(changes[0]?.b, {
      end: "channel_per_hour",
      why: "bot lines of the channel in an hour: 1 of 1: refused"
    })
    assert.deepStrictEqual([changes[3]?.a?.reply, changes[3]?.b?.reply], ["one", "other"])
  })

  it("pairs what came twice in order", () => {
    const again = silent("1", { _tag: "Skipped", reason: "duplicate" })
    assert.deepStrictEqual(
      compare([reply("1"), again], [silent("1", skipped("no_match")), again]).changes.map(({ kind }) => kind),
      ["lost"]
    )
  })

  it("puts reasons and people side by side", () => {
    const bob = decisionOf({ id: "3", user: "BOB", outcome: replied })
    const { reasons, users } = compare([reply("1"), silent("2", skipped("no_match")), bob], [
      silent("1", skipped("no_match")),
      silent("2", skipped("no_match")),
      bob
    ])
    assert.deepStrictEqual(reasons, [{ reason: "no_match", text: "no trigger matched", a: 1, b: 2, difference: 1 }])
    assert.deepStrictEqual(users, [{ user: "Ana", a: 1, b: 0, difference: -1 }, {
      user: "BOB",
      a: 1,
      b: 1,
      difference: 0
    }])
  })

  it.prop("adds up, whatever was decided", [anyDecisions, anyDecisions], ([a, b]) => {
    const { alike, changed, changes, replies } = compare(a, b)
    assert.strictEqual(Object.values(changed).reduce((sum, count) => sum + count, 0), changes.length)
    const side = (of: "a" | "b") => changes.filter((change) => change[of] !== undefined).length
    assert.strictEqual(alike + side("a"), a.length)
    assert.strictEqual(alike + side("b"), b.length)
    const only = (kind: "only_a" | "only_b") =>
      changes.filter((change) => change.kind === kind && (change.a ?? change.b)?.end === "replied").length
    assert.strictEqual(replies.difference, changed.gained - changed.lost + only("only_b") - only("only_a"))
  })

  it.prop("of a run with itself finds nothing", [anyDecisions], ([decisions]) => {
    assert.deepStrictEqual(compare(decisions, decisions).changes, [])
  })
})

describe("the fidelity of a replay", () => {
  const to = evening + 60_000
  const fidelity = (live: ReadonlyArray<DecisionRecord>, decisions: ReadonlyArray<DecisionRecord>) =>
    fidelityOf(runOf({ live, decisions, to }))

  it("is nothing without a recording", () => assert.isUndefined(fidelity([], [reply("1")])))

  it("counts echoes where the live run is followed, beside another run too; elsewhere the room has none", () => {
    const echo = silent("2", skipped("echo"))
    const followed = runOf({ followsLive: true, live: [reply("1"), echo], decisions: [reply("1"), echo], to })
    const other = runOf({ live: [reply("1"), echo], decisions: [reply("1")], to })
    const decisions = (...runs: ReadonlyArray<ReplayRun>) => {
      const report = reportTally(runs, true)
      report.add({ runs: runs.map((run) => run.decisions), live: followed.live })
      return report.result(runs).runs.map(({ fidelity }) => fidelity?.decisions)
    }
    assert.deepStrictEqual([decisions(followed), decisions(followed, other)], [[2], [2, 1]])
    assert.deepStrictEqual(fidelityOf(other)?.departures, [])
  })

  it("does not look at times", () => {
    const slow = (afterMs: number, at: number, used: number): DecisionRecord => ({
      ...reply("1"),
      outcome: { _tag: "Replied", afterMs },
      steps: [
        { _tag: "Limit", at, limit: "global_cooldown", used, maximum: 5_000, allowed: true },
        { _tag: "Waited", at, for: "pacing", ms: used }
      ]
    })
    const waits = (seconds: number) =>
      silent("2", skipped("channel_per_hour", { retryAfterMs: seconds * 1000 }), [full(1)])
    assert.deepStrictEqual(fidelity([slow(1, 2, 5_000), waits(3)], [slow(9, 8, 4_000), waits(4)]), {
      decisions: 2,
      alike: 2,
      departures: []
    })
  })

  it("names the first gate or the end that differs, and decisions of one alone", () => {
    const told = fidelity(
      [
        reply("1"),
        silent("2", skipped("no_match")),
        silent("3", skipped("probability"), [dice(0.5)]),
        reply("4"),
        silent("6", skipped("deadline", { waitedFor: "connection" }))
      ],
      [
        silent("1", skipped("no_match")),
        silent("2", skipped("no_match"), [full(9, 1)]),
        silent("3", skipped("probability"), [dice(0.6)]),
        reply("5"),
        silent("6", skipped("deadline"))
      ]
    )
    assert.deepStrictEqual(
      told?.departures.map(({ correlationId, live, replay, what }) => [String(correlationId), what, live, replay]),
      [
        ["1", "outcome", "replied after 1 s", "no reply: no trigger matched"],
        ["2", "gates", "", "bot lines of the channel in an hour: 1 of 9: ok"],
        [
          "3",
          "gates",
          "mention matches \"mb\" but the dice said no: drew 0.90, needs less than 0.50",
          "mention matches \"mb\" but the dice said no: drew 0.90, needs less than 0.60"
        ],
        ["4", "only_live", "replied after 1 s", ""],
        ["6", "outcome", "no reply: the answer came too late (NATS was away)", "no reply: the answer came too late"],
        ["5", "only_replay", "", "replied after 1 s"]
      ]
    )
    assert.deepStrictEqual([told?.decisions, told?.alike], [6, 0])
  })

  it("leaves out what was under way when the log ends: a bot that was killed decided nothing about it", () => {
    const late = (parts: Partial<DecisionRecord>): DecisionRecord => ({ ...reply("2"), arrivedAt: to - 500, ...parts })
    const slow = late({ outcome: { _tag: "Replied", afterMs: 900 } })
    const dropped = late({ outcome: skipped("deadline"), steps: [{ _tag: "Waited", at: 900, for: "pacing", ms: 900 }] })
    for (const underWay of [slow, dropped]) {
      assert.deepStrictEqual(fidelity([reply("1")], [reply("1"), underWay]), { decisions: 1, alike: 1, departures: [] })
    }
    const soon = late({ outcome: { _tag: "Replied", afterMs: 400 } })
    assert.deepStrictEqual(fidelity([reply("1")], [reply("1"), soon])?.departures.map(({ what }) => what), [
      "only_replay"
    ])
    assert.deepStrictEqual(fidelity([reply("1"), slow], [reply("1")])?.departures.map(({ what }) => what), [
      "only_live"
    ])
  })

  it.prop("of a run that is its own recording is whole", [anyDecisions], ([decisions]) => {
    const whole = fidelityOf(runOf({ followsLive: true, live: decisions, decisions, to }))
    assert.deepStrictEqual(whole?.departures ?? [], [])
  })
})
