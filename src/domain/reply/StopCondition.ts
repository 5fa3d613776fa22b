import type { ResponseProcessing } from "../settings/ResponseSettings.ts"
import { opensLikeThought } from "./Reasoning.ts"
import { rewritten } from "./Rewriting.ts"
import type { Speakers } from "./Transcript.ts"

/** How much is read between two looks at the answer, UTF-16 units, at first. */
const lookEvery = 16
/**
 * Where the answer is looked at after the place given: later ever more rarely, so that a long one (reasoning, a body of
 * a server that lies) costs as much time as it has length, not its square.
 */
const nextLook = (place: number): number => place + Math.max(lookEvery, Math.floor(place / 16))
/** What is read beyond the limit, so that the sentence that ends there is seen to end there. */
const lookahead = 24

/**
 * Says when an answer is long enough: what of it is kept then, or nothing as long as more of it may still be sent.
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
  const wanted = settings.max_response_length * settings.max_lines + lookahead
  let place = nextLook(wanted)
  return (text) => {
    for (; place <= text.length; place = nextLook(place)) {
      const kept = text.slice(0, place)
      const said = rewritten(kept, settings, speakers)
      // Whoever begins so may only be thinking: what it comes to is worth the wait.
      if (said.length > wanted && !opensLikeThought(said)) return kept
    }
    return undefined
  }
}
