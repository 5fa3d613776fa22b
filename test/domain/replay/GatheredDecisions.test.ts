import { assert, describe, it } from "@effect/vitest"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { ChannelName, CorrelationId, Username } from "../../../src/domain/Ids.ts"
import { gatherDecisions } from "../../../src/domain/replay/GatheredDecisions.ts"

const record = (id: string, arrivedAt: number): DecisionRecord => ({
  correlationId: CorrelationId.make(id),
  channel: ChannelName.make("lobby"),
  eventType: "chatMsg",
  username: Username.make("Ana"),
  arrivedAt,
  steps: []
})

const replied = (id: string, arrivedAt: number): DecisionRecord => ({
  ...record(id, arrivedAt),
  outcome: { _tag: "Replied", afterMs: 5 }
})

const repeated = (id: string, arrivedAt: number): DecisionRecord => ({
  ...record(id, arrivedAt),
  outcome: { _tag: "Skipped", reason: "duplicate" }
})

const seen = (one: DecisionRecord): DecisionRecord => ({ ...one, delivery: { _tag: "Delivered", afterMs: 9 } })

const gathered = (...records: ReadonlyArray<DecisionRecord>): ReadonlyArray<DecisionRecord> => {
  const decisions = gatherDecisions()
  records.forEach((one) => decisions.add(one))
  return decisions.all()
}

describe("decisions as they are gathered", () => {
  it("stand in the order of arrival, amended in their place", () => {
    assert.deepStrictEqual(
      gathered(repeated("b", 20), replied("a", 10), replied("c", 30), seen(replied("a", 10))),
      [seen(replied("a", 10)), repeated("b", 20), replied("c", 30)]
    )
  })

  it("keep a repeat of the same moment apart from the reply that is amended", () => {
    assert.deepStrictEqual(
      gathered(replied("a", 10), repeated("a", 10), seen(replied("a", 10))),
      [seen(replied("a", 10)), repeated("a", 10)]
    )
  })

  it("are taken up to a moment, each once, with what amended them until then", () => {
    const decisions = gatherDecisions()
    for (const one of [repeated("b", 20), replied("a", 10), seen(replied("a", 10)), replied("c", 30)]) {
      decisions.add(one)
    }
    assert.deepStrictEqual(decisions.take(10), [])
    assert.deepStrictEqual(decisions.take(30), [seen(replied("a", 10)), repeated("b", 20)])
    decisions.add(seen(replied("c", 30)))
    assert.deepStrictEqual(decisions.take(Number.POSITIVE_INFINITY), [seen(replied("c", 30))])
    assert.deepStrictEqual(decisions.all(), [])
  })
})
