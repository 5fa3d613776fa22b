import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { ContextLine } from "../../src/domain/ChatContext.ts"
import { appendLine, type ContextWindow, emptyWindow } from "../../src/domain/ContextWindow.ts"
import { Username } from "../../src/domain/Ids.ts"

const line = (text: string, time: number, bot = false): ContextLine => ({
  username: Username.make(bot ? "Bot" : "Ana"),
  text,
  time,
  bot,
  key: undefined
})

const windowOf = (...lines: ReadonlyArray<ContextLine>): ContextWindow => {
  const window = emptyWindow()
  for (const one of lines) appendLine(window, one, 50)
  return window
}

const texts = ({ lines }: ContextWindow): string => lines.map(({ text }) => text).join(" ")

describe("the lines of a conversation", () => {
  const rows: ReadonlyArray<readonly [what: string, lines: ReadonlyArray<ContextLine>, order: string]> = [
    ["that come in order stay so", [line("a", 1), line("b", 2), line("c", 3)], "a b c"],
    [
      "of one moment stand as they came",
      [line("a", 1), line("b", 1), line("c", 1)],
      "a b c"
    ],
    [
      "that a rejoining bridge brings late stand where they were said",
      [line("now", 100), line("old 1", 10), line("old 2", 20), line("old 3", 30)],
      "old 1 old 2 old 3 now"
    ],
    ["that come a little late too", [line("a", 1), line("c", 3), line("b", 2)], "a b c"],
    [
      "and the bot's own, whose clock may be wrong, stay where they were said",
      [line("a", 1), line("mine", 9_000, true), line("b", 2), line("c", 3)],
      "a mine b c"
    ],
    [
      "with the bot's clock behind as well",
      [line("a", 100), line("mine", 1, true), line("b", 101)],
      "a mine b"
    ],
    [
      "a late line stands before the bot's answer to a later one",
      [line("a", 10), line("c", 30), line("mine", 31, true), line("b", 20)],
      "a b c mine"
    ],
    [
      "a late line behind an answer that was given before it was said",
      [line("a", 10), line("mine", 11, true), line("c", 30), line("b", 20)],
      "a mine b c"
    ]
  ]
  it.each(rows)("%s", (_, lines, order) => assert.strictEqual(texts(windowOf(...lines)), order))

  it.prop("of people are in the order in which they were said, whatever order they come in", [
    Schema.Array(Schema.Struct({ time: Schema.Literals([1, 2, 3, 4, 5]), bot: Schema.Boolean }))
  ], ([all]) => {
    const window = windowOf(...all.map(({ bot, time }, index) => line(`${index}`, time, bot)))
    const times = window.lines.filter(({ bot }) => !bot).map(({ time }) => time)
    assert.deepStrictEqual(times, times.toSorted((one, other) => one - other))
    assert.lengthOf(window.lines, all.length)
  })

  it("are bounded, the oldest go", () => {
    const window = emptyWindow()
    for (let time = 1; time <= 1_000; time++) appendLine(window, line(`${time}`, time), 10)
    assert.isBelow(window.lines.length, 20)
    assert.strictEqual(window.lines.at(-1)?.text, "1000")
    assert.strictEqual(appendLine(window, line("old", 1), 10), 10)
  })
})
