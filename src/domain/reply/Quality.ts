import type { DropCause } from "../decision/SkipFacts.ts"
import { foldCase, literally } from "../PhraseMatch.ts"
import { wordsOf } from "../Words.ts"
import { isReaction } from "./Reaction.ts"

const essence = (text: string): string => foldCase(text).replace(/[^\p{L}\p{M}\p{N}\p{S}]+/gu, "")

/** Share of words two texts have in common (Jaccard). */
const overlap = (one: ReadonlySet<string>, other: ReadonlySet<string>): number => {
  const common = [...one].filter((word) => other.has(word)).length
  return common / Math.max(1, one.size + other.size - common)
}

const isRepeat = (text: string, earlier: string): boolean => {
  const same = essence(text)
  if (same === essence(earlier)) return same !== "" || text.trim() === earlier.trim()
  const [one, other] = [text, earlier].map((line) => new Set(wordsOf(foldCase(line))))
  return one !== undefined && other !== undefined && Math.min(one.size, other.size) >= 5 && overlap(one, other) >= 0.9
}

const fillers = new Set(["ok", "okay", "k", "yes", "no", "yeah", "yep", "nope", "sure", "lol", "hmm", "hm", "well"])

/** True of `ok`, and of `yeah sure` too: every word could be left out. */
const saysNothing = (text: string): boolean => {
  const words = wordsOf(foldCase(text))
  return words.length > 0 && words.every((word) => fillers.has(word)) && !/\p{S}/u.test(text)
}

/** A text without names: its addressee is not content. */
const withoutNames = (text: string, names: ReadonlyArray<string>): string => {
  const any = names.toSorted((one, other) => other.length - one.length).map(literally).join("|")
  return any === "" ? text : text.replace(new RegExp(`(?<![\\p{L}\\p{N}_])@?(?:${any})(?![\\p{L}\\p{N}_])`, "giu"), " ")
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
  if (essence(text) === "" && !isReaction(text)) return { _tag: "Empty" }
  if (recentReplies.some((reply) => isRepeat(text, reply))) return { _tag: "RepeatsBot" }
  if (isRepeat(withoutNames(text, botNames), withoutNames(trigger, botNames))) return { _tag: "EchoesTrigger" }
  if (saysNothing(text)) return { _tag: "SaysNothing" }
  return undefined
}
