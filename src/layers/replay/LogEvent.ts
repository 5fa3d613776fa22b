import { Option, Result } from "effect"
import type { ActiveSettings, ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ChatEvent } from "../../domain/ChatEvent.ts"
import { keyOfIdentity } from "../../domain/EventIdentity.ts"
import { CorrelationId, type EventIdentity } from "../../domain/Ids.ts"
import { token } from "../../domain/wire/Room.ts"
import { subjectEvent } from "../../domain/wire/Subject.ts"
import { decodeParsed } from "../../domain/wire/Wire.ts"
import { type IntakeMessage, unacknowledged } from "../../services/Intake.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { RecordingEntry, Stamped } from "../../services/replay/Recording.ts"
import type { CapturedEvent, LogEntry, LogLine } from "./LogReader.ts"

/** A line of a log that is an event. */
export type LogEvent = CapturedEvent | Extract<RecordingEntry, { readonly kind: "event" }>

/** Whether a line of a log is an event. */
export const isLogEvent = (entry: LogEntry): entry is LogEvent => entry.kind === "event" || entry.kind === "captured"

/** A recorded moment. */
export const momentOf = ({ mono, ts }: Stamped): ClockReading => ({ wall: Math.round(ts * 1000), monotonic: mono })

/** A captured moment: its monotonic clock goes with the wall's from where the log begins. */
export const capturedMoment = ({ ts }: CapturedEvent, { monotonic, wall }: ClockReading): ClockReading => ({
  wall: Math.round(ts * 1000),
  monotonic: monotonic + Math.max(0, Math.round(ts * 1000) - wall)
})

// Those of each configuration, by their names in subjects, in its order.
const enabledIn = new WeakMap<ActiveSettings, ReadonlyMap<string, ChannelSettings>>()

const enabledChannels = (active: ActiveSettings): ReadonlyMap<string, ChannelSettings> => {
  const known = enabledIn.get(active)
  if (known !== undefined) return known
  const channels = new Map<string, ChannelSettings>()
  for (const channel of active.channels.values()) {
    const name = token(channel.room.name)
    if (channel.enabled && !channels.has(name)) channels.set(name, channel)
  }
  enabledIn.set(active, channels)
  return channels
}

const channelOf = (subject: string | undefined, active: ActiveSettings): ChannelSettings | undefined => {
  const channels = enabledChannels(active)
  if (subject !== undefined) return channels.get(token(subjectEvent(subject).channel))
  const [first] = channels.values()
  return first
}

const withIdentity = (event: ChatEvent, identity: EventIdentity | undefined): ChatEvent =>
  identity !== undefined && (event._tag === "ChatMsg" || event._tag === "Pm")
    ? { ...event, recorded: identity, key: keyOfIdentity(identity) }
    : event

/** The decoded event, arrived at a time; or why it is invalid. */
export const deliveryOf = (
  line: LogLine & { readonly entry: LogEvent },
  arrivedAt: ClockReading,
  began: ClockReading,
  active: ActiveSettings
): Result.Result<IntakeMessage, string> => {
  const { entry } = line
  const recorded = entry.kind === "event" ? entry : undefined
  const channel = channelOf(entry.subject, active)
  if (channel === undefined) {
    return Result.fail(`channel ${subjectEvent(entry.subject ?? "").channel} is not in the configuration`)
  }
  const message = {
    subject: entry.subject ?? `cytube.events.${token(channel.room.name)}.chatMsg`,
    headers: new Map(Object.entries(entry.headers))
  }
  return Result.mapBoth(decodeParsed(message, entry.payload, channel.room, arrivedAt.wall), {
    onFailure: ({ constraint, field }) => `${field}: ${constraint}`,
    onSuccess: ({ correlationId, domain, event, type }) => ({
      arrival: {
        type,
        event: withIdentity(event, recorded?.identity),
        // A line of 0.1 holds no envelope, so its domain is a separate field.
        domain: Option.orElse(domain, () => Option.fromNullishOr(recorded?.domain)),
        correlationId: recorded?.id ?? Option.getOrElse(correlationId, () => CorrelationId.make(`line-${line.line}`)),
        channel: channel.key,
        arrivedAt,
        subscribedAt: recorded === undefined ? began : momentOf(recorded.since),
        ...(recorded?.earlier === undefined ? {} : { earlier: recorded.earlier }),
        message: undefined,
        raw: undefined
      },
      ...unacknowledged
    })
  })
}
