import { literally } from "../PhraseMatch.ts"

/** Lines of a transcript. */
interface SpeakerLines {
  /** The answer's own beginning, in the forms of our prompt's lines: `[just now] Bot:`, `Bot:`. */
  readonly own: RegExp
  /** The same at the beginning of a later line. */
  readonly ownLater: RegExp
  /** A line of another speaker. */
  readonly others: RegExp
}

/** The speakers in the prompt: a model that continues the transcript writes lines for them. */
export interface Speakers {
  /** Whether a text may hold one of their lines; most answers hold none. */
  readonly mayStandIn: (text: string) => boolean
  readonly lines: () => SpeakerLines
}

const age = "\\[(?:just now|\\d{1,4} (?:min|h) ago)\\]"
const fences = /<\/?(?:chat|line)>/giu
/** Longer first, so that no name is matched by its own prefix. */
const anyOf = (names: ReadonlyArray<string>): string =>
  [...new Set(names)].toSorted((one, other) => other.length - one.length).map(literally).join("|")

const roles = ["user", "human", "system"]

const linesOf = (own: ReadonlyArray<string>, others: ReadonlyArray<string>): SpeakerLines => {
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

// What the expressions take for the same letter is the same here too.
const folded = (text: string): string => text.toLowerCase().toUpperCase()

// Each form of a speaker's line holds one; an age may stand without a name.
const speakerSign = /[:：<[]/u
const ageSign = "["

/** The bot's names and those of the prompt's people, as written and as the prompt shows them. */
export const speakersOf = (botNames: ReadonlyArray<string>, people: ReadonlyArray<string>): Speakers => {
  const own = [...botNames, "assistant"]
  const isOwn = new Set(own.map((name) => name.toLowerCase()))
  const others = [...people.filter((name) => name !== "" && !isOwn.has(name.toLowerCase())), ...roles]
  const names = [...new Set([...own, ...others].map(folded))]
  let lines: SpeakerLines | undefined
  return {
    mayStandIn: (text) => {
      if (!speakerSign.test(text)) return false
      const searched = folded(text)
      return text.includes(ageSign) || names.some((name) => searched.includes(name))
    },
    lines: () => lines ??= linesOf(own, others)
  }
}

/** For texts without speakers. */
export const anybody: Speakers = speakersOf([], [])

/** The answer without the prompt's line forms, up to where it begins to speak for another (F7). */
export const ownWords = (text: string, speakers: Speakers): string => {
  const unfenced = text.replace(fences, "").trimStart()
  if (!speakers.mayStandIn(unfenced)) return unfenced
  const { others, own, ownLater } = speakers.lines()
  const end = others.exec(unfenced)?.index ?? unfenced.length
  return unfenced.slice(0, end).replace(own, "").replace(ownLater, "")
}
