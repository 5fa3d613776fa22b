import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChatMsg, Login, Pm } from "../../domain/ChatEvent.ts"
import { userKey } from "../../domain/Ids.ts"
import { beginsSuspicion, nextStaleRow } from "../../domain/triggers/ClockSkew.ts"
import { noteEvent } from "../../domain/triggers/Deduplication.ts"
import { screen, type Screened } from "../../domain/triggers/Screening.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import type { Arrival } from "../Intake.ts"
import { makeLogWriter } from "../telemetry/LogWriter.ts"

/** Bounds the warnings; real ones are few, each a misconfigured value. */
const mostWarnings = 1_000

/** Screens out lines that never trigger, and warns once of a likely misconfiguration (F1). */
export class Screening extends Context.Service<Screening, {
  /** Whether the event comes from a room of the same name on another server. */
  readonly foreign: (arrival: Arrival, channel: ChannelSettings) => boolean
  /** Why a line cannot trigger; none when it may. */
  readonly check: (line: ChatMsg | Pm, arrival: Arrival, channel: ChannelSettings) => Option.Option<Screened>
  /** Warns when the bridge speaks with another account than `bot.username`: its echoes would be missed. */
  readonly login: (login: Login, channel: ChannelSettings) => void
}>()("llm-bot/Screening") {
  static readonly layerNoDeps = Layer.effect(
    Screening,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const log = yield* makeLogWriter("Screening")
      const warnings = new Set<string>()

      const warnOnce = (key: string, message: string, { room }: ChannelSettings): void => {
        if (warnings.has(key) || warnings.size >= mostWarnings) return
        warnings.add(key)
        log("Warn", message, { channel: room.name })
      }

      const watchClock = (refusal: Screened | undefined, age: number, { key, room }: ChannelSettings): void => {
        const state = states.of(key)
        const row = nextStaleRow(state.staleRow, refusal?.reason, age)
        const begins = row !== state.staleRow && beginsSuspicion(row)
        state.staleRow = row
        if (!begins) return
        const seconds = Math.round(age / 1000)
        log(
          "Warn",
          `Clock skew suspected: ${row.count} events in a row are too old, the last by ${seconds} s; compare this machine's clock with the room's server`,
          { channel: room.name }
        )
      }

      return Screening.of({
        foreign: ({ domain }, channel) => {
          if (Option.isNone(domain)) return false
          const eventDomain = domain.value.toLowerCase()
          if (eventDomain === channel.room.domain.toLowerCase()) return false
          warnOnce(
            `domain ${channel.key} ${eventDomain}`,
            `Ignoring events of ${channel.room.name} on ${eventDomain}: the configured domain is ${channel.room.domain}`,
            channel
          )
          return true
        },
        check: (line, { arrivedAt, earlier, subscribedAt }, channel) => {
          const isKnown = noteEvent(states.of(channel.key).seen, line.key, arrivedAt.monotonic)
          const refusal = screen(line, {
            bot: channel.bot,
            // It may be known from what was rebuilt: whoever began with it did not finish.
            duplicate: isKnown && earlier !== "unfinished",
            arrivedAt: arrivedAt.wall,
            listeningMs: arrivedAt.monotonic - subscribedAt.monotonic,
            maxEventAgeSeconds: channel.context.max_event_age_seconds
          })
          watchClock(refusal, arrivedAt.wall - line.time, channel)
          return Option.fromNullishOr(refusal)
        },
        login: ({ success, username }, channel) => {
          if (!success || username === undefined) return
          const state = states.of(channel.key)
          state.bridge = { ...state.bridge, account: username }
          if (userKey(username) === channel.bot.key) return
          warnOnce(
            `login ${channel.key} ${userKey(username)}`,
            `Bridge is logged in as ${username}, but bot.username is ${channel.bot.username}: the bot will not recognise its own lines`,
            channel
          )
        }
      })
    })
  )
}
