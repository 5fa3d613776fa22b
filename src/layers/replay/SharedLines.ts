import { subjectEvent } from "../../domain/wire/Subject.ts"
import { token } from "../../domain/wire/Room.ts"
import type { LogEvent } from "./LogEvent.ts"
import { isLogEvent } from "./LogEvent.ts"
import type { LogEntry } from "./LogReader.ts"
import type { LogStrand, StrandLine } from "./LogStrand.ts"

/** How far the clocks of two recordings may be apart, ms. */
export const clocksApartMs = 10_000
/** How long what became of a line is written after it, ms. */
const followsWithin = 600_000

/** Values by name that are forgotten once they are between one and two spans old: bounded by what one span holds. */
const makeRecent = <V>(spanMs: number) => {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  let turnedAt = Number.NEGATIVE_INFINITY
  return {
    get: (name: string): V | undefined => young.get(name) ?? old.get(name),
    set: (name: string, value: V, at: number): void => {
      if (at - turnedAt > spanMs) {
        old = young
        young = new Map()
        turnedAt = at
      }
      young.set(name, value)
    }
  }
}

/** A channel as a recording heard it: since when, and when last. */
interface Heard {
  readonly strand: number
  readonly since: number
  readonly at: number
}

/** A line of a log that has its turn after a while. */
export interface MetLine {
  readonly strand: LogStrand
  readonly line: StrandLine
  /** What tells an event from others, in every log; empty for another line. */
  readonly message: string
}

const later = (one: Heard, other: Heard): Heard =>
  one.since > other.since || (one.since === other.since && one.strand <= other.strand) ? one : other

const channelOf = (entry: LogEvent): string => token(subjectEvent(entry.subject ?? "").channel)
const messageOf = (entry: LogEvent): string =>
  `${entry.subject} ${entry.kind === "event" ? entry.id : entry.ts} ${JSON.stringify(entry.payload)}`

/** The decision that a line tells something of. */
const decisionOf = (entry: LogEntry): string | undefined => {
  switch (entry.kind) {
    case "charged":
    case "completion":
    case "turn":
    case "sent":
    case "unheard":
      return entry.id
    case "decision":
      return entry.record.correlationId
    default:
      return undefined
  }
}

/**
 * Finds the lines that several logs hold: each counts once. A message that two replicas heard is of the one that subscribed
 * to its channel last, and so is all that became of it.
 */
export const makeSharedLines = () => {
  const messages = makeRecent<Heard>(2 * clocksApartMs)
  const others = makeRecent<number>(2 * clocksApartMs)
  const lost = makeRecent<true>(followsWithin)
  // One a channel, and one a channel and log.
  const owners = new Map<string, Heard>()
  const heard = new Map<string, Heard>()
  let count = 0

  const heardOf = ({ index }: LogStrand, { at, entry, offset }: StrandLine): Heard => ({
    strand: index,
    since: entry.kind === "event" ? entry.since.mono + offset : 0,
    at
  })

  /** Takes notice of a line before its turn: so much may lie between two copies of it. */
  const meet = (strand: LogStrand, line: StrandLine): MetLine => {
    const { at, entry } = line
    if (!isLogEvent(entry)) return { strand, line, message: "" }
    const own = heardOf(strand, line)
    const message = messageOf(entry)
    const other = messages.get(message)
    messages.set(message, other === undefined ? own : later(other, own), at)
    return { strand, line, message }
  }

  const takesEvent = ({ line, message, strand }: MetLine, entry: LogEvent): boolean => {
    const own = heardOf(strand, line)
    const channel = channelOf(entry)
    heard.set(`${strand.index} ${channel}`, own)
    if ((messages.get(message) ?? own).strand !== strand.index) {
      if (entry.kind === "event") lost.set(`${strand.index} ${entry.id}`, true, line.at)
      return false
    }
    owners.set(channel, later(own, owners.get(channel) ?? own))
    return true
  }

  /** A room that two replicas looked at was looked at by the one that listened to it. */
  const looksAtOwn = ({ index }: LogStrand, channel: string): boolean => {
    const owner = owners.get(channel)
    const own = heard.get(`${index} ${channel}`)
    if (owner === undefined || own === undefined || owner.strand === index) return true
    return own.since > owner.since || own.at <= owner.since + clocksApartMs
  }

  const takesOther = ({ index }: LogStrand, { at, entry }: StrandLine): boolean => {
    const text = JSON.stringify(entry)
    const holder = others.get(text)
    if (holder === undefined) others.set(text, index, at)
    return holder === undefined || holder === index
  }

  const takes = (met: MetLine): boolean => {
    const { line, strand } = met
    const { entry } = line
    if (isLogEvent(entry)) return takesEvent(met, entry)
    if (entry.kind === "recording") return true
    const id = decisionOf(entry)
    if (id !== undefined && lost.get(`${strand.index} ${id}`) === true) return false
    if (entry.kind === "look" && !looksAtOwn(strand, token(entry.channel))) return false
    return takesOther(strand, line)
  }

  return {
    meet,
    /** Whether a line counts; false where another log's does. */
    take: (met: MetLine): boolean => {
      const taken = takes(met)
      if (!taken) count++
      return taken
    },
    /** Whether a message of a channel counted. */
    isHeard: (channel: string): boolean => owners.has(token(channel)),
    count: () => count
  }
}
