import { Clock, Effect, Layer, Result } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import { canTrigger } from "../../domain/triggers/Trigger.ts"
import { eventSubjects } from "../../domain/wire/Subject.ts"
import { decodeEvent, type WireMessage } from "../../domain/wire/Wire.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import type { BridgeSightings } from "../../services/bridge/BridgeSightings.ts"
import { Intake, type IntakeHandler, unacknowledged } from "../../services/Intake.ts"
import { Nats } from "../../services/Nats.ts"
import { readingOf } from "../../services/Time.ts"
import { makeEventDecoder } from "./EventDecoder.ts"
import { type EventQueue, type EventReceiver, makeEventQueue } from "./EventQueue.ts"

type Needs = BotConfig | BridgeSightings | Nats

/** Core subscriptions: events are decided in order of arrival, as fast as the process can. */
export const layer: Layer.Layer<Intake, never, Needs> = Layer.effect(
  Intake,
  Effect.gen(function*() {
    const config = yield* BotConfig
    const nats = yield* Nats
    const clock = yield* Clock.Clock
    const decode = yield* makeEventDecoder
    const queue: EventQueue = yield* makeEventQueue

    // One a channel the bot listens to.
    const receivers = new Map<ChannelKey, EventReceiver>()

    const receive = (receiver: EventReceiver, message: WireMessage): void =>
      queue.offer(receiver, message, readingOf(clock))

    const open = Effect.fnUntraced(function*(channel: ChannelSettings, handle: IntakeHandler) {
      const subscribedAt = readingOf(clock)
      let listening = true
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          listening = false
          if (receivers.get(channel.key) === receiver) receivers.delete(channel.key)
        })
      )
      const receiver: EventReceiver = {
        channel: channel.room.name,
        isExpendable: (message, arrivedAt) => {
          const decoded = decodeEvent(message, channel.room, arrivedAt.wall)
          return Result.isFailure(decoded) ||
            !canTrigger(decoded.success.event, config.read().channels.get(channel.key)?.triggers ?? [])
        },
        handle: (message, arrivedAt) => {
          const arrival = listening ? decode(message, channel, { arrivedAt, subscribedAt }) : undefined
          if (arrival !== undefined) handle({ ...unacknowledged, arrival })
        }
      }
      receivers.set(channel.key, receiver)
      for (const subject of eventSubjects(channel.protocol, channel.room)) {
        yield* nats.subscribe(subject, (message) => receive(receiver, message))
      }
    })

    return Intake.of({
      open,
      sent: () => Effect.succeed([]),
      take: (channel, message) => {
        const receiver = receivers.get(channel)
        if (receiver !== undefined) receive(receiver, message)
      }
    })
  })
)
