import { HashMap, Option } from "effect"
import type { LimitName } from "../decision/Decision.ts"
import type { ChannelKey, EntryKey, UserKey } from "../Ids.ts"
import {
  type Charge,
  chargesOf,
  countInside,
  erase,
  hold,
  type Ledgers,
  reopensIn,
  stamp,
  sweep
} from "./SlidingWindow.ts"
import type { ChannelRateLimits, RateLimits } from "../settings/LimitSettings.ts"
import type { TriggerEntry } from "../triggers/TriggerEntry.ts"

const minuteMs = 60_000
const hourMs = 3_600_000
const sweepEveryMs = 60_000

/** Everything the limiter remembers. All times are monotonic ms: a corrected wall clock cannot reopen a window. */
export interface LimiterState {
  readonly ledgers: Ledgers
  /** The last send of each configured channel. */
  readonly lastSent: HashMap.HashMap<ChannelKey, number>
  readonly nextId: number
  readonly sweptAt: number
}

/** A limiter that has seen nothing. */
export const emptyLimiter: LimiterState = {
  ledgers: HashMap.empty(),
  lastSent: HashMap.empty(),
  nextId: 1,
  sweptAt: 0
}

/** Whose cooldown is meant: (channel, entry), for pm (channel, entry, user) (F3). */
export interface CooldownKey {
  readonly channel: ChannelKey
  readonly entryKey: EntryKey
  readonly entry: TriggerEntry
  /** Absent for a contextual reply: nobody asked, so no user is charged (F3). */
  readonly user: Option.Option<UserKey>
}

/** Who wants to reply where, and the limits that hold there. */
export interface AdmissionRequest extends CooldownKey {
  readonly channelLimits: ChannelRateLimits
  readonly userLimits: Pick<RateLimits, "max_per_user_per_minute" | "max_per_user_per_hour">
  readonly maxConcurrent: number
}

/** A held place in every limit, to be confirmed when sent or released when not. */
export interface Reservation {
  readonly id: number
  readonly channel: ChannelKey
  readonly ledgers: ReadonlyArray<string>
}

/** One gate and what it saw. For `global_cooldown` the figures are ms since the last line, against the cooldown. */
export interface LimitGate {
  readonly limit: LimitName
  readonly used: number
  readonly maximum: number
  readonly allowed: boolean
  /** ms until it may allow again; absent when that depends on replies under way, or never comes. */
  readonly retryAfterMs: number | undefined
}

export interface Admitted {
  readonly _tag: "Admitted"
  readonly reservation: Reservation
  readonly gates: ReadonlyArray<LimitGate>
}

export interface Denied {
  readonly _tag: "Denied"
  readonly limit: LimitName
  readonly retryAfterMs: number | undefined
  readonly gates: ReadonlyArray<LimitGate>
}

/** The answer to one request: all limits allow and a place is held in each, or the first that refuses. */
export type AdmissionResult = Admitted | Denied

// No name holds a control character, so no two keys can run into each other.
const ledgerName = (...parts: ReadonlyArray<string>): string => parts.join("\u001f")
const channelLedger = (channel: ChannelKey): string => ledgerName("channel", channel)
const entryLedger = ({ channel, entryKey }: CooldownKey): string => ledgerName("entry", channel, entryKey)
const userLedgers = ({ entry, user }: CooldownKey): ReadonlyArray<string> =>
  Option.match(user, {
    onNone: () => [],
    onSome: (name) => [ledgerName("user", name), ledgerName("type", entry.type, name)]
  })
const cooldownLedger = ({ channel, entry, entryKey, user }: CooldownKey): string =>
  ledgerName("cooldown", channel, entryKey, entry.type === "pm" ? Option.getOrElse(user, () => "") : "")

type Window = readonly [limit: LimitName, ledger: string, windowMs: number, maximum: Option.Option<number>]

// In the order in which a refusal is named (F4).
const windowsOf = (request: AdmissionRequest): ReadonlyArray<Window> => {
  const [user, type] = userLedgers(request)
  const own = request.entry.rate_limit
  const entry = entryLedger(request)
  const channel = channelLedger(request.channel)
  const perUser: ReadonlyArray<Window> = user === undefined || type === undefined ? [] : [
    ["user_per_minute", user, minuteMs, request.userLimits.max_per_user_per_minute],
    ["user_per_hour", user, hourMs, request.userLimits.max_per_user_per_hour],
    ["trigger_user_per_minute", type, minuteMs, own.max_per_user_per_minute],
    ["trigger_user_per_hour", type, hourMs, own.max_per_user_per_hour]
  ]
  return [
    ...perUser,
    ["trigger_channel_per_minute", entry, minuteMs, own.max_per_channel_per_minute],
    ["trigger_channel_per_hour", entry, hourMs, own.max_per_channel_per_hour],
    ["trigger_channel_per_hour", entry, hourMs, own.max_per_hour],
    ["channel_per_minute", channel, minuteMs, request.channelLimits.max_per_channel_per_minute],
    ["channel_per_hour", channel, hourMs, request.channelLimits.max_per_channel_per_hour]
  ]
}

const heldIn = (state: LimiterState, channel: ChannelKey): ReadonlyArray<Charge> =>
  chargesOf(state.ledgers, channelLedger(channel)).filter((charge) => charge.sentAt === undefined)

const lastSentIn = (state: LimiterState, channel: ChannelKey): number =>
  Option.getOrElse(HashMap.get(state.lastSent, channel), () => Number.NEGATIVE_INFINITY)

// The global cooldown runs from the later of the last send and the last held reservation (F4).
const globalCooldown = (state: LimiterState, request: AdmissionRequest, now: number): LimitGate => {
  const maximum = request.channelLimits.global_cooldown_seconds * 1000
  const held = heldIn(state, request.channel).map((charge) => charge.admittedAt)
  const used = Math.min(maximum, Math.max(0, now - Math.max(lastSentIn(state, request.channel), ...held)))
  return { limit: "global_cooldown", used, maximum, allowed: used >= maximum, retryAfterMs: maximum - used }
}

const gatesOf = function*(state: LimiterState, request: AdmissionRequest, now: number): Generator<LimitGate> {
  const held = heldIn(state, request.channel).length
  const maximum = request.maxConcurrent
  yield { limit: "busy", used: held, maximum, allowed: held < maximum, retryAfterMs: undefined }
  for (const [limit, ledger, windowMs, maximum] of windowsOf(request)) {
    if (Option.isNone(maximum)) continue
    const charges = chargesOf(state.ledgers, ledger)
    const used = countInside(charges, windowMs, now)
    const retryAfterMs = reopensIn(charges, windowMs, maximum.value, now)
    yield { limit, used, maximum: maximum.value, allowed: used < maximum.value, retryAfterMs }
  }
  if (request.channelLimits.global_cooldown_seconds > 0) yield globalCooldown(state, request, now)
}

const reserve = (state: LimiterState, request: AdmissionRequest, now: number) => {
  const cooldownMs = request.entry.cooldown_seconds * 1000
  const kept: ReadonlyArray<readonly [string, number]> = [
    ...[...userLedgers(request), entryLedger(request), channelLedger(request.channel)].map((name) =>
      [name, hourMs] as const
    ),
    ...(cooldownMs > 0 ? [[cooldownLedger(request), cooldownMs] as const] : [])
  ]
  const id = state.nextId
  const reservation: Reservation = { id, channel: request.channel, ledgers: kept.map(([name]) => name) }
  const ledgers = kept.reduce((all, [name, keepMs]) => hold(all, name, keepMs, id, now), state.ledgers)
  return [reservation, { ...state, ledgers, nextId: id + 1 }] as const
}

/**
 * Asks every limit in order and, when all allow, holds a place in each (F4). Nothing is consumed by a refusal.
 * `now` is monotonic ms.
 */
export const admit = (
  state: LimiterState,
  request: AdmissionRequest,
  now: number
): readonly [AdmissionResult, LimiterState] => {
  const swept = now - state.sweptAt < sweepEveryMs
    ? state
    : { ...state, ledgers: sweep(state.ledgers, now), sweptAt: now }
  const gates: Array<LimitGate> = []
  for (const gate of gatesOf(swept, request, now)) {
    gates.push(gate)
    if (!gate.allowed) {
      return [{ _tag: "Denied", limit: gate.limit, retryAfterMs: gate.retryAfterMs, gates }, swept]
    }
  }
  const [reservation, reserved] = reserve(swept, request, now)
  return [{ _tag: "Admitted", reservation, gates }, reserved]
}

/** The reply was sent: its place counts from the send time on. */
export const confirm = (state: LimiterState, reservation: Reservation, sentAt: number): LimiterState => ({
  ...state,
  ledgers: reservation.ledgers.reduce((all, name) => stamp(all, name, reservation.id, sentAt), state.ledgers),
  lastSent: HashMap.set(state.lastSent, reservation.channel, sentAt)
})

/** The reply was not sent: its place in every limit, and its cooldown, are given back without a trace. */
export const release = (state: LimiterState, reservation: Reservation): LimiterState => ({
  ...state,
  ledgers: reservation.ledgers.reduce((all, name) => erase(all, name, reservation.id), state.ledgers)
})

/** ms left of an entry's cooldown, which runs from the last admission and is over at exactly t + c (F4). */
export const cooldownRemaining = (state: LimiterState, key: CooldownKey, now: number): number => {
  const began = chargesOf(state.ledgers, cooldownLedger(key)).map((charge) => charge.admittedAt)
  return Math.max(0, Math.max(Number.NEGATIVE_INFINITY, ...began) + key.entry.cooldown_seconds * 1000 - now)
}

/** ms a ready reply has to wait until the global cooldown since the last send is over (F4). */
export const sendDelay = (state: LimiterState, channel: ChannelKey, limits: ChannelRateLimits, now: number): number =>
  Math.max(0, lastSentIn(state, channel) + limits.global_cooldown_seconds * 1000 - now)

/** How many more lines a channel's limits allow now; absent where there is no limit. */
export const remaining = (state: LimiterState, channel: ChannelKey, limits: ChannelRateLimits, now: number) => {
  const charges = chargesOf(state.ledgers, channelLedger(channel))
  const left = (maximum: Option.Option<number>, windowMs: number): number | undefined =>
    Option.getOrUndefined(Option.map(maximum, (most) => Math.max(0, most - countInside(charges, windowMs, now))))
  return {
    channel_per_minute: left(limits.max_per_channel_per_minute, minuteMs),
    channel_per_hour: left(limits.max_per_channel_per_hour, hourMs)
  }
}

/** Forgets a channel that is no longer configured; its users keep their charges. */
export const forgetChannel = (state: LimiterState, channel: ChannelKey): LimiterState => ({
  ...state,
  lastSent: HashMap.remove(state.lastSent, channel),
  ledgers: HashMap.filter(
    state.ledgers,
    (_, name) =>
      !["channel", "entry", "cooldown"].some((kind) => `${name}\u001f`.startsWith(ledgerName(kind, channel, "")))
  )
})
