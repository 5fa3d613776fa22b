import { assert, describe, it } from "@effect/vitest"
import { type ChatterLine, chatterLine, chatterPauseMs } from "../../../src/domain/playground/Chatter.ts"

const topic = { seed: 0, bot: "MovieBot", keywords: ["popcorn", "pizza"] }
const linesOf = (count: number, about = topic): ReadonlyArray<ChatterLine> =>
  Array.from({ length: count }, (_, index) => chatterLine(about, index))
const share = (lines: ReadonlyArray<ChatterLine>, has: RegExp): number =>
  lines.filter(({ message }) => has.test(message)).length / lines.length

describe("made-up viewers", () => {
  it("say the same to the same seed and something else to another one", () => {
    assert.deepStrictEqual(linesOf(50), linesOf(50))
    assert.notDeepEqual(linesOf(50), linesOf(50, { ...topic, seed: 1 }))
  })

  it("are many, and name the bot and the keywords now and then", () => {
    const lines = linesOf(2000)
    assert.strictEqual(new Set(lines.map(({ username }) => username)).size, 12)
    assert.approximately(share(lines, /MovieBot/), 0.15, 0.03)
    assert.approximately(
      share(lines, /popcorn,|popcorn\b.*(plenty|here|best|finally)|pizza|did somebody say/),
      0.12,
      0.03
    )
    assert.isAbove(share(lines, /pizza/), 0.02)
  })

  it("leave no placeholder, and name no keyword where there is none", () => {
    assert.strictEqual(share(linesOf(500), /[{}]/), 0)
    assert.strictEqual(share(linesOf(500, { ...topic, keywords: [] }), /[{}]|pizza|undefined/), 0)
  })

  it("a name like a replacement pattern stays what it is", () =>
    assert.strictEqual(share(linesOf(500, { ...topic, bot: "$&" }), /\{bot\}/), 0))

  it("seldom repeat themselves", () => {
    const plain = linesOf(60).map(({ message }) => message)
    for (const [index, message] of plain.entries()) assert.notStrictEqual(plain[index + 1], message)
    assert.isAbove(new Set(plain).size, 30)
  })

  it("talk in bursts, at the rate that was asked for", () => {
    const pauses = Array.from({ length: 5000 }, (_, index) => chatterPauseMs(0, index, 60))
    const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length
    assert.approximately(mean, 1000, 25)
    assert.isBelow(Math.min(...pauses), 50)
    assert.isAtMost(Math.max(...pauses), 3200)
    assert.notStrictEqual(pauses[0], pauses[1])
  })
})
