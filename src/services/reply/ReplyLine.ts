import { type Delivery, type Outcome, skipped } from "../../domain/decision/Decision.ts"
import type { AwaitedEcho } from "./DeliveryTracker.ts"

/** Of two lines of a reply: one that was not seen tells of the whole, else the one that took longer. */
const worse = (one: Delivery, other: Delivery): Delivery => {
  if (one._tag === "Unconfirmed") return one
  return other._tag === "Unconfirmed" || other.afterMs > one.afterMs ? other : one
}

/** Merges the deliveries of a reply's lines: it is delivered when every sent line was seen (F8). */
export interface ReplyDelivery {
  /** One more line leaves; what is returned hears of its echo, again when the line was sent again. */
  readonly line: () => (delivery: Delivery) => void
  /** No more lines follow. */
  readonly end: () => void
}

/** Tells `deliver` when every line's fate is known, and again when one of them changes. */
export const replyDelivery = (deliver: (delivery: Delivery) => void): ReplyDelivery => {
  // One a line of the reply, in their order.
  const results: Array<Delivery | undefined> = []
  let ended = false
  const tell = (): void => {
    const known = results.filter((result) => result !== undefined)
    const [first, ...others] = known
    if (ended && first !== undefined && known.length === results.length) deliver(others.reduce(worse, first))
  }
  return {
    line: () => {
      const index = results.push(undefined) - 1
      return (delivery) => {
        results[index] = delivery
        tell()
      }
    },
    end: () => {
      ended = true
      tell()
    }
  }
}

/** One line of a reply on its way out. */
export interface ReplyLine {
  readonly text: string
  /** 0 for the first. */
  readonly index: number
  /** The lines before it. */
  readonly said: ReadonlyArray<string>
  /** Why it is sent again, where it is: the room did not show it. */
  readonly again?: ResendCause
  /** Why it must not leave any more, besides the deadline and other media. */
  readonly obsolete?: () => "newer_reply" | "seen" | undefined
}

/** Why it is known that the room did not show a line. */
export type ResendCause = "cooldown" | "kick" | "rejoin"

/**
 * Why a line did not leave: too late, other media, the bot was muted, a newer reply; nobody was there to hear it until it was too late; the
 * room showed it after all.
 */
export type Unsent = "deadline" | "media_changed" | "muted" | "newer_reply" | "no_bridge" | "seen"

/** A line that left: what the room makes of it is to be seen. */
export interface SentLine {
  readonly _tag: "SentLine"
  /** Monotonic ms. */
  readonly at: number
  readonly echo: AwaitedEcho
}

/** How a reply whose first line did not leave ended. Only lines behind the first give way to a newer reply. */
export const unsentOutcome = (reason: Unsent): Outcome => {
  switch (reason) {
    case "deadline":
    case "media_changed":
    case "muted":
      return skipped(reason)
    case "no_bridge":
      return skipped("deadline", { waitedFor: "bridge" })
    case "newer_reply":
    case "seen":
      return skipped("stopped")
  }
}
