import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { hash, hashToUnit } from "../../src/domain/Hash.ts"

const Parts = Schema.Array(Schema.Union([Schema.String, Schema.Int]))

describe("digest", () => {
  it("is the same for ever: identities and message ids outlive a release", () => {
    assert.strictEqual(hash(["lobby", "chatMsg", "ana", 1_767_225_600_000, "hi"]), "e97088e3522b7e5e9f7981844ec40f85")
    assert.strictEqual(hash(["reply", "Ünï 😀"]), "5bae218bce3338bb83b7850315bbf144")
  })

  it("tells apart where a part ends", () => {
    assert.notStrictEqual(hash(["ab", "c"]), hash(["a", "bc"]))
    assert.notStrictEqual(hash(["a", ""]), hash(["a"]))
  })

  it.prop("is 128 bits in hex, a function of its parts", [Parts], ([parts]) => {
    assert.match(hash(parts), /^[0-9a-f]{32}$/)
    assert.strictEqual(hash([...parts]), hash(parts))
  })
})

describe("fraction", () => {
  it("is the same for ever: replicas and replays draw alike", () => {
    assert.strictEqual(hashToUnit(["draw", 0, "an event", "mention"]), 0.5332123301032505)
    assert.strictEqual(hashToUnit(["draw", 7, "another event", "keyword 2"]), 0.044069218803958865)
  })

  it.prop("lies in [0, 1)", [Parts], ([parts]) => {
    const value = hashToUnit(parts)
    assert.isAtLeast(value, 0)
    assert.isBelow(value, 1)
  }, { arbitrary: { runs: 500 } })

  it.each(["a", "b", "c", "d", "e"])("is spread evenly: seed %s", (seed) => {
    const [draws, bins] = [5_000, 20]
    const counts = Array.from({ length: bins }, () => 0)
    for (let index = 0; index < draws; index++) {
      const bin = Math.floor(hashToUnit([seed, index]) * bins)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
    const expected = draws / bins
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 19 degrees of freedom: more than 52 happens once in 20,000 even spreads.
    assert.isBelow(chiSquare, 52)
  })
})
