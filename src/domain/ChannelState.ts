import type { Media, Member } from "./ChatEvent.ts"
import { type ContextWindow, emptyWindow } from "./ContextWindow.ts"
import { type KeptDecisions, noDecisions } from "./decision/KeptDecisions.ts"
import { type BridgeSighting, unseenBridge } from "./bridge/BridgeSighting.ts"
import type { ChannelKey, UserKey } from "./Ids.ts"
import { type ChannelLimits, noChannelLimits } from "./limits/LimitState.ts"
import { freshPace, type Pace } from "./limits/FloodControl.ts"
import type { Members } from "./Presence.ts"
import type { ExpectedEchoes } from "./reply/ExpectedEchoes.ts"
import { noStaleRow, type StaleRow } from "./triggers/ClockSkew.ts"
import { noSeenEvents, type SeenEvents } from "./triggers/Deduplication.ts"
import type { UnluckyDraws } from "./triggers/UnluckyDraws.ts"

/** Private conversations kept per channel; the least recently used is evicted (F2). */
const mostPrivateWindows = 200

/**
 * Everything the bot keeps of one channel. The deciding step reads and changes it in place, synchronously, so nothing
 * interleaves; to forget a channel is to drop this value, to move it is to take a snapshot. Every part is
 * bounded. Times are monotonic ms.
 */
export interface ChannelState {
  readonly key: ChannelKey
  /** The room's lines. */
  readonly window: ContextWindow
  readonly privateWindows: Map<UserKey, ContextWindow>
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
  decisions: noDecisions()
})

/** The window of a conversation: the room's, or the private one with a person, which is the most recently used then. */
export const windowOf = (state: ChannelState, user: UserKey | undefined): ContextWindow => {
  if (user === undefined) return state.window
  const { privateWindows } = state
  const window = privateWindows.get(user) ?? emptyWindow()
  // Written again, the entry is the newest of the map: the first one is the least recently used.
  privateWindows.delete(user)
  privateWindows.set(user, window)
  const [oldest] = privateWindows.keys()
  if (privateWindows.size > mostPrivateWindows && oldest !== undefined) privateWindows.delete(oldest)
  return window
}
