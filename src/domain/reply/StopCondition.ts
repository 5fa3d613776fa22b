import type { ResponseProcessing } from "../settings/ResponseSettings.ts"
import { opensLikeThought } from "./Reasoning.ts"
import { rewritten } from "./Rewriting.ts"
import type { Speakers } from "./Transcript.ts"

/** The first interval between two checks of the answer, UTF-16 units. */
const lookEvery = 16
/**
 * The next check after a position: intervals grow, so that a long answer (reasoning, a body of
 * a misbehaving server) costs linear time, not quadratic.
 */
const nextLook = (place: number): number => place + Math.max(lookEvery, Math.floor(place / 16))
/** Text read beyond the limit, to tell whether a sentence ends at the limit. */
const lookahead = 24

/**
 * Decides when an answer is long enough: returns the part to keep, or undefined while more may be needed.
 * Reasoning and markup do not count. It looks at fixed places of the text, so that an answer gives the same line
 * whether it came at once, in pieces of any size, or not as a stream at all (F5).
 */
export type StopCondition = (text: string) => string | undefined

/** Reads an answer to its end. */
export const neverStop: StopCondition = () => undefined

/**
 * StopCondition for at most `max_lines` lines of `max_response_length`. One of these serves one answer: it remembers
 * where it looked.
 */
export const stopConditionFor = (settings: ResponseProcessing, speakers: Speakers): StopCondition => {
  const target = settings.max_response_length * settings.max_lines + lookahead
  let place = nextLook(target)
  return (text) => {
    for (; place <= text.length; place = nextLook(place)) {
      const head = text.slice(0, place)
      const visible = rewritten(head, settings, speakers)
      // Such a beginning may be reasoning: wait for the answer after it.
      if (visible.length > target && !opensLikeThought(visible)) return head
    }
    return undefined
  }
}
