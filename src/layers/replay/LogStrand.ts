import type { LogEntry, LogLine } from "./LogReader.ts"

/** A log that is replayed together with others. */
export interface NamedLog {
  readonly name: string
  readonly batches: AsyncIterable<ReadonlyArray<LogLine>>
}

/** Clocks whose beginnings differ by less are one clock, ms. */
const oneClockMs = 1_000

/** Where the monotonic clocks of recordings stand against the wall's, ms. As many as there are machines and their starts. */
export const makeClocks = () => {
  const offsets: Array<number> = []
  return (entry: Exclude<LogEntry, { readonly kind: "captured" }>): number => {
    const offset = Math.round(entry.ts * 1000 - entry.mono)
    const known = offsets.find((other) => Math.abs(other - offset) < oneClockMs)
    if (known === undefined) offsets.push(offset)
    return known ?? offset
  }
}

/** A line of a strand. */
export interface StrandLine {
  readonly line: number
  readonly entry: LogEntry
  /** When it was written, on a clock that all strands share, ms. */
  readonly at: number
  /** What brings its strand's monotonic clock to that one, ms. */
  readonly offset: number
}

/** One of several logs, read a batch ahead. */
export interface LogStrand {
  readonly name: string
  /** Its place among the logs, from 0. */
  readonly index: number
  /** Whether a line of it was taken. */
  readonly begun: () => boolean
  /** The next line; nothing at its end. */
  readonly next: () => StrandLine | undefined
  /** Whether more has to be read before `next` tells. */
  readonly isSpent: () => boolean
  readonly take: () => void
  readonly read: () => Promise<void>
}

/** A strand of a log; its lines keep their order, whatever their times. */
export const strandOf = (
  { batches, name }: NamedLog,
  index: number,
  clockOf: ReturnType<typeof makeClocks>
): LogStrand => {
  const reader = batches[Symbol.asyncIterator]()
  let batch: ReadonlyArray<LogLine> = []
  let place = 0
  let next: StrandLine | undefined
  let begun = false
  let over = false
  let offset: number | undefined
  let latest = Number.NEGATIVE_INFINITY

  const look = (): void => {
    const line = batch[place]
    if (line === undefined) return
    const { entry } = line
    if (entry.kind !== "captured" && (offset === undefined || entry.kind === "recording")) offset = clockOf(entry)
    const at = entry.kind === "captured" ? entry.ts * 1000 : entry.mono + (offset ?? 0)
    latest = Math.max(latest, at)
    next = { line: line.line, entry, at: latest, offset: offset ?? 0 }
  }

  return {
    name,
    index,
    begun: () => begun,
    next: () => next,
    isSpent: () => next === undefined && !over,
    take: () => {
      begun = true
      next = undefined
      place++
      look()
    },
    read: async () => {
      do {
        // oxlint-disable-next-line no-await-in-loop -- a batch may be empty
        const result = await reader.next()
        over = result.done === true
        batch = result.done === true ? [] : result.value
      } while (batch.length === 0 && !over)
      place = 0
      look()
    }
  }
}
