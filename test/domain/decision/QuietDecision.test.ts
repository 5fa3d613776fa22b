import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  type DecisionRing,
  emptyRing,
  keepQuiet,
  keepRecord,
  keptDecisions,
  keptRecords
} from "../../../src/domain/decision/DecisionRing.ts"
import { type QuietDecision, quietRecord, unmetEntries } from "../../../src/domain/decision/QuietDecision.ts"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { ChannelName, CorrelationId, EntryKey, Username } from "../../../src/domain/Ids.ts"

const recordsOf = (ring: DecisionRing, since?: number): ReadonlyArray<DecisionRecord> =>
  keptRecords(ring, since).map(({ record }) => record)

const Entry = Schema.Struct({
  entry: Schema.String.check(Schema.isPattern(/^[a-z]{1,9}( [1-9][0-9]?)?$/)),
  isDisabled: Schema.Boolean
})
const Figures = Schema.Struct({
  correlationId: CorrelationId,
  channel: ChannelName,
  eventType: Schema.Literals(["chatMsg", "pm"]),
  username: Username,
  rank: Schema.UndefinedOr(Schema.Finite),
  arrivedAt: Schema.Finite,
  lines: Schema.UndefinedOr(Schema.Finite),
  at: Schema.Finite,
  entries: Schema.Array(Entry)
})

const quietOf = ({ entries, ...figures }: typeof Figures.Type): QuietDecision => ({
  ...figures,
  unmet: unmetEntries(entries.map(({ entry, isDisabled }) => ({
    entry: EntryKey.make(entry),
    result: { _tag: isDisabled ? "Disabled" : "NoMatch" }
  })))
})

const recordOf = (quiet: QuietDecision) => quietRecord({ ...quiet, tests: quiet.unmet.tests })

describe("a quiet decision", () => {
  it.prop("is read as its record, among others", [Figures, Figures], ([one, other]) => {
    const ring = emptyRing()
    keepQuiet(ring, quietOf(one))
    keepRecord(ring, recordOf(quietOf(other)))
    keepQuiet(ring, quietOf(other))
    assert.deepStrictEqual(recordsOf(ring), [
      recordOf(quietOf(one)),
      recordOf(quietOf(other)),
      recordOf(quietOf(other))
    ])
  }, { arbitrary: { runs: 300 } })

  it("takes little room", () => {
    const ring = emptyRing()
    for (let number = 0; number < 3 * keptDecisions; number++) {
      keepQuiet(
        ring,
        quietOf({
          correlationId: CorrelationId.make(`0b0e7a52-37ab-4a9c-bb29-3b07ad8f${1_000 + number}`),
          channel: ChannelName.make("Lobby"),
          eventType: "chatMsg",
          username: Username.make(`viewer${number}`),
          rank: 1,
          arrivedAt: 1_700_000_000_000 + number,
          lines: 50,
          at: 0.052,
          entries: [{ entry: "mention", isDisabled: false }, { entry: "keyword 2", isDisabled: true }]
        })
      )
    }
    assert.isBelow(ring.bytes.length / keptDecisions, 60)
  })
})
