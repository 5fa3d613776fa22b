import type { DropCause } from "../decision/SkipFacts.ts"
import { foldCase, literally } from "../PhraseMatch.ts"
import { wordsOf } from "../Words.ts"
import { isReaction } from "./Reaction.ts"

/** What of a text counts, its case folded. */
const essence = (folded: string): string => folded.replace(/[^\p{L}\p{M}\p{N}\p{S}]+/gu, "")

/** Share of words two texts have in common (Jaccard). */
const overlap = (one: ReadonlySet<string>, other: ReadonlySet<string>): number => {
  const common = [...one].filter((word) => other.has(word)).length
  return common / Math.max(1, one.size + other.size - common)
}

const fewestWords = 5
const repeatedShare = 0.9

/** A text as it is compared; finding its words is slow, so it is done once and only when they are asked for. */
interface ComparedText {
  readonly text: string
  /** Its case folded. */
  readonly folded: string
  readonly words: () => ReadonlyArray<string>
}

const compared = (text: string): ComparedText => {
  const folded = foldCase(text)
  let words: ReadonlyArray<string> | undefined
  return { text, folded, words: () => words ??= wordsOf(folded) }
}

/** Compares a text with others: it repeats one that has the same words, or nearly all of them. */
const repeats = (own: ComparedText): (earlier: string) => boolean => {
  const same = essence(own.folded)
  return (earlier) => {
    const folded = foldCase(earlier)
    if (same === essence(folded)) return same !== "" || own.text.trim() === earlier.trim()
    const words = new Set(own.words())
    if (words.size < fewestWords) return false
    // First whether enough of them stand there at all.
    if ([...words].filter((word) => folded.includes(word)).length < repeatedShare * words.size) return false
    const others = new Set(wordsOf(folded))
    return others.size >= fewestWords && overlap(words, others) >= repeatedShare
  }
}

const fillers = new Set(["ok", "okay", "k", "yes", "no", "yeah", "yep", "nope", "sure", "lol", "hmm", "hm", "well"])

// Latin letters that stand together are in one word: so many are in none of the fillers.
const longWord = /[a-z]{5}/

/** True of `ok`, and of `yeah sure` too: every word could be left out. */
const saysNothing = ({ folded, text, words }: ComparedText): boolean =>
  !longWord.test(folded) && words().length > 0 && words().every((word) => fillers.has(word)) && !/\p{S}/u.test(text)

/** Takes names out of texts: an addressee is not content. */
const withoutNames = (names: ReadonlyArray<string>): (text: string) => string => {
  const any = names.toSorted((one, other) => other.length - one.length).map(literally).join("|")
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])@?(?:${any})(?![\\p{L}\\p{N}_])`, "giu")
  return (text) => any === "" ? text : text.replace(pattern, " ")
}

/** The context that a text is checked against. */
export interface QualityInput {
  readonly botNames: ReadonlyArray<string>
  /** The bot's last lines, the newest last. */
  readonly recentReplies: ReadonlyArray<string>
  readonly trigger: string
}

/** Why a text is not worth sending, if so: empty, a repeat of the bot, an echo of the trigger, no content (F7, step 5). */
export const poorQuality = (
  text: string,
  { botNames, recentReplies, trigger }: QualityInput
): DropCause | undefined => {
  const own = compared(text)
  if (essence(own.folded) === "" && !isReaction(text)) return { _tag: "Empty" }
  if (recentReplies.some(repeats(own))) return { _tag: "RepeatsBot" }
  const unnamed = withoutNames(botNames)
  const said = unnamed(text)
  if (repeats(said === text ? own : compared(said))(unnamed(trigger))) return { _tag: "EchoesTrigger" }
  if (saysNothing(own)) return { _tag: "SaysNothing" }
  return undefined
}
