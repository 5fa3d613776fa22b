import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { EventKey } from "../../../src/domain/Ids.ts"
import { noSeenEvents, noteEvent, seenAgain, seenEvents } from "../../../src/domain/triggers/Deduplication.ts"

/** What must come out, as simply as it can be said. */
const makeModel = () => {
  let seen: ReadonlyArray<{ readonly key: EventKey; readonly at: number }> = []
  return {
    seen: () => seen,
    note: (key: EventKey, now: number): boolean => {
      seen = seen.filter(({ at }) => now - at < 2 * 3_600_000)
      if (seen.some((event) => event.key === key)) return true
      seen = [...seen, { key, at: now }].slice(-1_000)
      return false
    }
  }
}

/** Keys that meet in the table: the lower bits alone choose a slot. */
const keyAt = (index: number): EventKey => EventKey.make((index % 7) + 2_048 * Math.floor(index / 7))

describe("seen events", () => {
  const steps = Arbitrary.array(
    Arbitrary.schema(Schema.Struct({
      event: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 80 })),
      pause: Schema.Literals([0, 0, 0, 1, 60_000, 3_600_000, 7_200_000])
    })),
    { maxLength: 120 }
  )
  it.prop("are those of a plain list", [steps], ([steps]) => {
    const seen = noSeenEvents()
    const model = makeModel()
    let now = 0
    for (const { event, pause } of steps) {
      now += pause
      assert.strictEqual(noteEvent(seen, keyAt(event), now), model.note(keyAt(event), now))
    }
    assert.deepStrictEqual(seenEvents(seen), model.seen())
    assert.deepStrictEqual(seenEvents(seenAgain(seenEvents(seen))), model.seen())
  }, { arbitrary: { runs: 300 } })

  it("are the last 1,000, however many come, whatever comes again", () => {
    const seen = noSeenEvents()
    const model = makeModel()
    for (let index = 0; index < 4_000; index++) {
      const key = keyAt(index % 13 === 0 ? Math.max(0, index - 990) : index)
      assert.strictEqual(noteEvent(seen, key, index), model.note(key, index), String(index))
    }
    assert.deepStrictEqual(seenEvents(seen), model.seen())
  })
})
