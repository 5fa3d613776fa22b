import { isEcho } from "../../domain/decision/Decision.ts"
import type { Backwards, LogMoment, Restart } from "../../domain/replay/ReplayRun.ts"
import { decideAlike } from "../../domain/replay/SameDecisions.ts"
import { isLogEvent } from "./LogEvent.ts"
import { type LogPart, partTally } from "./LogPart.ts"
import { type LogEntry, type LogLine, placeOf } from "./LogReader.ts"

/** What has to be known of a log before it is replayed. */
export interface LogOutline {
  /** Usable lines, and how many of them are events. */
  readonly count: number
  readonly events: number
  readonly parts: ReadonlyArray<LogPart>
  /** The latest format of its recordings; 0 where there is none. */
  readonly format: number
  /** The configuration that the log begins with, as recorded. */
  readonly settings: unknown
  /** Whether a part of it was recorded by version 0.1. */
  readonly former: boolean
  /** The first heading of a recording, of those with pseudonyms where there are any. */
  readonly heading: Extract<LogEntry, { readonly kind: "recording" }> | undefined
  /** The ids of the echoes that the live run had of its lines. */
  readonly echoes: ReadonlySet<string>
  readonly restarts: ReadonlyArray<Restart>
  /** Where a configuration came that decides otherwise than the one before it. */
  readonly reloads: ReadonlyArray<LogMoment>
  readonly backwards: Backwards | undefined
}

/** Smaller steps back are those of a clock that is put right, ms. */
const tolerated = 1_000

/** When a line was written, ms: by the clock that never goes back, where there is one. */
const orderOf = (entry: LogEntry): number => entry.kind === "captured" ? entry.ts * 1000 : entry.mono

const momentOf = (line: LogLine): LogMoment => ({ ...placeOf(line), at: Math.round(line.entry.ts * 1000) })

/** Where a heading is known, or not yet known, to be that of another process. */
type Heading = "restart" | "same" | "open"

/** A recording that is continued in another file has a heading there too: another process subscribed later. */
const headingAt = (heading: Extract<LogEntry, { readonly kind: "recording" }>, before: LogEntry): Heading =>
  before.kind === "captured" || heading.mono < before.mono ? "restart" : "open"

/** Finds where time runs backwards. */
const backwardsTally = () => {
  let count = 0
  let first: Omit<Backwards, "count"> | undefined
  let last: LogLine | undefined
  return {
    add: (line: LogLine, isOtherProcess: boolean): void => {
      // Another process has another clock: the wall's is compared.
      const byMs = last === undefined
        ? 0
        : isOtherProcess
        ? (last.entry.ts - line.entry.ts) * 1000
        : orderOf(last.entry) - orderOf(line.entry)
      last = line
      if (byMs <= tolerated) return
      count++
      first ??= { ...placeOf(line), byMs: Math.round(byMs) }
    },
    result: (): Backwards | undefined => first && { count, ...first }
  }
}

/** Finds where the configuration changed. */
const reloadsTally = () => {
  const reloads: Array<LogMoment> = []
  let before: unknown
  return {
    reloads,
    add: (line: LogLine): void => {
      if (line.entry.kind !== "config") return
      const { settings } = line.entry
      if (before !== undefined && !decideAlike(before, settings)) reloads.push(momentOf(line))
      before = settings
    }
  }
}

/** Splits a log where the bot was restarted. */
const partsTally = () => {
  const parts: Array<ReturnType<typeof partTally>> = []
  const restarts: Array<Restart> = []
  // Lines from a heading on of which it is open whose they are: few, until the next event.
  let open: Array<LogLine> = []
  let last: LogLine | undefined

  const put = (line: LogLine): void => {
    if (parts.length === 0) parts.push(partTally(line))
    parts.at(-1)?.add(line)
    last = line
  }

  const settle = (isRestart: boolean): void => {
    const [heading] = open
    if (isRestart && heading !== undefined && last !== undefined) {
      restarts.push({ ...momentOf(heading), stoppedAt: momentOf(last).at })
      parts.push(partTally(heading))
    }
    for (const line of open) put(line)
    open = []
  }

  return {
    restarts,
    /** Adds a line; whether it is an event of another process than the event before it. */
    add: (line: LogLine): boolean => {
      const before = parts.length
      const { entry } = line
      const [heading] = open
      if (entry.kind === "recording" && line.joins !== true) {
        settle(false)
        open.push(line)
        if (last === undefined) settle(false)
        else if (headingAt(entry, last.entry) === "restart") settle(true)
      } else if (heading === undefined) {
        put(line)
      } else {
        open.push(line)
        if (entry.kind === "event" && heading.entry.kind === "recording") {
          settle(entry.since.mono >= heading.entry.mono)
        } else if (entry.kind === "captured") {
          settle(false)
        }
      }
      return parts.length > before
    },
    result: (): ReadonlyArray<LogPart> => {
      settle(false)
      return parts.map((part) => part.result())
    }
  }
}

/** Outlines a log, line by line. */
export const outlineTally = () => {
  const parts = partsTally()
  const reloads = reloadsTally()
  const backwards = backwardsTally()
  // As many as the replies of the live run.
  const echoes = new Set<string>()
  const counts = { count: 0, events: 0, format: 0 }
  let heading: LogOutline["heading"]
  let otherProcess = false

  return {
    add: (line: LogLine): void => {
      const { entry } = line
      counts.count++
      otherProcess = parts.add(line) || otherProcess
      reloads.add(line)
      if (isLogEvent(entry)) {
        counts.events++
        backwards.add(line, otherProcess && counts.events > 1)
        otherProcess = false
      } else if (entry.kind === "recording") {
        // One with pseudonyms speaks for all.
        if (heading === undefined || entry.anonymous) heading = entry
        counts.format = Math.max(counts.format, entry.format ?? 0)
      } else if (entry.kind === "decision" && isEcho(entry.record)) {
        echoes.add(entry.record.correlationId)
      }
    },
    result: (): LogOutline => {
      const all = parts.result()
      return {
        ...counts,
        parts: all,
        settings: all.find(({ settings }) => settings !== undefined)?.settings,
        former: all.some(({ former }) => former),
        heading,
        echoes,
        restarts: parts.restarts,
        reloads: reloads.reloads,
        backwards: backwards.result()
      }
    }
  }
}
