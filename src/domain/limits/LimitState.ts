import { HashMap, Option } from "effect"
import type { ChannelKey, EntryKey, UserKey } from "../Ids.ts"
import type { ChannelRateLimits, RateLimits } from "../settings/LimitSettings.ts"
import type { TriggerEntry } from "../triggers/TriggerEntry.ts"
import type { Pace } from "./FloodControl.ts"
import type { Windows } from "./SlidingWindow.ts"

// All times are monotonic ms: a corrected wall clock cannot reopen a window.

/** What counts against one channel: its lines, its triggers and their cooldowns. */
export interface ChannelLimits {
  readonly windows: Windows
  /** When the bot last spoke there. */
  readonly lastSentAt: number | undefined
  readonly sweptAt: number
}

/** What counts against people, over all channels. */
export interface UserLimits {
  readonly windows: Windows
  readonly nextId: number
  readonly sweptAt: number
}

/** The state of one admission. */
export interface LimitState {
  readonly channel: ChannelLimits
  readonly users: UserLimits
}

/** A channel without replies. */
export const noChannelLimits: ChannelLimits = { windows: HashMap.empty(), lastSentAt: undefined, sweptAt: 0 }

/** No replies to anyone. */
export const noUserLimits: UserLimits = { windows: HashMap.empty(), nextId: 1, sweptAt: 0 }

/** The key of a cooldown: the entry, for pm the entry and the person (F3). */
export interface CooldownKey {
  readonly entryKey: EntryKey
  readonly entry: TriggerEntry
  /** Absent for a contextual reply: nobody asked, so no user is charged (F3). */
  readonly user: Option.Option<UserKey>
}

/** Who wants to reply where, and the limits that hold there. */
export interface AdmissionRequest extends CooldownKey {
  readonly channel: ChannelKey
  readonly channelLimits: ChannelRateLimits
  readonly userLimits: Pick<RateLimits, "max_per_user_per_minute" | "max_per_user_per_hour">
  readonly maxConcurrent: number
  /** The channel's pace. */
  readonly pace: Pace
  /** ms from now until the reply is too late; infinite without a deadline. */
  readonly deadlineMs: number
}

// No name holds a control character, so no two keys can run into each other.
const windowName = (...parts: ReadonlyArray<string>): string => parts.join("\u001f")

/** The window of every line of a channel. */
export const channelWindow = "channel"

/** The window of an entry's replies in its channel. */
export const entryWindow = ({ entryKey }: CooldownKey): string => windowName("entry", entryKey)

/** The window of a channel's private replies. */
export const privateWindow = "private"

/** The window of a person's replies in a channel; none where nobody asked. */
export const personWindow = ({ user }: CooldownKey): string | undefined =>
  Option.getOrUndefined(Option.map(user, (name) => windowName("person", name)))

/** The windows of a person's replies, all and of the trigger's type; none where nobody asked. */
export const userWindows = ({ entry, user }: CooldownKey): readonly [all: string, ofType: string] | undefined =>
  Option.getOrUndefined(
    Option.map(user, (name) => [windowName("user", name), windowName("type", entry.type, name)] as const)
  )

/** A window under another name of the person it is about. */
export const renameWindow = (name: string, rename: (user: string) => string): string => {
  const parts = name.split("\u001f")
  const [kind = "", last = ""] = [parts[0], parts.at(-1)]
  return kind === "entry" || last === "" || parts.length === 1 ? name : windowName(...parts.slice(0, -1), rename(last))
}

/** Whether a window is a cooldown. */
export const isCooldown = (name: string): boolean => name.startsWith(windowName("cooldown", ""))

/** The window of an entry's cooldown. */
export const cooldownWindow = ({ entry, entryKey, user }: CooldownKey): string =>
  windowName("cooldown", entryKey, entry.type === "pm" ? Option.getOrElse(user, () => "") : "")
