import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChatMsg, Login, Pm } from "../../domain/ChatEvent.ts"
import { type ChannelKey, userKey } from "../../domain/Ids.ts"
import { screen, type Screened } from "../../domain/triggers/Screening.ts"
import type { Arrival } from "../Intake.ts"
import { Deduplication } from "./Deduplication.ts"

/** How many stale events in a row make a wrong clock likely (F1). */
const skewSuspectedAfter = 10

/** Sorts out what never triggers, and warns the operator once of what looks misconfigured (F1). */
export class Screening extends Context.Service<Screening, {
  /** Whether the event comes from a room of the same name on another server. */
  readonly foreign: (arrival: Arrival, channel: ChannelSettings) => Effect.Effect<boolean>
  /** Why a line is no trigger; none when it may be one. */
  readonly check: (
    line: ChatMsg | Pm,
    arrival: Arrival,
    channel: ChannelSettings
  ) => Effect.Effect<Option.Option<Screened>>
  /** Warns when the bridge speaks with another account than `bot.username`: its echoes would be missed. */
  readonly login: (login: Login, channel: ChannelSettings) => Effect.Effect<void>
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/Screening") {
  static readonly layerNoDeps = Layer.effect(
    Screening,
    Effect.gen(function*() {
      const seen = yield* Deduplication
      // One count a configured channel; what was warned about is one of few values an operator set wrong.
      const staleInRow = new Map<ChannelKey, number>()
      const warned = new Set<string>()

      const warnOnce = (key: string, message: string, channel: ChannelSettings): Effect.Effect<void> => {
        if (warned.has(key) || warned.size >= 1_000) return Effect.void
        warned.add(key)
        return Effect.annotateLogs(Effect.logWarning(message), { logger: "Screening", channel: channel.room.name })
      }

      const watchClock = (
        screened: Screened | undefined,
        age: number,
        channel: ChannelSettings
      ): Effect.Effect<void> => {
        // What was said before the start says nothing about the clock.
        if (screened?.reason === "before_start" || screened?.reason === "duplicate") return Effect.void
        const count = screened?.reason === "stale" ? (staleInRow.get(channel.key) ?? 0) + 1 : 0
        staleInRow.set(channel.key, count)
        if (count !== skewSuspectedAfter) return Effect.void
        const seconds = Math.round(age / 1000)
        return Effect.annotateLogs(
          Effect.logWarning(
            `Clock skew suspected: ${count} events in a row are too old, the last by ${seconds} s; compare this machine's clock with the room's server`
          ),
          { logger: "Screening", channel: channel.room.name }
        )
      }

      return Screening.of({
        foreign: Effect.fnUntraced(function*({ domain }: Arrival, channel: ChannelSettings) {
          const found = Option.getOrElse(domain, () => channel.room.domain).toLowerCase()
          if (found === channel.room.domain.toLowerCase()) return false
          yield* warnOnce(
            `domain ${channel.key} ${found}`,
            `Events of ${channel.room.name} on ${found} are ignored: the configured domain is ${channel.room.domain}`,
            channel
          )
          return true
        }),
        check: Effect.fnUntraced(function*(line: ChatMsg | Pm, arrival: Arrival, channel: ChannelSettings) {
          const duplicate = yield* seen.note(channel.key, line.identity, arrival.arrivedAt.monotonic)
          const screened = screen(line, {
            bot: channel.bot,
            duplicate,
            arrivedAt: arrival.arrivedAt.wall,
            listeningMs: arrival.arrivedAt.monotonic - arrival.subscribedAt.monotonic,
            maxEventAgeSeconds: channel.context.max_event_age_seconds
          })
          yield* watchClock(screened, arrival.arrivedAt.wall - line.time, channel)
          return Option.fromNullishOr(screened)
        }),
        login: ({ success, username }, channel) =>
          !success || username === undefined || userKey(username) === channel.bot.key
            ? Effect.void
            : warnOnce(
              `login ${channel.key} ${userKey(username)}`,
              `The bridge speaks as ${username}, but bot.username is ${channel.bot.username}: the bot will not know its own lines`,
              channel
            ),
        forget: (channel) => Effect.sync(() => void staleInRow.delete(channel))
      })
    })
  )
}
