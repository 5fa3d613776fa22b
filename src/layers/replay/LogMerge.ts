import type { MergedLogs } from "../../domain/replay/ReplayRun.ts"
import { decideAlike } from "../../domain/replay/SameDecisions.ts"
import type { RecordingEntry } from "../../services/replay/Recording.ts"
import { onEarlierClock } from "../../services/replay/RecordedState.ts"
import type { LogEntry, LogLine } from "./LogReader.ts"
import { type LogStrand, makeClocks, type NamedLog, type StrandLine, strandOf } from "./LogStrand.ts"
import { clocksApartMs, makeSharedLines, type MetLine } from "./SharedLines.ts"

/** An entry on a clock that began so much earlier, ms. */
const onClock = (entry: LogEntry, byMs: number): LogEntry => {
  if (entry.kind === "captured" || byMs === 0) return entry
  const moved: RecordingEntry = { ...entry, mono: entry.mono + byMs }
  if (moved.kind === "state") return { ...moved, value: onEarlierClock(moved.value, byMs) }
  return moved.kind === "event" ? { ...moved, since: { ts: moved.since.ts, mono: moved.since.mono + byMs } } : moved
}

/** One bot has one configuration at a time: the first one's, and every change of it once. */
const makeConfigurations = () => {
  let current: unknown
  // One a log.
  const own = new Map<LogStrand, unknown>()
  const otherwise = new Set<string>()
  return {
    otherwise,
    /** The heading of a recording: the next configuration is what it begins with. */
    begin: (strand: LogStrand, joins: boolean): void => {
      own.delete(strand)
      if (!joins) current = undefined
    },
    /** Whether a configuration becomes that of all. */
    take: (strand: LogStrand, settings: unknown): boolean => {
      const isFirst = !own.has(strand)
      own.set(strand, settings)
      if (current !== undefined && isFirst) {
        if (!decideAlike(current, settings)) otherwise.add(strand.name)
        return false
      }
      if (otherwise.has(strand.name) || JSON.stringify(current) === JSON.stringify(settings)) return false
      current = settings
      return true
    }
  }
}

const channelState = /^channel\.(.*)$/

/** The channel of which a line tells with what it began. */
const beginningOf = (entry: LogEntry): string | undefined => {
  if (entry.kind === "recalled") return entry.channel
  return entry.kind === "state" ? channelState.exec(entry.name)?.[1] : undefined
}

/** Several logs as one: the line with the lowest time of them all is next, and what several hold counts once. */
export const mergeOf = (logs: ReadonlyArray<NamedLog>) => {
  const clockOf = makeClocks()
  const strands = logs.map((log, index) => strandOf(log, index, clockOf))
  const shared = makeSharedLines()
  const configurations = makeConfigurations()
  const stops: Array<number> = []
  // Lines of so much time as clocks may be apart.
  let held: Array<MetLine & { readonly joins: boolean }> = []
  // Where the monotonic clock of the part under way stands against the wall's, ms.
  let base: number | undefined
  let count = 0

  const nextStrand = (): LogStrand | undefined => {
    let first: LogStrand | undefined
    for (const strand of strands) {
      const at = strand.next()?.at
      if (at !== undefined && (first === undefined || at < (first.next()?.at ?? at))) first = strand
    }
    return first
  }

  /** Whether a strand begins, or begins anew, while others are under way. */
  const joinsOthers = (strand: LogStrand): boolean =>
    strands.some((other) => other !== strand && other.begun() && other.next() !== undefined)

  const isWanted = (met: MetLine): boolean => {
    const { line: { entry }, strand } = met
    if (!shared.take(met)) return false
    if (entry.kind === "config") return configurations.take(strand, entry.settings)
    // A channel of which something was heard goes on from that.
    const channel = beginningOf(entry)
    return channel === undefined || !shared.isHeard(channel)
  }

  const baseOf = ({ entry, offset }: StrandLine): number =>
    entry.kind === "captured" ? Math.round(entry.ts * 1000) : offset

  const lineOf = (met: MetLine & { readonly joins: boolean }): ReadonlyArray<LogLine> => {
    const { joins, line, strand } = met
    if (line.entry.kind === "recording") configurations.begin(strand, joins)
    if (base === undefined || (line.entry.kind === "recording" && !joins)) base = baseOf(line)
    if (!isWanted(met)) return []
    count++
    const entry = onClock(line.entry, line.offset - base)
    return [{ line: count, entry, origin: { file: strand.name, line: line.line }, joins }]
  }

  /** The lines that have waited long enough. */
  const due = (before: number): ReadonlyArray<LogLine> => {
    const young = held.findIndex(({ line }) => line.at >= before)
    const old = young < 0 ? held : held.slice(0, young)
    held = young < 0 ? [] : held.slice(young)
    return old.flatMap(lineOf)
  }

  async function* batches(): AsyncGenerator<ReadonlyArray<LogLine>> {
    await Promise.all(strands.map((strand) => strand.read()))
    let at = Number.NEGATIVE_INFINITY
    for (let strand = nextStrand(); strand !== undefined; strand = nextStrand()) {
      const line = strand.next()
      if (line === undefined) return
      const begins = line.entry.kind === "recording" || !strand.begun()
      held.push({ ...shared.meet(strand, line), joins: begins && joinsOthers(strand) })
      at = line.at
      strand.take()
      if (!strand.isSpent()) continue
      // oxlint-disable-next-line no-await-in-loop -- a batch of a file at a time
      await strand.read()
      if (strand.next() === undefined) stops.push(Math.round(line.entry.ts * 1000))
      yield due(at - clocksApartMs)
    }
    yield due(Number.POSITIVE_INFINITY)
  }

  return {
    batches,
    /** What is known once all batches were read. */
    result: (): MergedLogs => ({
      names: logs.map(({ name }) => name),
      shared: shared.count(),
      otherwise: [...configurations.otherwise],
      stops
    })
  }
}
