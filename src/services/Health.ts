import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ClosureReason } from "../domain/endpoints/CircuitBreaker.ts"
import { type FaultReason, faultReasons, faultText, isHarmless } from "../domain/bridge/BridgeFault.ts"
import { BridgeWatch, type ChannelFault } from "./bridge/BridgeWatch.ts"
import { BotConfig } from "./BotConfig.ts"
import { ChannelSupervisor } from "./ChannelSupervisor.ts"
import { suspectedSkew } from "../domain/triggers/ClockSkew.ts"
import { ChannelStates } from "./state/ChannelStates.ts"
import { Checkpoints, type CheckpointStatus } from "./state/Checkpoints.ts"
import { ContextStore } from "./state/ContextStore.ts"
import { LlmClient } from "./LlmClient.ts"
import { makeSeriesFromStart } from "./decision/SeriesFromStart.ts"
import { LogLoss } from "./telemetry/LogLoss.ts"
import { type Reading, set, setAll, total } from "./telemetry/Metrics.ts"
import type { ChannelKey, ChannelName } from "../domain/Ids.ts"
import type { Partition } from "../domain/ownership/Partition.ts"
import type { ClockReading } from "../domain/ClockReading.ts"
import { monotonicMillis, readClock } from "./Time.ts"
import { Nats } from "./Nats.ts"
import { Ownership } from "./ownership/Ownership.ts"
import { RateLimiter } from "./limits/RateLimiter.ts"

/** What the bot does with a channel: another replica may do it. */
export type ChannelStatus = "active" | "muted" | "disabled" | "elsewhere"

/** What `/health` answers (OPERATIONS, HTTP). */
export interface HealthReport {
  readonly status: "healthy" | "degraded"
  readonly uptime_seconds: number
  readonly nats_connected: boolean
  readonly llm_api_available: boolean
  /** Endpoints closed now, if any: for how long and why (F5). */
  readonly llm_endpoints_closed?: ReadonlyArray<{
    readonly model: string
    readonly for_seconds: number
    readonly reason: ClosureReason
  }>
  /** Why log lines are lost now, if they are (OPERATIONS, HTTP). */
  readonly log_lost?: string
  /** By how much the machine's clock seems to be ahead of the room's, s, if it does (F1). */
  readonly clock_skew_seconds?: number
  /** What keeps bot and bridges from understanding each other, each with a sentence that says what to do. */
  readonly bridge_faults?: ReadonlyArray<{
    readonly channel: ChannelName
    readonly reason: FaultReason
    readonly message: string
  }>
  /** How saving the state goes, where it is saved (F13). */
  readonly state?: {
    /** ISO time; null before the first time: JSON has no better word. */
    readonly last_saved: string | null
    /** Parts that changed and are not saved yet. */
    readonly unsaved: number
    /** Why the last attempt failed, if it did. */
    readonly failure?: string
  }
  readonly channels: Readonly<Record<string, ChannelStatus>>
  /** The parts of the channels, and those that this replica owns; only where it may have to share them (N2). */
  readonly partitions?: { readonly count: number; readonly owned: ReadonlyArray<Partition> }
  /** ISO time; null before the first event: JSON has no better word. */
  readonly last_event_timestamp: string | null
  readonly metrics: {
    readonly events_received: number
    readonly triggers_fired: number
    readonly responses_sent: number
  }
}

/** How much is wrong with each channel's bridge. */
const faultReadings = (
  channels: ReadonlyArray<ChannelSettings>,
  faults: ReadonlyArray<ChannelFault>
): ReadonlyArray<Reading> =>
  channels.map(({ key, room }): Reading => [
    { channel: room.name },
    faults.filter(({ channel, fault }) => channel.key === key && !isHarmless(fault)).length
  ])

const savingReport = ({ failure, lastSavedAt, unsaved }: CheckpointStatus): NonNullable<HealthReport["state"]> => ({
  last_saved: lastSavedAt === undefined ? null : new Date(lastSavedAt).toISOString(),
  unsaved,
  ...(failure === undefined ? {} : { failure })
})

const limitTypes = ["channel_per_minute", "channel_per_hour"] as const

/** The bot's health, for people and for monitoring. */
export class Health extends Context.Service<Health, {
  readonly report: Effect.Effect<HealthReport>
  /** Refreshes the gauges before a scrape. */
  readonly gauges: Effect.Effect<void>
  /** Whether events can come in: connected and listening. */
  readonly ready: Effect.Effect<boolean>
}>()("llm-bot/Health") {
  static readonly layerNoDeps = Layer.effect(
    Health,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const bridges = yield* BridgeWatch
      const nats = yield* Nats
      const llm = yield* LlmClient
      const supervisor = yield* ChannelSupervisor
      const limiter = yield* RateLimiter
      const ownership = yield* Ownership
      const store = yield* ContextStore
      const states = yield* ChannelStates
      const checkpoints = yield* Checkpoints
      const logLoss = yield* LogLoss
      const beginSeries = yield* makeSeriesFromStart
      const startedAt = yield* monotonicMillis

      const statusOf = ({ enabled, key }: ChannelSettings, active: ReadonlySet<ChannelKey>): ChannelStatus => {
        if (!enabled) return "disabled"
        if (!active.has(key)) return ownership.shared ? "elsewhere" : "disabled"
        return states.of(key).muted ? "muted" : "active"
      }

      const report = Effect.gen(function*() {
        const { channels, settings } = yield* config.current
        const active = new Set((yield* supervisor.active).map(({ key }) => key))
        const connected = yield* nats.connected
        const available = yield* llm.available
        const closed = yield* llm.closed
        // As long as not every endpoint is closed, one can be asked.
        const answerable = available && closed.length <= settings.llm_api.fallbacks.length
        const logLost = logLoss()
        const skews = states.all().flatMap(({ staleRow }) => suspectedSkew(staleRow) ?? [])
        const faults = yield* bridges.faults
        const fits = faults.every(({ fault }) => isHarmless(fault))
        const saving = Option.getOrUndefined(yield* checkpoints.status)
        const saves = saving?.failure === undefined
        const well = saves && connected && answerable && fits && logLost === undefined && skews.length === 0
        return {
          status: well ? "healthy" : "degraded",
          uptime_seconds: Math.floor(((yield* monotonicMillis) - startedAt) / 1000),
          nats_connected: connected,
          llm_api_available: available,
          ...(closed.length === 0 ? {} : {
            llm_endpoints_closed: closed.map(({ forMs, model, why }) => ({
              model,
              for_seconds: Math.ceil(forMs / 1000),
              reason: why
            }))
          }),
          ...(logLost === undefined ? {} : { log_lost: logLost }),
          ...(skews.length === 0 ? {} : { clock_skew_seconds: Math.round(Math.max(...skews) / 1000) }),
          ...(faults.length === 0 ? {} : {
            bridge_faults: faults.map(({ channel: { room }, fault }) => ({
              channel: room.name,
              reason: faultReasons[fault._tag],
              message: faultText(fault, room)
            }))
          }),
          ...(saving === undefined ? {} : { state: savingReport(saving) }),
          channels: Object.fromEntries(
            [...channels.values()].map((channel) => [channel.room.name, statusOf(channel, active)] as const)
          ),
          ...(ownership.shared ? { partitions: { count: ownership.count, owned: yield* ownership.owned } } : {}),
          last_event_timestamp: Option.getOrNull(
            Option.map(yield* supervisor.lastEventAt, (at) => new Date(at).toISOString())
          ),
          metrics: {
            events_received: yield* total("eventsReceived"),
            triggers_fired: yield* total("triggersFired"),
            responses_sent: yield* total("responsesSent")
          }
        } satisfies HealthReport
      })
      /** What each channel's limits still allow, limit by limit. */
      const remaining = (
        { key, rateLimits, room }: ChannelSettings,
        now: ClockReading
      ): ReadonlyArray<Reading> => {
        const remaining = limiter.remaining(key, rateLimits, now.monotonic)
        return limitTypes.flatMap((limit_type): ReadonlyArray<Reading> => {
          const value = remaining[limit_type]
          return value === undefined ? [] : [[{ channel: room.name, limit_type }, value]]
        })
      }

      /** How many lines of a channel a prompt could show. */
      const windowSize = ({ context, key, room }: ChannelSettings, now: ClockReading): Reading => {
        const { lines } = store.context({ channel: key, with: undefined }, context, now.wall)
        return [{ channel: room.name }, lines.length]
      }

      const gauges = Effect.gen(function*() {
        const now = yield* readClock
        const configuration = yield* config.current
        const { channels } = configuration
        beginSeries(configuration)
        const active = yield* supervisor.active
        const available = yield* llm.available
        const models = new Set([...channels.values()].map(({ model }) => model))
        yield* setAll("bridgeFaults", faultReadings(active, yield* bridges.faults))
        yield* set("natsConnected", yield* nats.connected)
        yield* setAll("llmApiAvailable", [...models].map((model) => [{ model }, available]))
        yield* set("activeChannels", active.length)
        yield* set("partitionsOwned", (yield* ownership.owned).length)
        yield* setAll(
          "rateLimitRemaining",
          active.flatMap((channel) => remaining(channel, now))
        )
        const saving = yield* checkpoints.status
        if (Option.isSome(saving)) yield* set("stateUnsavedSeconds", saving.value.unsavedMs / 1000)
        yield* set("channelsMuted", active.filter(({ key }) => states.of(key).muted).length)
        yield* setAll("contextWindowSize", active.map((channel) => windowSize(channel, now)))
      })

      const ready = Effect.gen(function*() {
        const isDeaf = (yield* bridges.faults).some(({ fault }) => fault._tag === "MayNotSubscribe")
        return (yield* nats.connected) && (yield* supervisor.listening) && !isDeaf
      })

      return Health.of({ report, gauges, ready })
    })
  )
}
