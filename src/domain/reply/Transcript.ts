import { literally } from "../PhraseMatch.ts"

/** The speakers in the prompt: a model that continues the transcript writes lines for them. */
export interface Speakers {
  /** The answer's own beginning, in the forms of our prompt's lines: `[just now] Bot:`, `Bot:`. */
  readonly own: RegExp
  /** The same at the beginning of a later line. */
  readonly ownLater: RegExp
  /** A line of another speaker. */
  readonly others: RegExp
}

const age = "\\[(?:just now|\\d{1,4} (?:min|h) ago)\\]"
const fences = /<\/?(?:chat|line)>/giu
const roles = ["user", "human", "system"]

/** Longer first, so that no name is matched by its own prefix. */
const anyOf = (names: ReadonlyArray<string>): string =>
  [...new Set(names)].toSorted((one, other) => other.length - one.length).map(literally).join("|")

/** Compiles the bot's names and those of the prompt's people, as written and as the prompt shows them. */
export const speakersOf = (botNames: ReadonlyArray<string>, people: ReadonlyArray<string>): Speakers => {
  const own = [...botNames, "assistant"]
  const isOwn = new Set(own.map((name) => name.toLowerCase()))
  const others = [...people.filter((name) => name !== "" && !isOwn.has(name.toLowerCase())), ...roles]
  const speaker = `[<\\[(]?@?(?:${anyOf(own)})[>\\])]?`
  const dated = `(?:-\\s+)?${age}\\s*`
  // Emphasis right after the colon ends with the name (`**Bot:**`) only where it began before it.
  const stressed = `[\\s/!.$#~\\\\]*[*_][\\s*_/!.$#~\\\\]*${speaker}[*_\\s]*[:：][*_]*\\s*`
  const plain = `[\\s/!.$#~\\\\]*${speaker}\\s*[:：]\\s*`
  const shown = `[*_]{0,3}(?:[<\\[(]?(?:${anyOf(others)})[>\\])]?)(?:\\s\\(viewer\\))?[*_]{0,3}\\s*[:：]`
  return {
    own: new RegExp(`^(?:${dated}|${stressed}|${plain})+`, "iu"),
    ownLater: new RegExp(
      `(?<=\\n)[^\\S\\n]*(?:${dated})?[*_]{0,3}${speaker}[*_]{0,3}\\s*[:：][*_]{0,3}[^\\S\\n]*`,
      "giu"
    ),
    others: new RegExp(`^[^\\S\\n]*(?:${dated})?(?:${shown}|<(?:${anyOf(others)})>)`, "imu")
  }
}

/** For texts without speakers. */
export const anybody: Speakers = speakersOf([], [])

/** Each of the prompt's line forms holds one of these. */
const inEveryForm = /[:：<[]/u

/** The answer without the prompt's line forms, up to where it begins to speak for another (F7). */
export const ownWords = (text: string, { others, own, ownLater }: Speakers): string => {
  // The speakers' expressions are new in each reply and dear to compile.
  if (!inEveryForm.test(text)) return text.trimStart()
  const unfenced = text.replace(fences, "").trimStart()
  const end = others.exec(unfenced)?.index ?? unfenced.length
  return unfenced.slice(0, end).replace(own, "").replace(ownLater, "")
}
