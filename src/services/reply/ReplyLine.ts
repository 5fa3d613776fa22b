import { type Delivery, type Outcome, skipped } from "../../domain/decision/Decision.ts"

/** Merges two lines' deliveries: an unconfirmed one wins, else the slower one. */
const worse = (one: Delivery | undefined, other: Delivery): Delivery => {
  if (one === undefined) return other
  if (one._tag === "Unconfirmed") return one
  return other._tag === "Unconfirmed" || other.afterMs > one.afterMs ? other : one
}

/** Merges the deliveries of a reply's lines: it is delivered when every sent line was seen (F8). */
export interface ReplyDelivery {
  /** One more line is sent; the result takes its delivery. */
  readonly line: () => (delivery: Delivery) => void
  /** No more lines follow. */
  readonly end: () => void
}

/** Calls `deliver` once, when the last line's delivery is known. */
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

/** Why a line must not be sent. */
export type Unsent = "deadline" | "media_changed" | "newer_reply"

/** Only lines after the first give way to a newer reply. */
export const outcomeOf = (result: Outcome | Unsent): Outcome =>
  typeof result !== "string" ? result : skipped(result === "newer_reply" ? "stopped" : result)
