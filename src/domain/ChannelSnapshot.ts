import { HashMap, Schema } from "effect"
import { type ChannelState, emptyChannel, type PrivateWindow } from "./ChannelState.ts"
import type { Media } from "./ChatEvent.ts"
import type { ContextWindow } from "./ContextWindow.ts"
import { type ChannelKey, EventKey, UserKey, Username } from "./Ids.ts"
import { Age, type Restart } from "./state/Restart.ts"
import { restoreWindows, snapshotWindows, StoredWindows } from "./state/WindowsSnapshot.ts"
import { keptMs, seenAgain, seenEvents } from "./triggers/Deduplication.ts"

/** Keys of events that a snapshot holds: a bridge that joins again brings 15 lines. */
const mostSeen = 200
/** Media without a known end are still on for so long after the bot stopped, ms. */
const mediaGraceMs = 60_000

const Line = Schema.Struct({
  username: Username,
  text: Schema.String,
  time: Schema.Finite,
  bot: Schema.Boolean,
  key: Schema.optionalKey(EventKey)
})
const Window = Schema.Struct({ lines: Schema.Array(Line), replies: Schema.Array(Schema.String) })

/**
 * What of a channel outlives the process. Times are ages, ms before the snapshot, so that no clock need agree with
 * another. Left out is what another process cannot know or finds out again: the people present and whether the bot is
 * muted (it missed what changed), what the bridge revealed, replies under way with their held places and expected
 * echoes, guests' private conversations (another may have taken the name), and past decisions (logs and recordings have
 * them).
 */
export const ChannelSnapshot = Schema.Struct({
  window: Window,
  privateWindows: Schema.Array(Schema.Struct({ user: UserKey, window: Window })),
  media: Schema.optionalKey(Schema.Struct({
    type: Schema.String,
    id: Schema.String,
    title: Schema.String,
    seconds: Schema.Finite
  })),
  mediaChanged: Schema.optionalKey(Age),
  seen: Schema.Array(Schema.Tuple([EventKey, Age])),
  unlucky: Schema.Array(Schema.Tuple([Schema.String, Schema.Finite])),
  limits: StoredWindows,
  lastSent: Schema.optionalKey(Age),
  pace: Schema.Struct({
    burst: Schema.Finite,
    intervalMs: Schema.Finite,
    resetMs: Schema.Finite,
    told: Schema.Boolean,
    count: Schema.Finite,
    last: Schema.optionalKey(Age)
  })
})
export type ChannelSnapshot = typeof ChannelSnapshot.Type

const snapshotWindow = ({ lines, replies }: ContextWindow, size: number): typeof Window.Type => ({
  lines: lines.slice(-size).map(({ key, ...line }) => key === undefined ? line : { ...line, key }),
  replies
})

/** Takes a snapshot of a channel; `size` is how many lines of a conversation matter, `now` monotonic ms. */
export const snapshotChannel = (state: ChannelState, size: number, now: number): ChannelSnapshot => {
  const { lastSentAt, windows } = state.limits
  const { media, mediaChangedAt, pace: { fullAt: _former, lastAt, ...figures } } = state
  const age = (at: number): number => Math.max(0, now - at)
  return {
    window: snapshotWindow(state.window, size),
    privateWindows: [...state.privateWindows].flatMap(([user, window]) =>
      window.registered ? [{ user, window: snapshotWindow(window, size) }] : []
    ),
    ...(media === undefined ? {} : { media }),
    ...(mediaChangedAt === undefined ? {} : { mediaChanged: age(mediaChangedAt) }),
    seen: seenEvents(state.seen).slice(-mostSeen).map(({ at, key }) => [key, age(at)] as const),
    unlucky: [...state.unlucky],
    limits: snapshotWindows(windows, now),
    ...(lastSentAt === undefined ? {} : { lastSent: age(lastSentAt) }),
    pace: { ...figures, ...(Number.isFinite(lastAt) ? { last: age(lastAt) } : {}) }
  }
}

/** Whether media may still be on: their length is not over, as far as that is known. */
const isStillOn = ({ seconds }: Media, changed: number, awayMs: number): boolean =>
  awayMs <= Math.max(seconds * 1000 - changed, mediaGraceMs)

const restoreWindow = ({ lines, replies }: typeof Window.Type, oldest: number): ContextWindow => ({
  lines: lines.filter(({ time }) => time >= oldest).map(({ key, ...line }) => ({ ...line, key })),
  replies: [...replies]
})

/** Restores a channel on this process's clock; what has expired meanwhile is left out. */
export const restoreChannel = (
  key: ChannelKey,
  snapshot: ChannelSnapshot,
  { awayMs, now }: Restart,
  maxAgeMs: number
): ChannelState => {
  const momentOf = (age: number): number => now.monotonic - awayMs - age
  const { last, ...figures } = snapshot.pace
  const { lastSent, media, mediaChanged } = snapshot
  const oldest = now.wall - maxAgeMs
  const privateWindows = snapshot.privateWindows.map(({ user, window }): readonly [UserKey, PrivateWindow] => [
    user,
    { ...restoreWindow(window, oldest), registered: true }
  ]).filter(([, { lines }]) => lines.length > 0)
  return {
    ...emptyChannel(key),
    window: restoreWindow(snapshot.window, oldest),
    privateWindows: new Map(privateWindows),
    media: media !== undefined && isStillOn(media, mediaChanged ?? 0, awayMs) ? media : undefined,
    mediaChangedAt: mediaChanged === undefined ? undefined : momentOf(mediaChanged),
    seen: seenAgain(
      snapshot.seen.filter(([, age]) => age + awayMs < keptMs).map(([key, age]) => ({ key, at: momentOf(age) }))
    ),
    unlucky: new Map(snapshot.unlucky),
    limits: {
      windows: HashMap.fromIterable(restoreWindows(snapshot.limits, momentOf, now.monotonic)),
      lastSentAt: lastSent === undefined ? undefined : momentOf(lastSent),
      sweptAt: now.monotonic
    },
    pace: { ...figures, lastAt: last === undefined ? Number.NEGATIVE_INFINITY : momentOf(last) }
  }
}
