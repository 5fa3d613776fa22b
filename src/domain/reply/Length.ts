import { sentencesOf } from "./Sentence.ts"

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })
const words = new Intl.Segmenter(undefined, { granularity: "word" })

// Segmenting costs, and no relevant segment begins past the limit: look only a little further.
const upTo = (text: string, limit: number): string => text.slice(0, Math.max(0, limit) + 64)

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
  const head = cut === "" ? fitting(text, room, graphemes).trimEnd() : cut
  return head === "" ? fitting(text, limit, graphemes).trimEnd() : `${head}${mark}`
}

const cutHard = (text: string, limit: number): string => {
  const head = fitting(text, limit - 3, graphemes).trimEnd()
  return head === "" ? fitting(text, limit, graphemes).trimEnd() : `${head}...`
}

/** The whole sentences at the start that fit, none when the first is too long. */
const wholeSentences = (text: string, limit: number): string => {
  let head = ""
  for (const sentence of sentencesOf(upTo(text, limit))) {
    if ((head + sentence).trimEnd().length > limit) break
    head += sentence
  }
  return head.trimEnd()
}

const cutAtSentence = (text: string, limit: number): string => wholeSentences(text, limit) || cutAtWord(text, limit)

/** How long a reply may be. */
export interface LengthLimits {
  /** Longest line, UTF-16 units. */
  readonly limit: number
  readonly maxLines: number
  readonly strategy: "sentence" | "hard"
}

/** A line that others follow: as many of its sentences, else of its words, as fit. */
const lineOf = (text: string, { limit, strategy }: LengthLimits): string => {
  const whole = strategy === "sentence"
    ? wholeSentences(text, limit) || fitting(text, limit, words).trimEnd()
    : fitting(text, limit, graphemes).trimEnd()
  return whole || fitting(text, limit, graphemes).trimEnd()
}

/**
 * Step 4: at most `maxLines` lines of at most `limit` UTF-16 units each, dots included, never cut inside a character as
 * a reader sees it. What does not fit the last line is cut off (F7).
 */
export const linesWithin = (text: string, limits: LengthLimits): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let rest = text
  while (rest.length > limits.limit && lines.length < limits.maxLines - 1) {
    const line = lineOf(rest, limits)
    if (line === "") break
    lines.push(line)
    rest = rest.slice(line.length).trimStart()
  }
  if (rest.length <= limits.limit) return rest === "" && lines.length > 0 ? lines : [...lines, rest]
  return [...lines, limits.strategy === "sentence" ? cutAtSentence(rest, limits.limit) : cutHard(rest, limits.limit)]
}
