import { Option } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { EventIdentity, EventKey, Username } from "../../domain/Ids.ts"
import type { Reservation } from "../../domain/limits/RateLimit.ts"
import type { Conversation } from "../../domain/Conversation.ts"
import type { DecisionRecorder } from "../decision/DecisionRecorder.ts"

/** An admitted trigger to answer. */
export interface ReplyJob {
  readonly channel: ChannelSettings
  readonly conversation: Conversation
  /** The line that is answered. */
  readonly line: { readonly username: Username; readonly text: string; readonly key: EventKey | undefined }
  /** What the reply answers: the line itself, for a contextual reply the evaluation. The same gives the same id (F8). */
  readonly cause: EventIdentity
  /** The recipient of a private reply; absent for a line in the room. */
  readonly to: Username | undefined
  readonly reservation: Reservation
  readonly decision: DecisionRecorder
  /** Called when the decision is closed for good. */
  readonly ack: () => void
  /** Called instead when the reply was broken off: whoever gets the event again answers it. */
  readonly nak: () => void
  /** Whether no person prompted the bot: a keyword or a contextual reply (F7, `drop_after_media_change: unprompted`). */
  readonly unprompted: boolean
}

/** ms until the reply is too late; none when there is no deadline (F7). `now` is monotonic ms. */
export const timeLeft = ({ channel, decision }: ReplyJob, now: number): Option.Option<number> => {
  const seconds = channel.response.reply_deadline_seconds
  return seconds === 0 ? Option.none() : Option.some(decision.arrivedAt.monotonic + seconds * 1000 - now)
}
