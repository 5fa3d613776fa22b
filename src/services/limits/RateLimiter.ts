import { Context, Effect, Layer, Ref } from "effect"
import type { ChannelKey } from "../../domain/Ids.ts"
import {
  type AdmissionRequest,
  type AdmissionResult,
  admit,
  confirm,
  type CooldownKey,
  cooldownRemaining,
  emptyLimiter,
  forgetChannel,
  release,
  remaining,
  type Reservation,
  sendDelay
} from "../../domain/limits/RateLimit.ts"
import type { ChannelRateLimits } from "../../domain/settings/LimitSettings.ts"

/** Keeps the bot within every limit (F4). All times are monotonic ms. */
export class RateLimiter extends Context.Service<RateLimiter, {
  /** One atomic answer over all limits; a failure of the limiter itself denies. */
  readonly admit: (request: AdmissionRequest, now: number) => Effect.Effect<AdmissionResult>
  readonly confirm: (reservation: Reservation, sentAt: number) => Effect.Effect<void>
  readonly release: (reservation: Reservation) => Effect.Effect<void>
  /** Looks up cooldowns as they are at one moment. */
  readonly cooldowns: (now: number) => Effect.Effect<(key: CooldownKey) => number>
  /** ms until a ready reply may follow the channel's last line. */
  readonly sendDelay: (channel: ChannelKey, limits: ChannelRateLimits, now: number) => Effect.Effect<number>
  /** How many more lines the channel's limits allow. */
  readonly remaining: (
    channel: ChannelKey,
    limits: ChannelRateLimits,
    now: number
  ) => Effect.Effect<ReturnType<typeof remaining>>
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/RateLimiter") {
  static readonly layer = Layer.effect(
    RateLimiter,
    Effect.gen(function*() {
      const state = yield* Ref.make(emptyLimiter)
      const denied: AdmissionResult = { _tag: "Denied", limit: "limiter_failure", retryAfterMs: undefined, gates: [] }
      return RateLimiter.of({
        admit: (request, now) =>
          Ref.modify(state, (current) => admit(current, request, now)).pipe(
            Effect.catchDefect((defect) => Effect.as(Effect.logError("Rate limiter failed", defect), denied))
          ),
        confirm: (reservation, sentAt) => Ref.update(state, (current) => confirm(current, reservation, sentAt)),
        release: (reservation) => Ref.update(state, (current) => release(current, reservation)),
        cooldowns: (now) => Effect.map(Ref.get(state), (current) => (key) => cooldownRemaining(current, key, now)),
        sendDelay: (channel, limits, now) =>
          Effect.map(Ref.get(state), (current) => sendDelay(current, channel, limits, now)),
        remaining: (channel, limits, now) =>
          Effect.map(Ref.get(state), (current) => remaining(current, channel, limits, now)),
        forget: (channel) => Ref.update(state, (current) => forgetChannel(current, channel))
      })
    })
  )
}
