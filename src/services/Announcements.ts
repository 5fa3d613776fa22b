import { Clock, Context, Effect, Layer, Option, Schedule, Scope, Semaphore } from "effect"
import {
  announcement,
  type Announcer,
  bridgeEvent,
  bridgeLifecycle,
  bridgeNews,
  discoveryPoll,
  type Lifecycle
} from "../domain/wire/Announcement.ts"
import { protocols, protocolsOf } from "../domain/wire/protocols/Protocol.ts"
import type { WireMessage } from "../domain/wire/Wire.ts"
import { BotConfig } from "./BotConfig.ts"
import { makeLogSampler } from "./telemetry/LogSampling.ts"
import { makeLogWriter } from "./telemetry/LogWriter.ts"
import { makeMeter } from "./telemetry/Metrics.ts"
import { monotonicMillis } from "./Time.ts"
import { Nats, type NatsNotSubscribed } from "./Nats.ts"

const heartbeatEvery = "10 seconds"
/** The farewell must not delay shutdown. */
const farewellWithin = "1 second"

/**
 * Tells the bridge's other services that the bot is there, where its protocol has a place for that
 * (WIRE, bridge lifecycle). The farewell comes when this layer closes: after the last reply, before NATS.
 */
export class Announcements extends Context.Service<Announcements, {
  /** Announces that the bot is ready, then sends heartbeats until the layer closes. Run it once. */
  readonly begin: (announcer: Announcer) => Effect.Effect<void, NatsNotSubscribed>
}>()("llm-bot/Announcements") {
  static readonly layerNoDeps = Layer.effect(
    Announcements,
    Effect.gen(function*() {
      const { settings } = yield* (yield* BotConfig).current
      const nats = yield* Nats
      const scope = yield* Effect.scope
      const run = Effect.runForkWith(yield* Effect.context<never>())
      const startedAt = yield* monotonicMillis
      const sample = yield* makeLogSampler
      const log = yield* makeLogWriter("Announcements")
      const meter = yield* makeMeter
      const withLogger = Effect.annotateLogs({ logger: "Announcements" })
      if (!protocolsOf(settings.nats.protocol).some((protocol) => protocols[protocol].announces)) {
        return Announcements.of({ begin: () => Effect.void })
      }

      const announce = Effect.fnUntraced(
        function*(lifecycle: Lifecycle, announcer: Announcer) {
          const at = yield* Clock.currentTimeMillis
          const uptimeSeconds = Math.round((yield* monotonicMillis) - startedAt) / 1000
          yield* nats.publish(announcement(lifecycle, announcer, { at, uptimeSeconds }))
        },
        Effect.catch((error) => Effect.logDebug("Announcement failed", error.message)),
        withLogger
      )

      const tell = (message: WireMessage): void => {
        const event = Option.getOrUndefined(bridgeEvent(message))
        if (event === undefined) return meter.count("announcementsInvalid", {})
        const news = bridgeNews(event)
        if (news !== undefined) sample(news.message, (leftOut) => log(news.level, news.message, leftOut))
      }

      const begin = Effect.fnUntraced(
        function*(announcer: Announcer): Effect.fn.Return<void, NatsNotSubscribed, Scope.Scope> {
          yield* Effect.addFinalizer(() => Effect.timeoutOption(announce("shutdown", announcer), farewellWithin))
          // Polls that come while one is answered are answered with it.
          const answering = yield* Semaphore.make(1)
          const answer = Effect.asVoid(answering.withPermitsIfAvailable(1)(announce("startup", announcer)))
          yield* nats.subscribe(discoveryPoll, () => void run(answer))
          yield* nats.subscribe(bridgeLifecycle, tell)
          yield* announce("startup", announcer)
          yield* announce("heartbeat", announcer).pipe(
            Effect.schedule(Schedule.spaced(heartbeatEvery)),
            Effect.forkScoped
          )
        }
      )

      return Announcements.of({ begin: (announcer) => Effect.provideService(begin(announcer), Scope.Scope, scope) })
    })
  )
}
