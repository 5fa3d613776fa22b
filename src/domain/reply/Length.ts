const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })
const words = new Intl.Segmenter(undefined, { granularity: "word" })
const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" })

// "Dr. Smith": a point after one of these, or after a single capital, ends no sentence.
const abbreviation = /(?:^|[\s(])(?:dr|mr|mrs|ms|prof|st|vs|no|nr|jr|sr|e\.g|i\.e|z\.b|\p{Lu})\.\s*$/iu

/** The sentences of a text, blanks included, so that joined they are the text again. */
const sentencesOf = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const { segment } of sentences.segment(text)) {
    const last = found.at(-1)
    if (last !== undefined && abbreviation.test(last)) found[found.length - 1] = last + segment
    else found.push(segment)
  }
  return found
}

/** The longest run of whole segments from the start that fits `limit` UTF-16 units. */
const fitting = (text: string, limit: number, segmenter: Intl.Segmenter): string => {
  let end = 0
  // No segment that matters begins past the limit, and segmenting costs: look a little further than that.
  for (const { index, segment } of segmenter.segment(text.slice(0, limit + 64))) {
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
  for (const sentence of sentencesOf(text)) {
    if ((kept + sentence).trimEnd().length > limit) break
    kept += sentence
  }
  return kept.trimEnd() === "" ? cutAtWord(text, limit) : kept.trimEnd()
}

/** Step 4: at most `limit` UTF-16 units, dots included, never inside a character as a reader sees it (F7). */
export const withinLength = (text: string, limit: number, strategy: "sentence" | "hard"): string =>
  text.length <= limit ? text : strategy === "sentence" ? cutAtSentence(text, limit) : cutHard(text, limit)
