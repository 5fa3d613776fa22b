import { assert, describe, it } from "@effect/vitest"
import type { DecisionRecord, Outcome } from "../../../src/domain/decision/Decision.ts"
import { keptDecisions } from "../../../src/domain/decision/DecisionRing.ts"
import {
  beginDecision,
  endDecision,
  type KeptDecisions,
  lastDecisions,
  noDecisions
} from "../../../src/domain/decision/KeptDecisions.ts"
import { ChannelName, CorrelationId } from "../../../src/domain/Ids.ts"

const outcome: Outcome = { _tag: "Skipped", reason: "no_match" }

/** A decision about the line of that moment. */
const begin = (kept: KeptDecisions, at: number): { record: DecisionRecord; place: number } => {
  const decision = {
    place: kept.closed.begun,
    record: {
      correlationId: CorrelationId.make(`line-${at}`),
      channel: ChannelName.make("Lobby"),
      eventType: "chatMsg",
      arrivedAt: at,
      steps: []
    } satisfies DecisionRecord
  }
  assert.strictEqual(beginDecision(kept, decision), decision.place)
  return decision
}
const end = (kept: KeptDecisions, decision: { record: DecisionRecord; readonly place: number }): number => {
  decision.record = { ...decision.record, outcome }
  return endDecision(kept, decision, decision.place)
}

const told = (kept: KeptDecisions, since?: number): ReadonlyArray<string> =>
  lastDecisions(kept, since).map(({ arrivedAt, outcome }) => `${arrivedAt}${outcome === undefined ? " under way" : ""}`)

describe("a channel's decisions", () => {
  it("of one moment are told as they began, whichever is closed first", () => {
    const kept = noDecisions()
    const [first, second] = [begin(kept, 1), begin(kept, 1)]
    second.record = { ...second.record, correlationId: CorrelationId.make("second") }
    end(kept, second)
    end(kept, first)
    assert.deepStrictEqual(lastDecisions(kept).map(({ correlationId }) => correlationId), ["line-1", "second"])
  })

  it("are told in the order of arrival, whichever is closed first", () => {
    const kept = noDecisions()
    const [first, second, third] = [begin(kept, 1), begin(kept, 2), begin(kept, 3)]
    assert.deepStrictEqual(told(kept), ["1 under way", "2 under way", "3 under way"])
    end(kept, third)
    assert.deepStrictEqual(told(kept), ["1 under way", "2 under way", "3"])
    end(kept, first)
    assert.deepStrictEqual(told(kept), ["1", "2 under way", "3"])
    assert.deepStrictEqual(told(kept, 2), ["2 under way", "3"])
    end(kept, second)
    assert.deepStrictEqual(told(kept), ["1", "2", "3"])
  })

  it(`are the last ${keptDecisions}, also where none of them ends`, () => {
    const kept = noDecisions()
    const forgotten = begin(kept, 0)
    for (let at = 1; at <= keptDecisions; at++) begin(kept, at)
    assert.lengthOf(kept.underWay, keptDecisions)
    assert.deepStrictEqual(told(kept)[0], "1 under way")
    end(kept, forgotten)
    assert.lengthOf(told(kept), keptDecisions)
  })
})
