import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChatMsg, Pm } from "../../domain/ChatEvent.ts"
import type { TriggerResult } from "../../domain/decision/Decision.ts"
import { type EventIdentity, type UserKey, userKey } from "../../domain/Ids.ts"
import {
  chance,
  type CompiledTrigger,
  evaluateTriggers,
  type TriggerDecision,
  type TriggerTest
} from "../../domain/triggers/Trigger.ts"
import { RateLimiter } from "../limits/RateLimiter.ts"

/** How many counts of losing draws are kept, the least recently changed out. */
const keptCounts = 10_000

/** Nobody asked for a contextual reply. */
const nobody = userKey("")

/** Decides whether a line fires a trigger (F3). */
export class Triggers extends Context.Service<Triggers, {
  /** Tests the channel's triggers in order. `now` is monotonic ms. */
  readonly evaluate: (line: ChatMsg | Pm, channel: ChannelSettings, now: number) => Effect.Effect<TriggerDecision>
  /** Cooldown and dice of a contextual entry, for one look at the room. `now` is monotonic ms. */
  readonly consider: (
    trigger: CompiledTrigger,
    evaluation: EventIdentity,
    channel: ChannelSettings,
    now: number
  ) => Effect.Effect<TriggerResult>
}>()("llm-bot/Triggers") {
  static readonly layerNoDeps = Layer.effect(
    Triggers,
    Effect.gen(function*() {
      const limiter = yield* RateLimiter
      const unlucky = new Map<string, number>()

      const keyOf = (channel: ChannelSettings, trigger: CompiledTrigger, user: UserKey): string =>
        `${channel.key} ${trigger.key} ${user}`

      const count = (channel: ChannelSettings, { result, trigger }: TriggerTest, user: UserKey): void => {
        if (Option.isNone(trigger.entry.max_unlucky_draws)) return
        const key = keyOf(channel, trigger, user)
        const before = unlucky.get(key) ?? 0
        if (result._tag === "Fired" || result._tag === "Probability") unlucky.delete(key)
        if (result._tag === "Probability") unlucky.set(key, before + 1)
        const [oldest] = unlucky.keys()
        if (unlucky.size > keptCounts && oldest !== undefined) unlucky.delete(oldest)
      }

      const evaluate = Effect.fnUntraced(function*(line: ChatMsg | Pm, channel: ChannelSettings, now: number) {
        const user = userKey(line.username)
        const cooldown = yield* limiter.cooldowns(now)
        const decision = evaluateTriggers(channel.triggers, {
          text: line.text,
          private: line._tag === "Pm",
          seed: channel.seed,
          identity: line.identity,
          cooldownRemaining: ({ entry, key }) =>
            cooldown({ channel: channel.key, entryKey: key, entry, user: Option.some(user) }),
          unluckyDraws: (trigger) => unlucky.get(keyOf(channel, trigger, user)) ?? 0
        })
        decision.tests.forEach((test) => count(channel, test, user))
        return decision
      })

      const consider = Effect.fnUntraced(
        function*(trigger: CompiledTrigger, evaluation: EventIdentity, channel: ChannelSettings, now: number) {
          const cooldown = yield* limiter.cooldowns(now)
          const result = chance(trigger, "the room", {
            seed: channel.seed,
            identity: evaluation,
            cooldownRemaining: ({ entry, key }) =>
              cooldown({ channel: channel.key, entryKey: key, entry, user: Option.none() }),
            unluckyDraws: (tested) => unlucky.get(keyOf(channel, tested, nobody)) ?? 0
          })
          count(channel, { trigger, result }, nobody)
          return result
        }
      )

      return Triggers.of({ evaluate, consider })
    })
  )

  static readonly layer = Triggers.layerNoDeps.pipe(Layer.provideMerge(RateLimiter.layer))
}
