// Joiners, variation selectors, soft hyphens: a reader does not see them, so they neither hide a word nor end one.
const invisible = /\p{DI}+/gu

/** Only other characters have compatibility forms, or a case of their own kind. */
const beyondAscii = /\P{ASCII}/u

/** Text as a reader tells it apart: compatibility forms do not differ, what cannot be seen does not count. */
const visible = (text: string): string => text.replace(invisible, "").normalize("NFKC")

/** Whether nothing of a text can be seen: no phrase, then. */
export const isBlank = (text: string): boolean => visible(text).trim() === ""

/**
 * Text as it is compared: case does not differ either, nor a final sigma, a sharp s or a Turkish i.
 * (By way of upper case, which spells out what lower case alone would keep apart, but keeps its own sharp s.)
 */
export const foldCase = (text: string): string =>
  beyondAscii.test(text)
    ? visible(text).toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ").replaceAll("i\u0307", "i").normalize(
      "NFKC"
    )
    : text.toLowerCase()

const blanks = /\s+/gu
const unusualBlank = /[^\S ]|\s\s|^\s|\s$/u

/** One space for each run of blanks, none at the ends: a line as it comes nearly always. */
const spaced = (text: string): string => unusualBlank.test(text) ? text.replace(blanks, " ").trim() : text

const wordCharacter = "[\\p{L}\\p{M}\\p{N}_]"
// Written without spaces between words, so nothing there marks a word's end (F3).
const unspacedScripts = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => `\\p{scx=${script}}`).join("")
// Names of a room hold `-` too: beside a joined one another name is meant (`bot-2`), beside a dash none is.
const joinedBefore = `(?<!${wordCharacter}[\\-‐])`
const joinedAfter = `(?![\\-‐]${wordCharacter})`
const boundaryBefore = `(?<![${wordCharacter}--[${unspacedScripts}]])`
const boundaryAfter = `(?![${wordCharacter}--[${unspacedScripts}]])`

const boundedCharacter = new RegExp(`${wordCharacter}`, "v")
const unspacedCharacter = new RegExp(`[${unspacedScripts}]`, "v")
const needsBoundary = (character: string, match: MatchOptions["match"]): boolean =>
  boundedCharacter.test(character) ? !unspacedCharacter.test(character) : match === "name" && /[-‐]/.test(character)

/** A text as a regular expression that matches it. No more is escaped than the strict modes `u` and `v` allow. */
export const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")

const boundaries = {
  word: [boundaryBefore, boundaryAfter],
  name: [`${boundaryBefore}${joinedBefore}`, `${boundaryAfter}${joinedAfter}`],
  substring: ["", ""]
} as const

/** Phrases that need the same boundaries as one alternation of plain texts: engines search those fast. */
const alternation = (phrases: ReadonlyArray<string>, match: MatchOptions["match"]): string => {
  const [start, end] = boundaries[match]
  const before = (phrase: string): string => needsBoundary([...phrase][0] ?? "", match) ? start : ""
  const after = (phrase: string): string => needsBoundary([...phrase].at(-1) ?? "", match) ? end : ""
  return [...new Set([start, ""])].flatMap((left) =>
    [...new Set([end, ""])].flatMap((right) => {
      const members = phrases.filter((phrase) => before(phrase) === left && after(phrase) === right)
      return members.length === 0 ? [] : [`${left}(?:${members.map(literally).join("|")})${right}`]
    })
  ).join("|")
}

/** Which of the phrases stands in a text, if any. */
export type PhraseMatcher = (text: string) => string | undefined

/** How phrases are compared with a text. */
export interface MatchOptions {
  readonly caseSensitive: boolean
  /** Whole words, whole names of the room's people (`-` belongs to them), or anywhere. */
  readonly match: "word" | "name" | "substring"
}

/**
 * Compiles phrases once into one matcher that names the phrase it found first in the text. Whole words by default:
 * word characters are letters, marks, digits and `_`, and scripts that do not space their words need no boundary.
 */
export const compilePhrases = (phrases: ReadonlyArray<string>, options: MatchOptions): PhraseMatcher => {
  const fold = (text: string): string => spaced(options.caseSensitive ? visible(text) : foldCase(text))
  const originals = new Map(phrases.map((phrase) => [fold(phrase), phrase]))
  // Longer first: of two phrases that begin alike the alternation takes the one written earlier.
  const foldedPhrases = [...originals.keys()].filter((phrase) => phrase !== "").toSorted((a, b) => b.length - a.length)
  if (foldedPhrases.length === 0) return () => undefined
  // Made for the first text: thousands of rooms are configured at once, and their lines come one after the other.
  let any: RegExp | undefined
  return (text) => {
    any ??= new RegExp(alternation(foldedPhrases, options.match), "v")
    const match = any.exec(fold(text))?.[0]
    return match === undefined ? undefined : originals.get(match)
  }
}
