import { type Delivery, type Outcome, skipped } from "../../domain/decision/Decision.ts"

/** Of two lines of a reply: one that was not seen tells of the whole, else the one that took longer. */
const worse = (one: Delivery | undefined, other: Delivery): Delivery => {
  if (one === undefined) return other
  if (one._tag === "Unconfirmed") return one
  return other._tag === "Unconfirmed" || other.afterMs > one.afterMs ? other : one
}

/** Gathers what became of each line of a reply: it is delivered when all that left were seen (F8). */
export interface ReplyDelivery {
  /** One more line leaves; what is returned hears of its echo. */
  readonly line: () => (delivery: Delivery) => void
  /** No more lines leave. */
  readonly end: () => void
}

/** Tells `deliver` once, when the last line's fate is known. */
export const replyDelivery = (deliver: (delivery: Delivery) => void): ReplyDelivery => {
  let open = 1
  let result: Delivery | undefined
  const closeOne = (): void => {
    open--
    if (open === 0 && result !== undefined) deliver(result)
  }
  return {
    line: () => {
      open++
      return (delivery) => {
        result = worse(result, delivery)
        closeOne()
      }
    },
    end: closeOne
  }
}

/** One line of a reply on its way out. */
export interface ReplyLine {
  readonly text: string
  /** 0 for the first. */
  readonly index: number
  /** The lines before it. */
  readonly said: ReadonlyArray<string>
  readonly delivery: ReplyDelivery
}

/** Why a line must not leave any more. */
export type Unsent = "deadline" | "media_changed" | "newer_reply"

/** Only lines behind the first give way to a newer reply. */
export const outcomeOf = (result: Outcome | Unsent): Outcome =>
  typeof result !== "string" ? result : skipped(result === "newer_reply" ? "stopped" : result)
