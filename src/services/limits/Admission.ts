import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import { skipped } from "../../domain/decision/Decision.ts"
import type { UserKey } from "../../domain/Ids.ts"
import { silenceRemaining } from "../../domain/limits/MediaSilence.ts"
import type { Reservation } from "../../domain/limits/RateLimit.ts"
import type { CompiledTrigger } from "../../domain/triggers/Trigger.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { ContextStore } from "../state/ContextStore.ts"
import type { DecisionRecorder } from "../decision/DecisionRecorder.ts"
import { RateLimiter } from "./RateLimiter.ts"

/**
 * Admission checks of a trigger, from a message or a timer. A check that refuses also closes the decision with its
 * reason.
 */
export class Admission extends Context.Service<Admission, {
  /** Whether the bot may speak at all: not muted in the room, no silence after a media change. `now` is monotonic ms. */
  readonly maySpeak: (channel: ChannelSettings, isPrivate: boolean, now: number) => boolean
  /** The same, recorded. Checked before any trigger and without drawing dice (F3). */
  readonly silence: (channel: ChannelSettings, isPrivate: boolean, decision: DecisionRecorder) => boolean
  /** Every limit at once: a place in each, or none when one refuses (F4). */
  readonly admit: (
    trigger: CompiledTrigger,
    user: Option.Option<UserKey>,
    channel: ChannelSettings,
    decision: DecisionRecorder
  ) => Option.Option<Reservation>
}>()("llm-bot/Admission") {
  static readonly layerNoDeps = Layer.effect(
    Admission,
    Effect.gen(function*() {
      const store = yield* ContextStore
      const limiter = yield* RateLimiter
      const states = yield* ChannelStates

      // The room shows private lines of the muted all the same (WIRE, refusals).
      const isMuted = ({ key }: ChannelSettings, isPrivate: boolean): boolean => !isPrivate && states.of(key).muted
      const remainingSilence = ({ key, rateLimits }: ChannelSettings, now: number): number =>
        silenceRemaining(store.mediaChangedAt(key), rateLimits.media_change_cooldown_seconds, now)

      return Admission.of({
        maySpeak: (channel, isPrivate, now) => !isMuted(channel, isPrivate) && remainingSilence(channel, now) === 0,
        silence: (channel, isPrivate, decision) => {
          if (isMuted(channel, isPrivate)) {
            decision.close(skipped("muted"))
            return false
          }
          const remainingMs = remainingSilence(channel, decision.arrivedAt.monotonic)
          if (remainingMs === 0) return true
          const silenceMs = channel.rateLimits.media_change_cooldown_seconds * 1000
          decision.step({ _tag: "Silence", remainingMs, silenceMs })
          decision.close(skipped("media_silence"))
          return false
        },
        admit: ({ entry, key }, user, channel, decision) => {
          const deadline = channel.response.reply_deadline_seconds
          const admission = limiter.admit({
            channel: channel.key,
            user,
            entryKey: key,
            entry,
            channelLimits: channel.rateLimits,
            userLimits: channel.userLimits,
            maxConcurrent: channel.llm.max_concurrent_per_channel,
            pace: states.of(channel.key).pace,
            deadlineMs: deadline === 0 ? Number.POSITIVE_INFINITY : deadline * 1000
          }, decision.arrivedAt.monotonic)
          for (const { allowed, limit, maximum, used } of admission.checks) {
            decision.step({ _tag: "Limit", limit, used, maximum, allowed })
          }
          if (admission._tag === "Admitted") {
            decision.step({ _tag: "Admitted", entry: key })
            return Option.some(admission.reservation)
          }
          const { limit, retryAfterMs } = admission
          decision.close(skipped(limit, retryAfterMs === undefined ? {} : { retryAfterMs }))
          return Option.none()
        }
      })
    })
  )
}
