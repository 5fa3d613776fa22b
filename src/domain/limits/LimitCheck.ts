import { Option } from "effect"
import type { LimitName } from "../decision/Decision.ts"
import {
  type AdmissionRequest,
  channelWindow,
  entryWindow,
  type LimitState,
  personWindow,
  privateWindow,
  userWindows
} from "./LimitState.ts"
import { departure } from "./FloodControl.ts"
import { countInside, entriesOf, reopensIn, type WindowEntry, type Windows } from "./SlidingWindow.ts"

/** The two lengths of a window, ms. */
export const minuteMs = 60_000
export const hourMs = 3_600_000

/**
 * One limit and what it saw. For `global_cooldown` the figures are ms since the last line, against the cooldown; for
 * `pace` ms until the line could leave, against the deadline.
 */
export interface LimitCheck {
  readonly limit: LimitName
  readonly used: number
  readonly maximum: number
  readonly allowed: boolean
  /** ms until it may allow again; absent when that depends on replies under way, or never comes. */
  readonly retryAfterMs: number | undefined
}

type Rule = readonly [
  limit: LimitName,
  windows: Windows,
  name: string,
  windowMs: number,
  maximum: Option.Option<number>
]

// In the order in which a refusal is named (F4).
const rulesOf = ({ channel, users }: LimitState, request: AdmissionRequest): ReadonlyArray<Rule> => {
  const { channelLimits, userLimits } = request
  const own = request.entry.rate_limit
  const entry = entryWindow(request)
  const names = userWindows(request)
  const ofUser: ReadonlyArray<Rule> = names === undefined ? [] : [
    ["user_per_minute", users.windows, names[0], minuteMs, userLimits.max_per_user_per_minute],
    ["user_per_hour", users.windows, names[0], hourMs, userLimits.max_per_user_per_hour],
    ["trigger_user_per_minute", users.windows, names[1], minuteMs, own.max_per_user_per_minute],
    ["trigger_user_per_hour", users.windows, names[1], hourMs, own.max_per_user_per_hour]
  ]
  return [
    ...ofUser,
    ["trigger_channel_per_minute", channel.windows, entry, minuteMs, own.max_per_channel_per_minute],
    ["trigger_channel_per_hour", channel.windows, entry, hourMs, own.max_per_channel_per_hour],
    ["trigger_channel_per_hour", channel.windows, entry, hourMs, own.max_per_hour],
    ["channel_per_minute", channel.windows, channelWindow, minuteMs, channelLimits.max_per_channel_per_minute],
    ["channel_per_hour", channel.windows, channelWindow, hourMs, channelLimits.max_per_channel_per_hour]
  ]
}

const heldIn = ({ channel }: LimitState): ReadonlyArray<WindowEntry> =>
  entriesOf(channel.windows, channelWindow).filter(({ sentAt }) => sentAt === undefined)

// The global cooldown runs from the later of the last send and the last held reservation (F4).
const checkGlobalCooldown = (state: LimitState, request: AdmissionRequest, now: number): LimitCheck => {
  const maximum = request.channelLimits.global_cooldown_seconds * 1000
  const admissions = heldIn(state).map(({ admittedAt }) => admittedAt)
  const last = Math.max(state.channel.lastSentAt ?? Number.NEGATIVE_INFINITY, ...admissions)
  const used = Math.min(maximum, Math.max(0, now - last))
  return { limit: "global_cooldown", used, maximum, allowed: used >= maximum, retryAfterMs: maximum - used }
}

/**
 * The fair shares of a channel's hour that refuse: no few people and no private talk can have all of it. One person may
 * have had at most a share of what is left, so that those who had less come first.
 */
const unfairShares = function*({ channel }: LimitState, request: AdmissionRequest, now: number): Generator<LimitCheck> {
  const { max_per_channel_per_hour: hour, max_private_share, max_user_share } = request.channelLimits
  if (Option.isNone(hour)) return
  const inHour = (name: string): number => countInside(entriesOf(channel.windows, name), hourMs, now)
  const person = personWindow(request)
  if (person !== undefined && Option.isSome(max_user_share)) {
    const used = inHour(person)
    const left = hour.value - inHour(channelWindow)
    const maximum = Math.floor(left * max_user_share.value)
    // Nobody is left without a first answer.
    const allowed = used === 0 || used <= maximum
    if (!allowed) yield { limit: "user_share", used, maximum, allowed, retryAfterMs: undefined }
  }
  if (request.entry.type === "pm" && Option.isSome(max_private_share)) {
    const used = inHour(privateWindow)
    const maximum = Math.floor(hour.value * max_private_share.value)
    const retryAfterMs = reopensIn(entriesOf(channel.windows, privateWindow), hourMs, maximum, now)
    if (used >= maximum) yield { limit: "private_share", used, maximum, allowed: false, retryAfterMs }
  }
}

/** Every limit of a request in the order of F4; the caller stops at the first that refuses. */
export const checkLimits = function*(
  state: LimitState,
  request: AdmissionRequest,
  now: number
): Generator<LimitCheck> {
  const held = heldIn(state).length
  const maximum = request.maxConcurrent
  yield { limit: "busy", used: held, maximum, allowed: held < maximum, retryAfterMs: undefined }
  for (const [limit, windows, name, windowMs, maximum] of rulesOf(state, request)) {
    if (Option.isNone(maximum)) continue
    const entries = entriesOf(windows, name)
    const used = countInside(entries, windowMs, now)
    const retryAfterMs = reopensIn(entries, windowMs, maximum.value, now)
    yield { limit, used, maximum: maximum.value, allowed: used < maximum.value, retryAfterMs }
  }
  yield* unfairShares(state, request, now)
  if (request.channelLimits.global_cooldown_seconds > 0) yield checkGlobalCooldown(state, request, now)
  // No model is asked for a line that cannot leave in time; a check that passes is not reported.
  const { inTime, waitMs } = departure(request.pace, held, request.deadlineMs, now)
  if (!inTime) {
    yield { limit: "pace", used: waitMs, maximum: request.deadlineMs, allowed: false, retryAfterMs: undefined }
  }
}
