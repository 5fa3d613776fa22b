import { decideAlike } from "../../domain/replay/SameDecisions.ts"
import type { Backwards, LogMoment, Restart } from "../../domain/replay/ReplayRun.ts"
import { isLogEvent } from "./LogEvent.ts"
import type { LogEntry, LogLine } from "./ReplayLog.ts"

/** What one process of the bot recorded, or a whole log of another kind. */
export type LogPart = ReadonlyArray<LogLine>

/** Smaller steps back are those of a clock that is put right, ms. */
const tolerated = 1_000

/** When a line was written, ms: by the clock that never goes back, where there is one. */
const orderOf = (entry: LogEntry): number => entry.kind === "captured" ? entry.ts * 1000 : entry.mono

/** Whether a heading is that of another process: a recording that is continued in another file has one too. */
const isRestart = (lines: LogPart, index: number): boolean => {
  const [heading, before] = [lines[index]?.entry, lines[index - 1]?.entry]
  if (heading?.kind !== "recording" || before === undefined) return false
  if (before.kind === "captured" || heading.mono < before.mono) return true
  for (const { entry } of lines.slice(index + 1)) {
    if (entry.kind === "recording") return false
    // Another process subscribed later.
    if (entry.kind === "event") return entry.since.mono >= heading.mono
  }
  return false
}

/** Splits a log where the bot was restarted. */
export const partsOf = (lines: LogPart): ReadonlyArray<LogPart> => {
  const starts = lines.flatMap((_, index) => index === 0 || isRestart(lines, index) ? [index] : [])
  return starts.map((start, part) => lines.slice(start, starts[part + 1]))
}

const momentOf = ({ entry, line }: LogLine): LogMoment => ({ line, at: Math.round(entry.ts * 1000) })

/** Where parts begin that are not the first. */
export const restartsOf = (parts: ReadonlyArray<LogPart>): ReadonlyArray<Restart> =>
  parts.slice(1).flatMap(([first], index) => {
    const last = parts[index]?.at(-1)
    return first === undefined || last === undefined ? [] : [{ ...momentOf(first), stoppedAt: momentOf(last).at }]
  })

/** Where a configuration came that decides otherwise than the one before it. */
export const reloadsOf = (lines: LogPart): ReadonlyArray<LogMoment> => {
  let before: unknown
  return lines.flatMap((line) => {
    if (line.entry.kind !== "config") return []
    const { settings } = line.entry
    const changed = before !== undefined && !decideAlike(before, settings)
    before = settings
    return changed ? [momentOf(line)] : []
  })
}

/** Where time runs backwards: how often, the first place, and by how much there. */
export const backwardsOf = (parts: ReadonlyArray<LogPart>): Backwards | undefined => {
  const steps = parts.flatMap((part, index) => {
    const events = part.filter(({ entry }) => isLogEvent(entry))
    const last = parts[index - 1]?.findLast(({ entry }) => isLogEvent(entry))
    const [first] = events
    return [
      // Another process has another clock: the wall's is compared.
      ...last === undefined || first === undefined
        ? []
        : [{ line: first.line, byMs: (last.entry.ts - first.entry.ts) * 1000 }],
      ...events.slice(1).map(({ entry, line }, place) => ({
        line,
        byMs: orderOf(events[place]?.entry ?? entry) - orderOf(entry)
      }))
    ]
  }).filter(({ byMs }) => byMs > tolerated)
  const [first] = steps
  return first === undefined ? undefined : { count: steps.length, line: first.line, byMs: Math.round(first.byMs) }
}
