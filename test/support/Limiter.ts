import { HashMap, Option } from "effect"
import type { ChannelKey } from "../../src/domain/Ids.ts"
import {
  type AdmissionRequest,
  type ChannelLimits,
  noChannelLimits,
  noUserLimits,
  type UserLimits
} from "../../src/domain/limits/LimitState.ts"
import {
  admit as admitIn,
  confirm as confirmIn,
  cooldownRemaining as cooldownRemainingIn,
  release as releaseIn,
  type Reservation,
  sendDelay as sendDelayIn
} from "../../src/domain/limits/RateLimit.ts"

/** Several channels and the people who are in all of them. */
export interface LimiterState {
  readonly users: UserLimits
  readonly channels: HashMap.HashMap<ChannelKey, ChannelLimits>
}

export const emptyLimiter: LimiterState = { users: noUserLimits, channels: HashMap.empty() }

const channelIn = ({ channels }: LimiterState, key: ChannelKey): ChannelLimits =>
  Option.getOrElse(HashMap.get(channels, key), () => noChannelLimits)

const stateIn = (state: LimiterState, key: ChannelKey) => ({ users: state.users, channel: channelIn(state, key) })

const withChannel = (state: LimiterState, key: ChannelKey, after: ReturnType<typeof stateIn>): LimiterState => ({
  users: after.users,
  channels: HashMap.set(state.channels, key, after.channel)
})

export const admit = (state: LimiterState, request: AdmissionRequest, now: number) => {
  const [result, after] = admitIn(stateIn(state, request.channel), request, now)
  return [result, withChannel(state, request.channel, after)] as const
}

export const confirm = (state: LimiterState, reservation: Reservation, sentAt: number): LimiterState =>
  withChannel(state, reservation.channel, confirmIn(stateIn(state, reservation.channel), reservation, sentAt))

export const release = (state: LimiterState, reservation: Reservation): LimiterState =>
  withChannel(state, reservation.channel, releaseIn(stateIn(state, reservation.channel), reservation))

export const cooldownRemaining = (state: LimiterState, request: AdmissionRequest, now: number): number =>
  cooldownRemainingIn(channelIn(state, request.channel), request, now)

export const sendDelay = (
  state: LimiterState,
  channel: ChannelKey,
  limits: AdmissionRequest["channelLimits"],
  now: number
): number => sendDelayIn(channelIn(state, channel), limits, now)
