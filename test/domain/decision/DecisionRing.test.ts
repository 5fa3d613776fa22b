import { assert, describe, it } from "@effect/vitest"
import { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import {
  amendRecord,
  type DecisionRing,
  emptyRing,
  keepRecord,
  keptDecisions,
  keptRecords
} from "../../../src/domain/decision/DecisionRing.ts"
import { ChannelName, CorrelationId, EntryKey, Username } from "../../../src/domain/Ids.ts"

const recordsOf = (ring: DecisionRing, since?: number): ReadonlyArray<DecisionRecord> =>
  keptRecords(ring, since).map(({ record }) => record)

const quiet = (number: number): DecisionRecord => ({
  correlationId: CorrelationId.make(`line-${number}`),
  channel: ChannelName.make("Lobby"),
  eventType: "chatMsg",
  username: Username.make("Ana"),
  rank: 1,
  arrivedAt: 1_700_000_000_000 + number,
  steps: [
    { _tag: "Context", at: 0.011, lines: 50, private: false },
    { _tag: "Trigger", at: 0.052, entry: EntryKey.make("mention"), result: { _tag: "NoMatch" } }
  ],
  outcome: { _tag: "Skipped", reason: "no_match" }
})

const replied = (number: number): DecisionRecord => ({
  ...quiet(number),
  outcome: { _tag: "Replied", afterMs: 1_500 },
  content: { line: "what do you think? \u{1F37F}", answer: "a lot of it ".repeat(40) }
})

const many = (count: number): ReadonlyArray<DecisionRecord> =>
  Array.from({ length: count }, (_, number) => quiet(number))

describe("the last decisions of a channel", () => {
  it.prop("are read as they were kept", [DecisionRecord, DecisionRecord], ([one, other]) => {
    const ring = emptyRing()
    keepRecord(ring, one)
    keepRecord(ring, other)
    assert.deepStrictEqual(recordsOf(ring), [one, other])
  }, { arbitrary: { runs: 300 } })

  it("hold numbers and texts of every kind", () => {
    const numbers = [
      0,
      -0,
      1,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 31,
      2 ** 48 - 1,
      2 ** 48,
      1e300,
      -1,
      -0.5,
      0.001,
      16.383,
      16.384,
      4_294_967.295,
      4_294_967.296,
      0.1 + 0.2,
      Math.PI,
      5e-324,
      Number.MAX_SAFE_INTEGER
    ]
    const texts = [
      "",
      "a",
      "é",
      "日本",
      "\u{1F37F}",
      "\uD800",
      "x".repeat(300),
      "0b0e7a52-37ab-4a9c-bb29-3b07ad8ff0c1",
      "0B0E7A52-37AB-4A9C-BB29-3B07AD8FF0C1",
      "0b0e7a52-37ab-4a9c-bb29-3b07ad8ff0c-",
      "0b0e7a5203 7ab-4a9c-bb29-3b07ad8ff0c"
    ]
    const steps = [
      ...numbers.map((at) => ({ _tag: "Prompt", at, contextLines: at, characters: 1 } as const)),
      ...texts.map((text) => ({ _tag: "Fallback", at: 1, error: text, message: text } as const))
    ]
    const ring = emptyRing()
    keepRecord(ring, { ...quiet(1), steps })
    assert.deepStrictEqual(keptRecords(ring)[0]?.record.steps, steps)
  })

  it(`are ${keptDecisions}, the oldest first`, () => {
    const ring = emptyRing()
    const all = many(3 * keptDecisions + 7)
    for (const record of all) keepRecord(ring, record)
    assert.deepStrictEqual(recordsOf(ring), all.slice(-keptDecisions))
    const last = all.at(-2)?.arrivedAt
    assert.deepStrictEqual(recordsOf(ring, last), all.slice(-2))
  })

  it("take little room, also after one that took much", () => {
    const ring = emptyRing()
    keepRecord(ring, { ...quiet(0), content: { line: "long ".repeat(50_000) } })
    for (const record of many(3 * keptDecisions)) keepRecord(ring, record)
    assert.isBelow(ring.bytes.length / keptDecisions, 100)
  })

  it("know more entries than there is room for names", () => {
    const ring = emptyRing()
    const all = many(keptDecisions).map((record, number): DecisionRecord => ({
      ...record,
      steps: Array.from({ length: 20 }, (_, index) => ({
        _tag: "Trigger",
        at: 0,
        entry: EntryKey.make(`keyword ${20 * number + index}`),
        result: { _tag: "NoMatch" }
      }))
    }))
    for (const record of all) keepRecord(ring, record)
    assert.deepStrictEqual(recordsOf(ring), all)
  })

  it("are amended while they are kept", () => {
    const ring = emptyRing()
    const numbers = many(keptDecisions).map((record) => keepRecord(ring, record))
    const all = [...recordsOf(ring)]
    for (const place of [0, 1, 100, 150, keptDecisions - 1]) {
      all[place] = replied(place)
      amendRecord(ring, numbers[place] ?? -1, replied(place))
      assert.deepStrictEqual(recordsOf(ring), all)
    }
    amendRecord(ring, numbers[100] ?? -1, quiet(100))
    all[100] = quiet(100)
    assert.deepStrictEqual(recordsOf(ring), all)
    keepRecord(ring, quiet(keptDecisions))
    amendRecord(ring, numbers[0] ?? -1, replied(0))
    assert.deepStrictEqual(recordsOf(ring), [...all.slice(1), quiet(keptDecisions)])
  })
})
