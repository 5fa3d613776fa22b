import { Context, Effect, Fiber, FiberMap, Latch, Layer, Option, Schedule, Stream } from "effect"
import type { ActiveSettings, ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChannelKey } from "../domain/Ids.ts"
import { type Partition, partitionOf } from "../domain/ownership/Partition.ts"
import { eventSubjects } from "../domain/wire/Subject.ts"
import { BotConfig } from "./BotConfig.ts"
import { ChannelKeeper } from "./state/ChannelKeeper.ts"
import { ChannelStates } from "./state/ChannelStates.ts"
import { ContextualTimer } from "./triggers/ContextualTimer.ts"
import { Intake } from "./Intake.ts"
import { RateLimiter } from "./limits/RateLimiter.ts"
import { MessagePipeline } from "./MessagePipeline.ts"
import { Ownership } from "./ownership/Ownership.ts"
import { Replies } from "./reply/Replies.ts"
import { stopStep } from "./Stopping.ts"

/** A failed channel restarts after 1, 2, 4 … at most 30 s. */
const restart = Schedule.min([Schedule.exponential("1 second", 2), Schedule.spaced("30 seconds")])

const subjectsOf = ({ protocol, room }: ChannelSettings): string => eventSubjects(protocol, room).join(" ")

/** Runs one fiber a channel and keeps the set of channels as configuration and ownership say (F9). */
export class ChannelSupervisor extends Context.Service<ChannelSupervisor, {
  /** The channels that are listened to. */
  readonly active: Effect.Effect<ReadonlyArray<ChannelSettings>>
  /** Whether events are accepted: false once the bot is stopping. */
  readonly listening: Effect.Effect<boolean>
  /** When the last event of any channel was accepted, epoch ms. */
  readonly lastEventAt: Effect.Effect<Option.Option<number>>
}>()("llm-bot/ChannelSupervisor") {
  static readonly layerNoDeps = Layer.effect(
    ChannelSupervisor,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const intake = yield* Intake
      const pipeline = yield* MessagePipeline
      const timer = yield* ContextualTimer
      const states = yield* ChannelStates
      const keeper = yield* ChannelKeeper
      const limiter = yield* RateLimiter
      const replies = yield* Replies
      const ownership = yield* Ownership
      const scope = yield* Effect.scope
      const fibers = yield* FiberMap.make<ChannelKey, void, never>()
      const running = new Map<ChannelKey, ChannelSettings>()
      const owned = new Set<Partition>()
      const partition = ({ room }: ChannelSettings): Partition => partitionOf(room, ownership.count)

      /** The channels to listen to: enabled, and in one of the partitions. */
      const openIn = (
        { channels }: ActiveSettings,
        of: ReadonlySet<Partition>
      ): ReadonlyMap<ChannelKey, ChannelSettings> =>
        new Map([...channels].filter(([, channel]) => channel.enabled && of.has(partition(channel))))
      let listening = true
      let lastEventAt = Option.none<number>()

      /** Listens to a channel until interrupted. */
      const listen = Effect.fnUntraced(function*(channel: ChannelSettings, onOpen: Effect.Effect<void>) {
        yield* intake.open(channel, (message) => {
          lastEventAt = Option.some(message.arrival.arrivedAt.wall)
          pipeline.handle(message)
          states.of(channel.key).changed = true
        })
        yield* onOpen
        return yield* Effect.never
      }, Effect.scoped)

      const start = Effect.fnUntraced(function*(channel: ChannelSettings, isNew: boolean) {
        yield* keeper.open(channel)
        // What was sent to it before it was opened here counts here.
        if (isNew) limiter.recall(channel.key, yield* intake.sent(channel))
        const latch = yield* Latch.make()
        const fiber = yield* FiberMap.run(
          fibers,
          channel.key,
          listen(channel, Effect.asVoid(latch.open)).pipe(
            Effect.tapError((error) => Effect.logError("Channel failed; restarting", error.message)),
            Effect.retry(restart),
            Effect.annotateLogs({ logger: "ChannelSupervisor", channel: channel.room.name }),
            Effect.orDie
          )
        )
        yield* Effect.raceFirst(latch.await, Fiber.await(fiber))
      })

      /** Forgets a channel once the replies under way are sent, unless it has come back meanwhile. */
      const forget = (key: ChannelKey): Effect.Effect<void> =>
        Effect.andThen(
          replies.idle(key),
          Effect.suspend(() => running.has(key) ? Effect.void : keeper.forget(key))
        )

      const stop = Effect.fnUntraced(function*(key: ChannelKey) {
        running.delete(key)
        yield* FiberMap.remove(fibers, key)
        yield* Effect.forkIn(forget(key), scope)
      })

      /** Applies the configuration: starts and stops channels; a channel's memory and limits outlive a change (F9). */
      const follow = Effect.fnUntraced(function*(active: ActiveSettings) {
        const open = openIn(active, owned)
        const opening: Array<Effect.Effect<void>> = []
        for (const key of running.keys()) if (!open.has(key)) yield* stop(key)
        for (const [key, channel] of open) {
          const before = running.get(key)
          running.set(key, channel)
          // Another spelling or domain means other subjects; all other settings are read with each message.
          if (before === undefined || subjectsOf(before) !== subjectsOf(channel)) {
            opening.push(start(channel, before === undefined))
          }
        }
        // At once: the server is waited for once.
        yield* Effect.all(opening, { concurrency: "unbounded", discard: true })
        yield* timer.follow(running)
      })

      /** Stops a partition's channels at once and keeps nothing of them: another replica goes on from the streams. */
      const lose = Effect.fnUntraced(function*(left: Partition) {
        owned.delete(left)
        // A stopping bot lets its replies finish.
        if (!listening) return
        const lost = [...running.values()].filter((channel) => partition(channel) === left)
        for (const { key } of lost) running.delete(key)
        yield* timer.follow(running)
        yield* Effect.forEach(lost, ({ key }) => FiberMap.remove(fibers, key), {
          concurrency: "unbounded",
          discard: true
        })
        yield* Effect.forEach(lost, ({ key }) => replies.interrupt(key), { concurrency: "unbounded", discard: true })
        for (const { key } of lost) keeper.leave(key)
      })

      const own = Effect.fnUntraced(function*(gained: Partition) {
        yield* Effect.addFinalizer(() => lose(gained))
        owned.add(gained)
        const opened = openIn(yield* config.current, new Set([gained]))
        const opening = [...opened.values()].filter(({ key }) => !running.has(key))
        for (const channel of opening) running.set(channel.key, channel)
        yield* Effect.forEach(opening, (channel) => start(channel, true), {
          concurrency: "unbounded",
          discard: true
        })
        yield* timer.follow(running)
      })

      yield* ownership.tend(own)
      yield* config.changes.pipe(Stream.runForEach(follow), Effect.forkScoped)
      yield* Effect.addFinalizer(() => {
        listening = false
        const messages = { done: "Intake stopped", givenUp: "Intake stop timed out" }
        return stopStep(messages, "1 second", Effect.andThen(timer.follow(new Map()), FiberMap.clear(fibers)))
      })
      return ChannelSupervisor.of({
        active: Effect.sync(() => [...running.values()]),
        listening: Effect.sync(() => listening),
        lastEventAt: Effect.sync(() => lastEventAt)
      })
    })
  )
}
