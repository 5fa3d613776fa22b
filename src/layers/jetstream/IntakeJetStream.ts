import type { JsMsg } from "@nats-io/jetstream"
import { Clock, Context, Effect, Layer, Option, RcMap, Schedule, Scope } from "effect"
import type { ActiveSettings, ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import type { SentReply } from "../../domain/limits/SentReply.ts"
import { publishedSubject, streamName } from "../../domain/jetstream/StreamNames.ts"
import { type Partition, partitionOf } from "../../domain/ownership/Partition.ts"
import { eventSubjects } from "../../domain/wire/Subject.ts"
import { wireEventType, type WireMessage } from "../../domain/wire/Wire.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import type { BridgeSightings } from "../../services/bridge/BridgeSightings.ts"
import { Intake, type IntakeHandler, unacknowledged } from "../../services/Intake.ts"
import { NatsNotSubscribed } from "../../services/Nats.ts"
import { makeLogWriter } from "../../services/telemetry/LogWriter.ts"
import { makeMeter } from "../../services/telemetry/Metrics.ts"
import { readingOf } from "../../services/Time.ts"
import { makeEventDecoder } from "../nats/EventDecoder.ts"
import { type Deliveries, makeDeliveries } from "./Deliveries.ts"
import { JetStream } from "./JetStream.ts"
import { ensureConsumer, mostDeliveries, pullEvents } from "./PartitionEvents.ts"
import { type PastEvents, readPast } from "./PastEvents.ts"
import { findStream } from "./Provision.ts"
import { sentReplies } from "./SentReplies.ts"
import { momentOf, storedAt, wireOf } from "./StoredWire.ts"
import { Streams } from "./Streams.ts"

/** Events that wait for channels of a partition that are still to open. */
const mostHeld = 500
/** When an event comes again that found no place, ms. */
const heldAgainMs = 1_000

/** An event's subject without the event, by which a room is found. */
const stemOf = (subject: string): string => subject.slice(0, subject.lastIndexOf("."))

const stemsOf = ({ protocol, room }: ChannelSettings): ReadonlyArray<string> =>
  eventSubjects(protocol, room).map(stemOf)

/** The rooms of a configuration by the stems of their events. */
const makeRooms = () => {
  let known: ActiveSettings | undefined
  let rooms: ReadonlyMap<string, ChannelKey> = new Map()
  return (active: ActiveSettings): ReadonlyMap<string, ChannelKey> => {
    if (active !== known) {
      known = active
      rooms = new Map(
        [...active.channels.values()].filter(({ enabled }) => enabled).flatMap((channel) =>
          stemsOf(channel).map((stem) => [stem, channel.key] as const)
        )
      )
    }
    return rooms
  }
}

/** A partition of which at least one channel is open. */
interface OpenPartition {
  readonly deliveries: Deliveries
  /** Since when the stream keeps what is said: what was said earlier is context only. */
  readonly since: ClockReading
  readonly past: PastEvents
  /** By channel. */
  readonly receivers: Map<ChannelKey, (message: JsMsg) => void>
  readonly held: Map<ChannelKey, Array<JsMsg>>
}

/** Takes an event to its channel; one whose channel is not open yet waits. */
const route = ({ deliveries, held, receivers }: OpenPartition, message: JsMsg, channel: ChannelKey): void => {
  const receive = receivers.get(channel)
  if (receive !== undefined) return receive(message)
  const waiting = held.get(channel) ?? []
  if (waiting.length >= mostHeld) return deliveries.nak(message.seq, heldAgainMs)
  held.set(channel, [...waiting, message])
}

type Needs = BotConfig | BridgeSightings | JetStream | Streams

/**
 * Durable intake: the events that the streams keep, each until its decision is acknowledged (N2). One consumer a
 * partition, pulled while a channel of it is open.
 */
export const layer: Layer.Layer<Intake, never, Needs> = Layer.effect(
  Intake,
  Effect.gen(function*() {
    const config = yield* BotConfig
    const clock = yield* Clock.Clock
    const decode = yield* makeEventDecoder
    const meter = yield* makeMeter
    const log = yield* makeLogWriter("Intake")
    const services = Context.omit(Scope.Scope)(yield* Effect.context<JetStream | Streams>())
    const { jetstream } = (yield* config.current).settings.nats
    const roomsOf = makeRooms()
    // One a partition; they outlive its pull, as replies under way are acknowledged at their end.
    const tracked = new Map<Partition, Deliveries>()

    const deliveriesOf = (partition: Partition): Deliveries => {
      const deliveries = tracked.get(partition) ?? makeDeliveries()
      tracked.set(partition, deliveries)
      return deliveries
    }

    /** An event that was delivered too often: whoever took it did not live to acknowledge it. */
    const giveUp = (message: JsMsg, channel: ChannelSettings): void => {
      meter.count("eventsInvalid", { channel: channel.room.name, reason: "poison" })
      const about = { channel: channel.room.name, stream_sequence: message.seq, deliveries: mostDeliveries }
      log("Error", "Event given up: it was delivered too often", about)
    }

    const openPartition = Effect.fnUntraced(
      function*(partition: Partition) {
        const found = yield* ensureConsumer(jetstream, partition)
        // The stream's beginning, not the consumer's: a partition's first owner may come a while after the stream.
        const stream = yield* findStream(streamName(jetstream.prefix, "IN"))
        const { created } = Option.getOrElse(stream, () => found)
        const rooms = roomsOf(yield* config.current)
        const channelOf = ({ subject }: JsMsg) => rooms.get(stemOf(publishedSubject(jetstream.prefix, subject)))
        const opened: OpenPartition = {
          deliveries: deliveriesOf(partition),
          since: momentOf(Date.parse(created), readingOf(clock)),
          past: yield* readPast(jetstream, partition, found, channelOf),
          receivers: new Map(),
          held: new Map()
        }
        const { deliveries, held } = opened
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            for (const message of [...held.values()].flat()) deliveries.nak(message.seq)
          })
        )
        const receive = (message: JsMsg): void => {
          if (!deliveries.begin(message)) return
          const active = config.read()
          const key = roomsOf(active).get(stemOf(publishedSubject(jetstream.prefix, message.subject)))
          const channel = key === undefined ? undefined : active.channels.get(key)
          if (channel === undefined) return deliveries.ack(message.seq)
          if (message.info.deliveryCount < mostDeliveries) return route(opened, message, channel.key)
          giveUp(message, channel)
          deliveries.term(message.seq)
        }
        yield* pullEvents(jetstream, { partition, found, deliveries, receive })
        return opened
      },
      Effect.mapError(({ message }) => new NatsNotSubscribed({ subject: `${jetstream.prefix}.in.>`, detail: message })),
      Effect.provideContext(services)
    )

    const partitions = yield* RcMap.make({ lookup: openPartition })

    // A reply takes longer than a server waits for an acknowledgement.
    yield* Effect.sync(() => {
      for (const deliveries of tracked.values()) deliveries.working()
    }).pipe(
      Effect.repeat(Schedule.spaced(jetstream.ack_wait_seconds * 1000 / 3)),
      Effect.forkScoped
    )

    /** Gives a channel an event, first or again. */
    const deliver = (
      { deliveries, since }: OpenPartition,
      channel: ChannelSettings,
      handle: IntakeHandler
    ) =>
    (message: JsMsg): void => {
      const { info: { redelivered }, seq } = message
      const wire = wireOf(message, jetstream.prefix)
      const decoded = decode(wire, channel, { arrivedAt: readingOf(clock), subscribedAt: since })
      if (decoded === undefined) return wireEventType(wire) === "other" ? deliveries.ack(seq) : deliveries.term(seq)
      handle({
        arrival: redelivered ? { ...decoded, earlier: "unfinished" } : decoded,
        ack: () => deliveries.ack(seq),
        nak: () => deliveries.nak(seq),
        working: () => deliveries.working()
      })
    }

    const answers = new Map<ChannelKey, (message: WireMessage) => void>()

    const open = Effect.fnUntraced(function*(channel: ChannelSettings, handle: IntakeHandler) {
      const partition = yield* RcMap.get(partitions, partitionOf(channel.room, jetstream.partitions))
      const { held, past, receivers, since } = partition
      for (const message of past.take(channel.key)) {
        const moments = { arrivedAt: storedAt(message, readingOf(clock)), subscribedAt: since }
        const arrival = decode(wireOf(message, jetstream.prefix), channel, moments)
        if (arrival !== undefined) handle({ arrival: { ...arrival, earlier: "handled" }, ...unacknowledged })
      }
      const receive = deliver(partition, channel, handle)
      const answer = (message: WireMessage): void => {
        const arrivedAt = readingOf(clock)
        const arrival = decode(message, channel, { arrivedAt, subscribedAt: since })
        if (arrival !== undefined) handle({ arrival, ...unacknowledged })
      }
      receivers.set(channel.key, receive)
      answers.set(channel.key, answer)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (receivers.get(channel.key) === receive) receivers.delete(channel.key)
          if (answers.get(channel.key) === answer) answers.delete(channel.key)
        })
      )
      const waiting = held.get(channel.key) ?? []
      held.delete(channel.key)
      for (const message of waiting) receive(message)
    })

    const sent = (channel: ChannelSettings) =>
      sentReplies(jetstream.prefix, channel).pipe(
        Effect.retry({ times: 3, schedule: Schedule.spaced("1 second") }),
        Effect.tapError(({ message }) => Effect.logError("What was sent before is not known", message)),
        Effect.orElseSucceed((): ReadonlyArray<SentReply> => []),
        Effect.annotateLogs({ logger: "Intake", channel: channel.room.name }),
        Effect.provideContext(services)
      )

    return Intake.of({ open, sent, take: (channel, message) => answers.get(channel)?.(message) })
  })
)
