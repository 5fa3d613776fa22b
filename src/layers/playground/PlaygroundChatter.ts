import { Context, Effect, FiberHandle, Layer, Schema } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import { chatterLine, chatterPauseMs } from "../../domain/playground/Chatter.ts"
import { AdjustableClock } from "../time/AdjustableClock.ts"
import { PlaygroundRoom } from "./PlaygroundRoom.ts"
import { PlaygroundSettings } from "./PlaygroundSettings.ts"

/** Lines a minute, 0 = none. */
export const ChatterRate = Schema.Struct({
  per_minute: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 300 }))
})
export type ChatterRate = typeof ChatterRate.Type

const keywordsOf = ({ triggers }: ChannelSettings): ReadonlyArray<string> =>
  triggers.flatMap(({ entry }) => entry.type === "keyword" && entry.enabled ? entry.keywords : [])

/** Simulated viewers, to show the bot in a busy room. Time jumps do not make them talk more. */
export class PlaygroundChatter extends Context.Service<PlaygroundChatter, {
  readonly rate: Effect.Effect<ChatterRate>
  /** Changes the rate. */
  readonly talk: (rate: ChatterRate) => Effect.Effect<void>
}>()("llm-bot/PlaygroundChatter") {
  static readonly layer = Layer.effect(
    PlaygroundChatter,
    Effect.gen(function*() {
      const room = yield* PlaygroundRoom
      const settings = yield* PlaygroundSettings
      const clock = yield* AdjustableClock
      const talking = yield* FiberHandle.make<never>()
      let rate: ChatterRate = { per_minute: 0 }
      let index = 0

      const line = Effect.gen(function*() {
        const channel = yield* settings.channel
        const topic = { bot: channel.bot.username, keywords: keywordsOf(channel), seed: channel.seed }
        yield* clock.unmoved(Effect.sleep(chatterPauseMs(channel.seed, index, rate.per_minute)))
        yield* Effect.ignore(room.say({ channel: channel.room.name, ...chatterLine(topic, index++) }))
      })

      return PlaygroundChatter.of({
        rate: Effect.sync(() => rate),
        talk: Effect.fnUntraced(function*(next: ChatterRate) {
          rate = next
          if (rate.per_minute === 0) yield* FiberHandle.clear(talking)
          else yield* FiberHandle.run(talking, Effect.forever(line))
        })
      })
    })
  )
}
