/** How many characters must be inserted, removed or replaced to make one word of another (Levenshtein). */
const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [above, character] of [...from].entries()) {
    row = row.reduce<Array<number>>((next, up, index) => {
      const left = next[index - 1]
      if (left === undefined) return [above + 1]
      const diagonal = (row[index - 1] ?? 0) + (to[index - 1] === character ? 0 : 1)
      next.push(Math.min(left + 1, up + 1, diagonal))
      return next
    }, [])
  }
  return row.at(-1) ?? 0
}

/** The known word closest to a mistyped one: at most two edits or a third of its length away. */
export const suggest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  // Fewer edits than letters: with more, any other word would do.
  const allowed = Math.min(Math.max(2, Math.floor(word.length / 3)), word.length - 1)
  const [best] = known
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= allowed)
    .toSorted((a, b) => a.edits - b.edits)
  return best?.candidate
}
