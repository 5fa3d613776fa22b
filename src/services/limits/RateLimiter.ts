import { Context, Effect, HashMap, Layer, Option } from "effect"
import type { ChannelKey } from "../../domain/Ids.ts"
import {
  type AdmissionRequest,
  type CooldownKey,
  type LimitState,
  noUserLimits,
  type UserLimits
} from "../../domain/limits/LimitState.ts"
import {
  type AdmissionResult,
  admit,
  confirm,
  cooldownRemaining,
  release,
  remaining,
  type Reservation,
  sendDelay
} from "../../domain/limits/RateLimit.ts"
import { recallChannel, recallUsers, type SentReply } from "../../domain/limits/SentReply.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { countLine, paceIn, paceRefused } from "../../domain/limits/FloodControl.ts"
import type { FloodControl } from "../../domain/ChatEvent.ts"
import { restoreWindows, snapshotWindows, StoredWindows } from "../../domain/state/WindowsSnapshot.ts"
import type { ChannelRateLimits } from "../../domain/settings/LimitSettings.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { Checkpoints } from "../state/Checkpoints.ts"
import { StateName } from "../state/StateStore.ts"
import { storedShape } from "../state/StoredValue.ts"
import { makeLogWriter } from "../telemetry/LogWriter.ts"

/** A line older than this comes from the room's history. */
const freshMs = 5_000

/** What counts against people is saved under this name. */
const usersName = StateName.make("users")
const usersShape = storedShape(1, StoredWindows)

const failure: AdmissionResult = { _tag: "Denied", limit: "limiter_failure", retryAfterMs: undefined, checks: [] }

/** Keeps the bot within every limit (F4). All times are monotonic ms. */
export class RateLimiter extends Context.Service<RateLimiter, {
  /** One atomic answer over all limits; a failure of the limiter itself denies. */
  readonly admit: (request: AdmissionRequest, now: number) => AdmissionResult
  readonly confirm: (reservation: Reservation, sentAt: number) => void
  readonly release: (reservation: Reservation) => void
  /** Counts what was sent to a channel before this process had it. */
  readonly recall: (channel: ChannelKey, replies: ReadonlyArray<SentReply>) => void
  /** ms left of a cooldown. */
  readonly cooldown: (channel: ChannelKey, key: CooldownKey, now: number) => number
  /** ms until a ready reply may follow the channel's last line. */
  readonly sendDelay: (channel: ChannelKey, limits: ChannelRateLimits, now: number) => number
  /** The room told of its flood control; none where it has none. */
  readonly flood: (channel: ChannelKey, control: FloodControl | undefined) => void
  /** The room refused a line because it came too soon: the next may come after so many ms. */
  readonly refused: (channel: ChannelKey, waitMs: number, now: number) => void
  /** Somebody else spoke with the bot's account, `time` epoch ms: the room counts that too. */
  readonly foreignLine: (channel: ChannelKey, time: number, now: ClockReading) => void
  /** How many more lines the channel's limits allow. */
  readonly remaining: (
    channel: ChannelKey,
    limits: ChannelRateLimits,
    now: number
  ) => ReturnType<typeof remaining>
}>()("llm-bot/RateLimiter") {
  static readonly layerNoDeps = Layer.effect(
    RateLimiter,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const checkpoints = yield* Checkpoints
      const log = yield* makeLogWriter("RateLimiter")
      // A person's windows span all channels.
      let users: UserLimits = noUserLimits
      let usersChanged = false
      const saved = yield* checkpoints.keep({
        name: usersName,
        shape: usersShape,
        snapshot: ({ monotonic }) => snapshotWindows(users.windows, monotonic),
        takeChange: () => {
          const changed = usersChanged
          usersChanged = false
          return changed
        }
      })
      if (Option.isSome(saved)) {
        const { restart: { awayMs, now }, value } = saved.value
        const windows = restoreWindows(value, (age) => now.monotonic - awayMs - age, now.monotonic)
        users = { ...users, windows: HashMap.fromIterable(windows) }
      }

      const stateOf = (channel: ChannelKey): LimitState => ({ channel: states.of(channel).limits, users })
      const keep = (channel: ChannelKey, after: LimitState): void => {
        const state = states.of(channel)
        state.limits = after.channel
        state.changed = true
        users = after.users
        usersChanged = true
      }

      return RateLimiter.of({
        admit: (request, now) => {
          try {
            const [result, after] = admit(stateOf(request.channel), request, now)
            keep(request.channel, after)
            return result
          } catch (defect) {
            log("Error", "Rate limiter failed", { channel: request.channel }, defect)
            return failure
          }
        },
        confirm: (reservation, sentAt) =>
          keep(reservation.channel, confirm(stateOf(reservation.channel), reservation, sentAt)),
        release: (reservation) => keep(reservation.channel, release(stateOf(reservation.channel), reservation)),
        recall: (channel, replies) => {
          const { channel: limits, users } = stateOf(channel)
          keep(channel, { channel: recallChannel(limits, replies), users: recallUsers(users, replies) })
          const state = states.of(channel)
          state.pace = replies.reduce((pace, { at }) => countLine(pace, at), state.pace)
        },
        cooldown: (channel, key, now) => cooldownRemaining(states.of(channel).limits, key, now),
        flood: (channel, control) => {
          const state = states.of(channel)
          state.pace = paceIn(state.pace, control)
        },
        refused: (channel, waitMs, now) => {
          const state = states.of(channel)
          state.pace = paceRefused(state.pace, waitMs, now)
        },
        foreignLine: (channel, time, now) => {
          // The history that comes with every join was counted when it was said.
          if (now.wall - time > freshMs) return
          const state = states.of(channel)
          state.pace = countLine(state.pace, now.monotonic)
        },
        sendDelay: (channel, limits, now) => sendDelay(states.of(channel).limits, limits, now),
        remaining: (channel, limits, now) => remaining(states.of(channel).limits, limits, now)
      })
    })
  )
}
