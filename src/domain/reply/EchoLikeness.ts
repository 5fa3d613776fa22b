/** A line without what a room may change while keeping its words: case, blanks, markup. */
const bare = (text: string): string =>
  text.normalize("NFKC").toLowerCase()
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/[*_`~]/gu, "")
    .replace(/\s+/gu, " ")
    .trim()

/** Words; where a script sets no blanks between them, characters. */
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{M}\p{N}]+/gu

const wordsOf = (text: string): ReadonlyArray<string> =>
  text.normalize("NFKC").toLowerCase().replace(/\p{Default_Ignorable_Code_Point}/gu, "").match(word) ?? []

const commonCount = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): number => {
  const counts = new Map<string, number>()
  for (const each of one) counts.set(each, (counts.get(each) ?? 0) + 1)
  return other.filter((each) => {
    const count = counts.get(each) ?? 0
    counts.set(each, count - 1)
    return count > 0
  }).length
}

/**
 * How similar a line of the room is to a sent one, 0 to 1: 1 when they are equal but for case, blanks and markup, else
 * the share of words they have in common, twice the common ones over all of both (Dice). A room's filters replace a word
 * here and there or wrap it in tags; another service's line shares a word or two at most.
 */
export const likeness = (sent: string, came: string): number => {
  if (bare(sent) === bare(came)) return 1
  const [one, other] = [wordsOf(sent), wordsOf(came)]
  const all = one.length + other.length
  // Equal words in other order or with other signs between them are not the same line.
  return all === 0 ? 0 : Math.min(0.99, 2 * commonCount(one, other) / all)
}

/** From here on a line counts as what was sent, changed by the room: of five words at least three are left. */
export const alike = 0.6
