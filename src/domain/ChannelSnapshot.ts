import { HashMap, Schema } from "effect"
import { type ChannelState, emptyChannel } from "./ChannelState.ts"
import type { ClockReading } from "./ClockReading.ts"
import type { ContextWindow } from "./ContextWindow.ts"
import { DecisionRecord } from "./decision/Decision.ts"
import { keepRecord } from "./decision/DecisionRing.ts"
import { lastDecisions } from "./decision/KeptDecisions.ts"
import { ChannelKey, EventKey, UserKey, userKey, Username } from "./Ids.ts"
import type { ChannelLimits } from "./limits/LimitState.ts"
import type { SlidingWindow } from "./limits/SlidingWindow.ts"
import { seenAgain, seenEvents } from "./triggers/Deduplication.ts"

const Line = Schema.Struct({
  username: Username,
  text: Schema.String,
  time: Schema.Finite,
  bot: Schema.Boolean,
  key: Schema.optionalKey(EventKey)
})
const Window = Schema.Struct({ lines: Schema.Array(Line), replies: Schema.Array(Schema.String) })
const Limit = Schema.Struct({
  name: Schema.String,
  keepMs: Schema.Finite,
  entries: Schema.Array(Schema.Struct({ admittedAt: Schema.Finite, sentAt: Schema.Finite }))
})

/**
 * A channel as a whole, to be stored or moved. Every time is epoch ms: the monotonic clock of another process
 * differs. What belongs to a running reply is left out: its held places, and the echoes it waits for.
 */
export const ChannelSnapshot = Schema.Struct({
  channel: ChannelKey,
  window: Window,
  privateWindows: Schema.Array(Schema.Struct({ user: UserKey, window: Window })),
  members: Schema.Array(
    Schema.Struct({ username: Username, rank: Schema.Finite, muted: Schema.optionalKey(Schema.Boolean) })
  ),
  muted: Schema.Boolean,
  media: Schema.optionalKey(Schema.Struct({
    type: Schema.String,
    id: Schema.String,
    title: Schema.String,
    seconds: Schema.Finite
  })),
  mediaChangedAt: Schema.optionalKey(Schema.Finite),
  seen: Schema.Array(Schema.Struct({ key: EventKey, at: Schema.Finite })),
  unlucky: Schema.Array(Schema.Struct({ key: Schema.String, draws: Schema.Finite })),
  limits: Schema.Array(Limit),
  lastSentAt: Schema.optionalKey(Schema.Finite),
  pace: Schema.Struct({
    burst: Schema.Finite,
    intervalMs: Schema.Finite,
    resetMs: Schema.Finite,
    told: Schema.Boolean,
    count: Schema.Finite,
    lastAt: Schema.optionalKey(Schema.Finite)
  }),
  decisions: Schema.Array(DecisionRecord)
})
export type ChannelSnapshot = typeof ChannelSnapshot.Type

const snapshotWindow = ({ lines, replies }: ContextWindow): typeof Window.Type => ({
  lines: lines.map(({ key, ...line }) => key === undefined ? line : { ...line, key }),
  replies
})

const restoreWindow = ({ lines, replies }: typeof Window.Type): ContextWindow => ({
  lines: lines.map(({ key, ...line }) => ({ ...line, key })),
  replies: [...replies]
})

const snapshotLimits = ({ windows }: ChannelLimits, wallOf: (at: number) => number): ReadonlyArray<typeof Limit.Type> =>
  HashMap.toEntries(windows).map(([name, { entries, keepMs }]) => ({
    name,
    keepMs,
    entries: entries.flatMap(({ admittedAt, sentAt }) =>
      sentAt === undefined ? [] : [{ admittedAt: wallOf(admittedAt), sentAt: wallOf(sentAt) }]
    )
  })).filter(({ entries }) => entries.length > 0)

/** No reply holds a place any more, so no entry needs its own id. */
const sentId = 0

const restoreLimits = (
  limits: ReadonlyArray<typeof Limit.Type>,
  monotonicOf: (at: number) => number
): HashMap.HashMap<string, SlidingWindow> =>
  HashMap.fromIterable(limits.map(({ entries, keepMs, name }) => [name, {
    keepMs,
    entries: entries.map(({ admittedAt, sentAt }) => ({
      id: sentId,
      admittedAt: monotonicOf(admittedAt),
      sentAt: monotonicOf(sentAt)
    }))
  }]))

/** Takes a snapshot of a channel. */
export const snapshotChannel = (state: ChannelState, now: ClockReading): ChannelSnapshot => {
  const wallOf = (at: number): number => now.wall + at - now.monotonic
  const { lastSentAt } = state.limits
  const { media, mediaChangedAt, pace: { lastAt, ...figures } } = state
  return {
    channel: state.key,
    window: snapshotWindow(state.window),
    privateWindows: [...state.privateWindows].map(([user, window]) => ({ user, window: snapshotWindow(window) })),
    members: [...state.members.values()],
    muted: state.muted,
    ...(media === undefined ? {} : { media }),
    ...(mediaChangedAt === undefined ? {} : { mediaChangedAt: wallOf(mediaChangedAt) }),
    seen: seenEvents(state.seen).map(({ at, key }) => ({ key, at: wallOf(at) })),
    unlucky: [...state.unlucky].map(([key, draws]) => ({ key, draws })),
    limits: snapshotLimits(state.limits, wallOf),
    ...(lastSentAt === undefined ? {} : { lastSentAt: wallOf(lastSentAt) }),
    pace: { ...figures, ...(Number.isFinite(lastAt) ? { lastAt: wallOf(lastAt) } : {}) },
    decisions: lastDecisions(state.decisions).filter(({ outcome }) => outcome !== undefined)
  }
}

/** Restores a channel on this process's clock. */
export const restoreChannel = (snapshot: ChannelSnapshot, now: ClockReading): ChannelState => {
  const monotonicOf = (at: number): number => now.monotonic + at - now.wall
  const moment = (at: number | undefined): number | undefined => at === undefined ? undefined : monotonicOf(at)
  const empty = emptyChannel(snapshot.channel)
  for (const record of snapshot.decisions) keepRecord(empty.decisions.closed, record)
  return {
    ...empty,
    window: restoreWindow(snapshot.window),
    privateWindows: new Map(snapshot.privateWindows.map(({ user, window }) => [user, restoreWindow(window)])),
    members: new Map(snapshot.members.map((member) => [userKey(member.username), member])),
    muted: snapshot.muted,
    media: snapshot.media,
    mediaChangedAt: moment(snapshot.mediaChangedAt),
    seen: seenAgain(snapshot.seen.map(({ at, key }) => ({ key, at: monotonicOf(at) }))),
    unlucky: new Map(snapshot.unlucky.map(({ draws, key }) => [key, draws])),
    limits: {
      windows: restoreLimits(snapshot.limits, monotonicOf),
      lastSentAt: moment(snapshot.lastSentAt),
      sweptAt: now.monotonic
    },
    pace: { ...snapshot.pace, lastAt: moment(snapshot.pace.lastAt) ?? Number.NEGATIVE_INFINITY }
  }
}
