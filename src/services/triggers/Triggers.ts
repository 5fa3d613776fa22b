import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChatMsg, Pm } from "../../domain/ChatEvent.ts"
import type { TriggerResult } from "../../domain/decision/Decision.ts"
import { identityOf } from "../../domain/EventIdentity.ts"
import { type EventIdentity, type UserKey, userKey } from "../../domain/Ids.ts"
import {
  chance,
  type ChanceFacts,
  type CompiledTrigger,
  evaluateTriggers,
  type TriggerDecision,
  unmet
} from "../../domain/triggers/Trigger.ts"
import { noteDraw, unluckyDraws } from "../../domain/triggers/UnluckyDraws.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { RateLimiter } from "../limits/RateLimiter.ts"

/** Nobody asked for a contextual reply. */
const nobody = userKey("")

/** Decides whether a line fires a trigger (F3). */
export class Triggers extends Context.Service<Triggers, {
  /** Tests the channel's triggers in order. `now` is monotonic ms. */
  readonly evaluate: (line: ChatMsg | Pm, channel: ChannelSettings, now: number) => TriggerDecision
  /** Cooldown and dice of a contextual entry, for one evaluation. `now` is monotonic ms. */
  readonly consider: (
    trigger: CompiledTrigger,
    evaluation: EventIdentity,
    channel: ChannelSettings,
    now: number
  ) => TriggerResult
}>()("llm-bot/Triggers") {
  static readonly layerNoDeps = Layer.effect(
    Triggers,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const limiter = yield* RateLimiter

      const chanceOf = (
        { key, seed }: ChannelSettings,
        user: Option.Option<UserKey>,
        now: number
      ): Omit<ChanceFacts, "identity"> => ({
        seed,
        cooldownRemaining: (trigger) =>
          limiter.cooldown(key, { entryKey: trigger.key, entry: trigger.entry, user }, now),
        unluckyDraws: (trigger) =>
          unluckyDraws(states.of(key).unlucky, trigger.key, Option.getOrElse(user, () => nobody))
      })

      return Triggers.of({
        evaluate: (line, channel, now) => {
          const shown = { text: line.text, private: line._tag === "Pm" }
          // The usual end of it, reached without what the rest needs.
          const none = unmet(channel.triggers, shown)
          if (none !== undefined) return none
          const user = userKey(line.username)
          const decision = evaluateTriggers(channel.triggers, {
            ...chanceOf(channel, Option.some(user), now),
            identity: () => identityOf(channel.key, line),
            ...shown
          })
          const { unlucky } = states.of(channel.key)
          for (const test of decision.tests) noteDraw(unlucky, test, user)
          return decision
        },
        consider: (trigger, evaluation, channel, now) => {
          const result = chance(trigger, "the room", {
            ...chanceOf(channel, Option.none(), now),
            identity: () => evaluation
          })
          const state = states.of(channel.key)
          noteDraw(state.unlucky, { trigger, result }, nobody)
          state.changed = true
          return result
        }
      })
    })
  )
}
