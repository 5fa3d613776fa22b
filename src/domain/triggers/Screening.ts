import type { ChatMsg, Pm } from "../ChatEvent.ts"
import type { SkipReason } from "../decision/Decision.ts"
import type { SkipFacts } from "../decision/SkipFacts.ts"
import { type UserKey, userKey } from "../Ids.ts"

/** Whether a name is the server's, such as `[server]` or `[voteskip]`: no account can have a name in brackets (WIRE, text). */
const isServerName = (user: UserKey): boolean =>
  // Nearly every name begins with a letter.
  !/^[a-z0-9_-]/.test(user) && /^\[.*\]$/u.test(user.normalize("NFKC").trim())

/** Why a line cannot trigger, and whether it still is context. */
export interface Screened {
  readonly reason: SkipReason
  readonly facts: SkipFacts
  /** Whether the line enters the conversation's context all the same (F1). */
  readonly context: boolean
}

/** What screening depends on besides the line itself. */
export interface ScreeningFacts {
  readonly bot: {
    readonly key: UserKey
    readonly ignored: ReadonlySet<UserKey>
    readonly isForAnotherBot: (text: string) => boolean
  }
  readonly duplicate: boolean
  /** Arrival, epoch ms. */
  readonly arrivedAt: number
  /** How long the bot has listened to the channel, monotonic ms. */
  readonly listeningMs: number
  readonly maxEventAgeSeconds: number
}

/**
 * The checks a chat line or private message passes before any trigger is tested (F1), in this order. Nothing found
 * means it may trigger.
 */
export const screen = (line: ChatMsg | Pm, facts: ScreeningFacts): Screened | undefined => {
  const user = userKey(line.username)
  const skip = (reason: SkipReason, context: boolean, known: SkipFacts = {}): Screened => ({
    reason,
    context,
    facts: known
  })
  if (facts.duplicate) return skip("duplicate", false)
  if (user === facts.bot.key) return skip("own_line", true)
  if (line._tag === "Pm" && userKey(line.to) !== facts.bot.key) return skip("not_for_us", false)
  if (isServerName(user)) return skip("server_line", false)
  if (line.shadow) return skip("shadow_muted", false)
  if (line.text === "") return skip("empty", false)
  const ageMs = facts.arrivedAt - line.time
  const maximumAgeMs = facts.maxEventAgeSeconds * 1000
  if (ageMs > facts.listeningMs) return skip("before_start", true, { ageMs })
  if (maximumAgeMs > 0 && ageMs > maximumAgeMs) return skip("stale", true, { ageMs, maximumAgeMs })
  if (facts.bot.ignored.has(user)) return skip("ignored_user", true)
  if (line._tag === "ChatMsg" && facts.bot.isForAnotherBot(line.text)) return skip("other_bot", true)
  return undefined
}
