const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })
const words = new Intl.Segmenter(undefined, { granularity: "word" })
const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" })

// "Dr. Smith", "J. Smith", "No. 5": the point ends no sentence. A text's end tells, and what comes after it.
const abbreviation = /(?:^|[\s(])(?:[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|[Vv]s|[Jj]r|[Ss]r|e\.g|i\.e|z\.B|\p{Lu})\.\s?$/u
const numbered = /(?:^|[\s(])[Nn][or]\.\s?$/u
const goesOn = (before: string, after: string): boolean => {
  // Longer than any abbreviation, so that a text made of them costs no more than another.
  const end = before.slice(-16)
  return abbreviation.test(end) || (numbered.test(end) && /^\p{N}/u.test(after))
}

// No segment that matters begins past the limit, and segmenting costs: look a little further than that.
const upTo = (text: string, limit: number): string => text.slice(0, Math.max(0, limit) + 64)

/** The sentences at the start of a text, blanks included. */
const sentencesOf = (text: string, limit: number): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const { segment } of sentences.segment(upTo(text, limit))) {
    const last = found.at(-1)
    if (last !== undefined && goesOn(last, segment)) found[found.length - 1] = last + segment
    else found.push(segment)
  }
  return found
}

/** The longest run of whole segments from the start that fits `limit` UTF-16 units. */
const fitting = (text: string, limit: number, segmenter: Intl.Segmenter): string => {
  let end = 0
  for (const { index, segment } of segmenter.segment(upTo(text, limit))) {
    if (index + segment.length > limit) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

const cutAtWord = (text: string, limit: number): string => {
  const mark = " ..."
  const room = limit - mark.length
  const cut = fitting(text, room, words).trimEnd()
  // A single word longer than the line is cut between two characters.
  const kept = cut === "" ? fitting(text, room, graphemes).trimEnd() : cut
  return kept === "" ? fitting(text, limit, graphemes).trimEnd() : `${kept}${mark}`
}

const cutHard = (text: string, limit: number): string => {
  const kept = fitting(text, limit - 3, graphemes).trimEnd()
  return kept === "" ? fitting(text, limit, graphemes).trimEnd() : `${kept}...`
}

const cutAtSentence = (text: string, limit: number): string => {
  let kept = ""
  for (const sentence of sentencesOf(text, limit)) {
    if ((kept + sentence).trimEnd().length > limit) break
    kept += sentence
  }
  return kept.trimEnd() === "" ? cutAtWord(text, limit) : kept.trimEnd()
}

/** Step 4: at most `limit` UTF-16 units, dots included, never inside a character as a reader sees it (F7). */
export const withinLength = (text: string, limit: number, strategy: "sentence" | "hard"): string =>
  text.length <= limit ? text : strategy === "sentence" ? cutAtSentence(text, limit) : cutHard(text, limit)
