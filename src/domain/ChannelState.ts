import type { Media, Member, Presence } from "./ChatEvent.ts"
import { type ContextWindow, emptyWindow } from "./ContextWindow.ts"
import { type KeptDecisions, noDecisions } from "./decision/KeptDecisions.ts"
import { type BridgeSighting, unseenBridge } from "./bridge/BridgeSighting.ts"
import { type ChannelKey, type UserKey, userKey } from "./Ids.ts"
import { type ChannelLimits, noChannelLimits } from "./limits/LimitState.ts"
import { freshPace, type Pace } from "./limits/FloodControl.ts"
import type { Members } from "./Presence.ts"
import type { ExpectedEchoes } from "./reply/ExpectedEchoes.ts"
import { noStaleRow, type StaleRow } from "./triggers/ClockSkew.ts"
import { noSeenEvents, type SeenEvents } from "./triggers/Deduplication.ts"
import type { UnluckyDraws } from "./triggers/UnluckyDraws.ts"

/** Private conversations kept per channel; the least recently used is evicted (F2). */
const mostPrivateWindows = 200

/** A private conversation. */
export interface PrivateWindow extends ContextWindow {
  /** Whether the name is an account's, as the room said last: nobody else can take it. */
  registered: boolean
}

/**
 * Everything the bot keeps of one channel. The deciding step reads and changes it in place, synchronously, so nothing
 * interleaves; to forget a channel is to drop this value, to move it is to take a snapshot. Every part is
 * bounded. Times are monotonic ms.
 */
export interface ChannelState {
  readonly key: ChannelKey
  /** The room's lines. */
  readonly window: ContextWindow
  readonly privateWindows: Map<UserKey, PrivateWindow>
  readonly members: Members
  /** A moderator muted the bot: the room shows none of its lines. */
  muted: boolean
  /** What its events revealed about its bridge. */
  bridge: BridgeSighting
  media: Media | undefined
  /** When the media last changed. */
  mediaChangedAt: number | undefined
  readonly seen: SeenEvents
  readonly unlucky: UnluckyDraws
  staleRow: StaleRow
  limits: ChannelLimits
  pace: Pace
  readonly expected: ExpectedEchoes
  readonly decisions: KeptDecisions
  /** Whether anything changed since it was last saved. */
  changed: boolean
}

/** A fresh channel. */
export const emptyChannel = (key: ChannelKey): ChannelState => ({
  key,
  window: emptyWindow(),
  privateWindows: new Map(),
  members: new Map<UserKey, Member>(),
  muted: false,
  bridge: unseenBridge,
  media: undefined,
  mediaChangedAt: undefined,
  seen: noSeenEvents(),
  unlucky: new Map(),
  staleRow: noStaleRow,
  limits: noChannelLimits,
  pace: freshPace,
  expected: [],
  decisions: noDecisions(),
  changed: false
})

const isRegistered = ({ rank }: Member): boolean => rank >= 1

/** Ends the private conversations of those who may be gone: anybody may take a guest's name next (F2). */
export const endGuestWindows = ({ privateWindows }: ChannelState, stay: (user: UserKey) => boolean): void => {
  for (const [user, { registered }] of privateWindows) if (!registered && !stay(user)) privateWindows.delete(user)
}

/** Notes whose private conversations are those of accounts, and ends a guest's when he left or another came (F2). */
export const followPrivateWindows = (state: ChannelState, presence: Presence): void => {
  const note = (member: Member): void => {
    const window = state.privateWindows.get(userKey(member.username))
    if (window !== undefined) window.registered ||= isRegistered(member)
  }
  switch (presence._tag) {
    case "UserList": {
      presence.members.forEach(note)
      const there = new Set(presence.members.map(({ username }) => userKey(username)))
      return endGuestWindows(state, (user) => there.has(user))
    }
    case "AddUser":
      note(presence.member)
      return endGuestWindows(state, (user) => user !== userKey(presence.member.username))
    case "SetUserRank":
      return note(presence.member)
    case "UserLeave":
      return endGuestWindows(state, (user) => user !== userKey(presence.username))
  }
}

/** The window of a conversation: the room's, or the private one with a person, which is the most recently used then. */
export const windowOf = (state: ChannelState, user: UserKey | undefined): ContextWindow => {
  if (user === undefined) return state.window
  const { members, privateWindows } = state
  const window = privateWindows.get(user) ?? { ...emptyWindow(), registered: false }
  const member = members.get(user)
  if (member !== undefined) window.registered = isRegistered(member)
  // Written again, the entry is the newest of the map: the first one is the least recently used.
  privateWindows.delete(user)
  privateWindows.set(user, window)
  const [oldest] = privateWindows.keys()
  if (privateWindows.size > mostPrivateWindows && oldest !== undefined) privateWindows.delete(oldest)
  return window
}
