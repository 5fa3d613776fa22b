import { Schema, Struct } from "effect"
import { DecisionRecord } from "./Decision.ts"
import { type QuietDecision, readQuiet, writeQuiet } from "./QuietDecision.ts"
import { type ByteSink, type ByteSource, readByte, readNumber, writeByte, writeNumber } from "./RecordBytes.ts"
import { codecOf } from "./RecordCodec.ts"

/** Decisions remembered of each channel (OPERATIONS, explain). */
export const keptDecisions = 200

/** What follows the arrival: that stands in front, so that a search need not read on. */
const rest = codecOf(
  Schema.Struct(Struct.omit(DecisionRecord.fields, ["arrivedAt"])),
  new Set(["channel", "entry", "model"])
)
/** How the rest is written. */
const kinds = { quiet: 0, any: 1 }

/**
 * A channel's last closed decisions as bytes, the oldest first: many channels keep many of them, and few are ever read.
 * Each stands behind its length, its arrival and its place among those that began.
 */
export interface DecisionRing {
  bytes: Uint8Array
  /** Where the oldest begins, and where the newest ends. */
  start: number
  end: number
  /** The number of the oldest; decisions are counted as they close. */
  first: number
  /** The number of the next. */
  next: number
  /** How many decisions began, to tell in which order they did: they close in another. */
  begun: number
  /** Channels and entries that the decisions name. */
  readonly words: Map<string, number>
}

/** Where nothing was decided. */
export const emptyRing = (): DecisionRing => ({
  bytes: new Uint8Array(0),
  start: 0,
  end: 0,
  first: 0,
  next: 0,
  begun: 0,
  words: new Map()
})

const source = ({ bytes, start, words }: DecisionRing): ByteSource => ({ bytes, at: start, words: [...words.keys()] })

// Every record is written here first, since its length stands in front of it.
const draft: Pick<ByteSink, "bytes"> = { bytes: new Uint8Array(4_096) }
/** A longer draft is not kept for the next. */
const longestDraft = 65_536

/** Begins a draft. */
const drafted = ({ words }: DecisionRing, arrivedAt: number, place: number, kind: number): ByteSink => {
  const sink: ByteSink = { bytes: draft.bytes, end: 0, words }
  writeNumber(sink, arrivedAt)
  writeNumber(sink, place)
  writeByte(sink, kind)
  return sink
}

const encode = (ring: DecisionRing, record: DecisionRecord, place: number): ByteSink => {
  const sink = drafted(ring, record.arrivedAt, place, kinds.any)
  rest.write(sink, record)
  if (sink.bytes.length <= longestDraft) draft.bytes = sink.bytes
  return sink
}

/** So much of the bytes is used, or they become others: between them nothing is allocated. */
const used = { least: 0.2, most: 0.9 }

/** Moves what is kept to the front, in larger bytes where so many more hardly fit, in smaller ones where little is used. */
const makeRoom = (ring: DecisionRing, more: number): void => {
  const { bytes, end, start } = ring
  const needed = end - start + more
  const fits = needed <= used.most * bytes.length && needed >= used.least * bytes.length
  if (!fits) ring.bytes = new Uint8Array(Math.ceil(1.2 * needed))
  ring.bytes.set(bytes.subarray(start, end))
  ring.end = end - start
  ring.start = 0
}

/** Appends a record as bytes behind its length. */
const append = (ring: DecisionRing, { bytes, end }: ByteSink): void => {
  // A length takes 7 bytes at most.
  if (ring.end + end + 7 > ring.bytes.length) makeRoom(ring, end + 7)
  writeNumber(ring, end)
  if (end > 256) ring.bytes.set(bytes.subarray(0, end), ring.end)
  else for (let index = 0; index < end; index++) ring.bytes[ring.end + index] = bytes[index] ?? 0
  ring.end += end
}

/** Keeps a draft, and drops the oldest of too many; its number. */
const keep = (ring: DecisionRing, sink: ByteSink): number => {
  append(ring, sink)
  if (ring.next - ring.first === keptDecisions) {
    const oldest = source(ring)
    const length = readNumber(oldest)
    ring.start = oldest.at + length
    ring.first++
    if (ring.end - ring.start < used.least * ring.bytes.length) makeRoom(ring, 0)
  }
  return ring.next++
}

/** Keeps a closed record that began at a place; the number it can be amended by. */
export const keepRecord = (ring: DecisionRing, record: DecisionRecord, place = ring.begun++): number =>
  keep(ring, encode(ring, record, place))

/** Keeps a decision of which only the figures were needed; it is read as its record. */
export const keepQuiet = (ring: DecisionRing, quiet: QuietDecision): void => {
  const sink = drafted(ring, quiet.arrivedAt, ring.begun++, kinds.quiet)
  writeQuiet(sink, quiet)
  keep(ring, sink)
}

/** Replaces a record, if it is still kept: rare, since what stands behind it moves. */
export const amendRecord = (ring: DecisionRing, number: number, record: DecisionRecord): void => {
  if (number < ring.first) return
  const from = source(ring)
  for (let behind = ring.first; behind < number; behind++) {
    const length = readNumber(from)
    from.at += length
  }
  const start = from.at
  const length = readNumber(from)
  const later = ring.bytes.slice(from.at + length, ring.end)
  readNumber(from)
  const place = readNumber(from)
  ring.end = start
  append(ring, encode(ring, record, place))
  if (ring.end + later.length > ring.bytes.length) makeRoom(ring, later.length)
  ring.bytes.set(later, ring.end)
  ring.end += later.length
}

/** A kept record and its place among those that began. */
export interface PlacedRecord {
  readonly place: number
  readonly record: DecisionRecord
}

/** The kept records as they closed; only those that arrived at `since` or later, epoch ms. */
export const keptRecords = (ring: DecisionRing, since = Number.NEGATIVE_INFINITY): ReadonlyArray<PlacedRecord> => {
  const from = source(ring)
  const records: Array<PlacedRecord> = []
  while (from.at < ring.end) {
    const length = readNumber(from)
    const behind = from.at + length
    const arrivedAt = readNumber(from)
    if (arrivedAt >= since) {
      const place = readNumber(from)
      const quiet = readByte(from) === kinds.quiet
      records.push({ place, record: quiet ? readQuiet(from, arrivedAt) : { ...rest.read(from), arrivedAt } })
    }
    from.at = behind
  }
  return records
}
