import { Option } from "effect"
import type { LimitName } from "../decision/Decision.ts"
import type { ChannelKey } from "../Ids.ts"
import type { ChannelRateLimits } from "../settings/LimitSettings.ts"
import { checkLimits, hourMs, type LimitCheck, minuteMs } from "./LimitCheck.ts"
import {
  type AdmissionRequest,
  type ChannelLimits,
  channelWindow,
  type CooldownKey,
  cooldownWindow,
  entryWindow,
  type LimitState,
  personWindow,
  privateWindow,
  type UserLimits,
  userWindows
} from "./LimitState.ts"
import { countInside, entriesOf, erase, hold, stamp, sweep, type Windows } from "./SlidingWindow.ts"

const sweepEveryMs = 60_000

/** A held place in every limit, to be confirmed when sent or released when not. */
export interface Reservation {
  readonly id: number
  readonly channel: ChannelKey
  readonly channelWindows: ReadonlyArray<string>
  readonly userWindows: ReadonlyArray<string>
  /** How long the cooldown among the channel's windows lasts, ms. */
  readonly cooldownMs: number
}

/** Every limit allows: a place is held in each. */
export interface Admitted {
  readonly _tag: "Admitted"
  readonly reservation: Reservation
  readonly checks: ReadonlyArray<LimitCheck>
}

/** The first limit that refuses; nothing is held. */
export interface Denied {
  readonly _tag: "Denied"
  readonly limit: LimitName
  readonly retryAfterMs: number | undefined
  readonly checks: ReadonlyArray<LimitCheck>
}

/** The answer to one request: all limits allow and a place is held in each, or the first that refuses. */
export type AdmissionResult = Admitted | Denied

const swept = <A extends ChannelLimits | UserLimits>(limits: A, now: number): A =>
  now - limits.sweptAt < sweepEveryMs ? limits : { ...limits, windows: sweep(limits.windows, now), sweptAt: now }

const reserve = (state: LimitState, request: AdmissionRequest, now: number): readonly [Reservation, LimitState] => {
  const cooldownMs = request.entry.cooldown_seconds * 1000
  const id = state.users.nextId
  const ofUser = userWindows(request) ?? []
  const ofChannel = [
    entryWindow(request),
    channelWindow,
    ...(request.entry.type === "pm" ? [privateWindow] : []),
    ...Option.toArray(Option.fromUndefinedOr(personWindow(request)))
  ]
  const cooldowns = cooldownMs > 0 ? [cooldownWindow(request)] : []
  const holdAll = (windows: Windows, names: ReadonlyArray<string>, keepMs: number): Windows =>
    names.reduce((all, name) => hold(all, name, keepMs, id, now), windows)
  const reservation: Reservation = {
    id,
    channel: request.channel,
    channelWindows: [...ofChannel, ...cooldowns],
    userWindows: ofUser,
    cooldownMs
  }
  return [reservation, {
    channel: {
      ...state.channel,
      windows: holdAll(holdAll(state.channel.windows, ofChannel, hourMs), cooldowns, cooldownMs)
    },
    users: { ...state.users, windows: holdAll(state.users.windows, ofUser, hourMs), nextId: id + 1 }
  }]
}

/**
 * Asks every limit in order and, when all allow, holds a place in each (F4). Nothing is consumed by a refusal.
 * `now` is monotonic ms.
 */
export const admit = (
  before: LimitState,
  request: AdmissionRequest,
  now: number
): readonly [AdmissionResult, LimitState] => {
  const state = { channel: swept(before.channel, now), users: swept(before.users, now) }
  const checks: Array<LimitCheck> = []
  for (const check of checkLimits(state, request, now)) {
    checks.push(check)
    if (!check.allowed) {
      return [{ _tag: "Denied", limit: check.limit, retryAfterMs: check.retryAfterMs, checks }, state]
    }
  }
  const [reservation, reserved] = reserve(state, request, now)
  return [{ _tag: "Admitted", reservation, checks }, reserved]
}

const changeWindows = (
  { channel, users }: LimitState,
  reservation: Reservation,
  change: (windows: Windows, name: string, id: number) => Windows
): LimitState => {
  const changeAll = (windows: Windows, names: ReadonlyArray<string>): Windows =>
    names.reduce((all, name) => change(all, name, reservation.id), windows)
  return {
    channel: { ...channel, windows: changeAll(channel.windows, reservation.channelWindows) },
    users: { ...users, windows: changeAll(users.windows, reservation.userWindows) }
  }
}

/** The reply was sent: its place counts from the send time on. */
export const confirm = (state: LimitState, reservation: Reservation, sentAt: number): LimitState => {
  const { channel, users } = changeWindows(state, reservation, (windows, name, id) => stamp(windows, name, id, sentAt))
  return { channel: { ...channel, lastSentAt: sentAt }, users }
}

/** The reply was not sent: its place in every limit, and its cooldown, are released. */
export const release = (state: LimitState, reservation: Reservation): LimitState =>
  changeWindows(state, reservation, erase)

/** ms left of an entry's cooldown, which runs from the last admission and is over at exactly t + c (F4). */
export const cooldownRemaining = ({ windows }: ChannelLimits, key: CooldownKey, now: number): number => {
  const began = entriesOf(windows, cooldownWindow(key)).map(({ admittedAt }) => admittedAt)
  return Math.max(0, Math.max(Number.NEGATIVE_INFINITY, ...began) + key.entry.cooldown_seconds * 1000 - now)
}

/** ms a ready reply has to wait until the global cooldown since the last send is over (F4). */
export const sendDelay = ({ lastSentAt }: ChannelLimits, limits: ChannelRateLimits, now: number): number =>
  lastSentAt === undefined ? 0 : Math.max(0, lastSentAt + limits.global_cooldown_seconds * 1000 - now)

/** How many more lines a channel's limits allow now; absent where there is no limit. */
export const remaining = ({ windows }: ChannelLimits, limits: ChannelRateLimits, now: number) => {
  const entries = entriesOf(windows, channelWindow)
  const remainingIn = (maximum: Option.Option<number>, windowMs: number): number | undefined =>
    Option.getOrUndefined(Option.map(maximum, (most) => Math.max(0, most - countInside(entries, windowMs, now))))
  return {
    channel_per_minute: remainingIn(limits.max_per_channel_per_minute, minuteMs),
    channel_per_hour: remainingIn(limits.max_per_channel_per_hour, hourMs)
  }
}
