import { Option } from "effect"
import { hash } from "../Hash.ts"
import { type Partition, partitionOf, partitionsOf } from "../ownership/Partition.ts"
import type { JetStreamSettings } from "../settings/JetStreamSettings.ts"
import type { RateLimits } from "../settings/LimitSettings.ts"
import type { Settings } from "../settings/Settings.ts"
import { type ProtocolSetting, protocolsOf } from "../wire/protocols/Protocol.ts"
import type { Room } from "../wire/Room.ts"
import { eventSubjects } from "../wire/Subject.ts"
import { eventsOf, limitSubject, relays, streamName } from "./StreamNames.ts"
import { deploymentText } from "./Deployment.ts"

const minuteMs = 60_000
const hourMs = 3_600_000
/** What was sent is kept for so long at least: as long as any limit counts it, and some. */
const sentKeptMs = 2 * hourMs

/** A stream as the bot wants it, in a file always: streams in memory are gone when the server restarts. */
export interface PlannedStream {
  readonly name: string
  readonly description: string
  readonly subjects: ReadonlyArray<string>
  readonly replicas: number
  /** Absent: no bound. */
  readonly maxAgeMs?: number
  readonly maxBytes?: number
  readonly maxMessages?: number
  /** More of one subject are refused. */
  readonly maxPerSubject?: number
  readonly duplicateWindowMs?: number
  /** What the stream takes is published again under another subject. */
  readonly republish?: { readonly src: string; readonly dest: string }
}

/** What the plan depends on. */
export interface PlanFacts {
  readonly jetstream: JetStreamSettings
  readonly bot: string
  readonly rooms: ReadonlyArray<{ readonly protocol: ProtocolSetting; readonly room: Room }>
  readonly userLimits: Pick<RateLimits, "max_per_user_per_minute" | "max_per_user_per_hour">
}

/** The facts in a configuration. */
export const planFacts = ({ bot, channels, nats, rate_limits }: Settings): PlanFacts => ({
  jetstream: nats.jetstream,
  bot: bot.username,
  rooms: channels.filter(({ enabled }) => enabled).map(({ domain, name }) => ({
    protocol: nats.protocol,
    room: { name, domain }
  })),
  userLimits: rate_limits
})

type Common = Pick<PlannedStream, "description" | "replicas">

/**
 * One tap for each partition that has rooms: it hears what the bridges publish, in whatever protocol and spelling, and
 * passes it on under the partition. The server's own `partition()` would part the spellings of one room.
 */
const taps = (
  { jetstream: { partitions, prefix }, rooms }: PlanFacts,
  common: Common
): ReadonlyArray<PlannedStream> => {
  const subjectsOf = (partition: Partition): ReadonlyArray<string> => [
    ...new Set(
      rooms.filter(({ room }) => partitionOf(room, partitions) === partition).flatMap(({ protocol, room }) =>
        eventSubjects(protocol, room)
      )
    )
  ]
  return partitionsOf(partitions).flatMap((partition) => {
    const subjects = subjectsOf(partition)
    return subjects.length === 0 ? [] : [{
      ...common,
      name: streamName(prefix, `TAP_${partition}`),
      subjects,
      maxMessages: 1,
      republish: { src: ">", dest: eventsOf(prefix, partition) }
    }]
  })
}

/** One outbox for each family of command subjects: a stream has one rule for what it publishes again. */
const outboxes = ({ jetstream, rooms }: PlanFacts, common: Common): ReadonlyArray<PlannedStream> => {
  const { duplicate_window_seconds, outbox_max_bytes, prefix } = jetstream
  const spoken = new Set(rooms.flatMap(({ protocol }) => protocolsOf(protocol)))
  const duplicateWindowMs = duplicate_window_seconds * 1000
  return relays.filter(({ protocols }) => protocols.some((protocol) => spoken.has(protocol))).map((relay) => ({
    ...common,
    name: streamName(prefix, relay.stream),
    subjects: [`${prefix}.out.${relay.token}.>`],
    maxAgeMs: Math.max(sentKeptMs, duplicateWindowMs),
    maxBytes: outbox_max_bytes,
    duplicateWindowMs,
    republish: { src: `${prefix}.out.${relay.token}.>`, dest: `${relay.commands}>` }
  }))
}

/** One stream for each limit of people that there is: it takes no more of one person than the limit allows. */
const userLimits = ({ jetstream, userLimits: limits }: PlanFacts, common: Common): ReadonlyArray<PlannedStream> => {
  const { duplicate_window_seconds, limits_max_bytes: maxBytes, prefix } = jetstream
  return ([
    ["minute", limits.max_per_user_per_minute, minuteMs],
    ["hour", limits.max_per_user_per_hour, hourMs]
  ] as const).flatMap(([window, maximum, maxAgeMs]) =>
    // A limit of 0 refuses everybody without a stream.
    Option.match(Option.filter(maximum, (most) => most > 0), {
      onNone: () => [],
      onSome: (maxPerSubject) => [{
        ...common,
        name: streamName(prefix, `USER_${window.toUpperCase()}`),
        subjects: [limitSubject(prefix, window, "*")],
        maxAgeMs,
        maxBytes,
        maxPerSubject,
        duplicateWindowMs: Math.min(maxAgeMs, duplicate_window_seconds * 1000)
      }]
    })
  )
}

/** Every stream that a deployment needs (N2). */
export const planStreams = (facts: PlanFacts): ReadonlyArray<PlannedStream> => {
  const { bot, jetstream: { max_bytes, partitions, prefix, replay_seconds, replicas }, rooms, userLimits: limits } =
    facts
  const common = { description: deploymentText({ bot, partitions }), replicas }
  const settings = hash([
    ...rooms.map(({ protocol, room }) => `${protocol} ${room.domain} ${room.name}`).toSorted(),
    ...[limits.max_per_user_per_minute, limits.max_per_user_per_hour].map((most) => Option.getOrElse(most, () => -1))
  ])
  return [
    {
      ...common,
      description: deploymentText({ bot, partitions, settings: settings.slice(0, 8) }),
      name: streamName(prefix, "IN"),
      subjects: [`${prefix}.in.>`],
      maxAgeMs: replay_seconds * 1000,
      maxBytes: max_bytes,
      // The server takes no window that is longer than the age.
      duplicateWindowMs: Math.min(replay_seconds, 120) * 1000
    },
    ...outboxes(facts, common),
    ...userLimits(facts, common),
    // Last: what they pass on must be kept.
    ...taps(facts, common)
  ]
}
