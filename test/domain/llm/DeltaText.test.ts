import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { deltaText } from "../../../src/domain/llm/DeltaText.ts"
import { mixed } from "../arbitraries.ts"

const textOf = (deltas: ReadonlyArray<string>, endsWithText = false): string => {
  const text = deltaText()
  for (const [index, delta] of deltas.entries()) text.add(delta, endsWithText && index === deltas.length - 1)
  return text.text()
}

const rows: ReadonlyArray<readonly [what: string, deltas: ReadonlyArray<string>, text: string]> = [
  ["pieces", ["The ", "heist ", "is great."], "The heist is great."],
  ["all that came before, each time", ["The", "The heist", "The heist is great."], "The heist is great."],
  ["all that came before, once again", ["The", "The heist", "The heist", "The heist is great."], "The heist is great."],
  ["blanks between them", ["", "The", "", "The heist", "", "The heist is great.", ""], "The heist is great."],
  ["the whole at the end", ["The ", "heist ", "is great.", "The heist is great."], "The heist is great."],
  ["the whole at the end, trimmed", [" The ", "heist ", "is great. ", "The heist is great."], "The heist is great."],
  ["the whole at the end, with more", ["The heist ", "is great", "The heist is great."], "The heist is great."],
  ["the whole at the end, twice", ["The ", "heist.", "The heist.", "The heist."], "The heist."],
  [
    "the whole at the end, with a citation",
    ["The heist is ", "great, and so is the song.", "The heist is great [1], and so is the song."],
    "The heist is great [1], and so is the song."
  ],
  ["all twice", ["The ", "The ", "heist ", "heist ", "is great.", "is great."], "The heist is great."],
  ["a laugh", ["ha", "ha", "ha", "!"], "hahaha!"],
  ["a word twice", ["Bye", " bye", "."], "Bye bye."],
  ["a name that repeats", ["New York, ", "New York", "!"], "New York, New York!"],
  ["a refrain", ["Row your boat. ", "Row your boat. ", "Gently."], "Row your boat. Row your boat. Gently."],
  ["digits", ["1", "1", "1"], "111"],
  ["Chinese, all that came before", ["你", "你好", "你好吗"], "你好吗"]
]

describe("deltas", () => {
  it.each(rows)("%s", (_, deltas, text) => expect(textOf(deltas)).toBe(text))

  it("of the finish reason's event that repeats the one before count once", () => {
    expect(textOf(["The heist", " is great.", " is great."], true)).toBe("The heist is great.")
    expect(textOf(["It is 1", "1", "1"], true)).toBe("It is 111")
  })

  it.prop("give one text, however their server repeats it", [
    mixed(["I like films. ", "Really? ", "So good! ", "and so on ", "映画が好き。", "no ", "1 "], 20),
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))
  ], ([raw, size]) => {
    const text = `Once upon a time. ${raw.toWellFormed().trim()}`.trim()
    const pieces = Array.from(
      { length: Math.ceil(text.length / size) },
      (_, at) => text.slice(at * size, (at + 1) * size)
    )
    const sums = pieces.map((_, index) => pieces.slice(0, index + 1).join(""))
    expect(textOf(pieces)).toBe(text)
    expect(textOf(sums)).toBe(text)
    expect(textOf([...pieces, text])).toBe(text)
  }, { arbitrary: { runs: 500 } })
})
