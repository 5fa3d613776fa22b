import { Brand } from "effect"
import type { ChannelName, CorrelationId, Username } from "../Ids.ts"
import { EntryKey } from "../Ids.ts"
import { type DecisionRecord, skipped, type TriggerResult } from "./Decision.ts"
import {
  type ByteSink,
  type ByteSource,
  readByte,
  readNumber,
  readText,
  writeByte,
  writeNumber,
  writeText,
  writeWord
} from "./RecordBytes.ts"

/** An entry that was tested in vain. */
export interface UnmetEntry {
  readonly entry: EntryKey
  readonly result: Extract<TriggerResult, { _tag: "Disabled" | "NoMatch" }>
}

/** The entries that a line was tested by in vain, in order: the same value for every such line of a trigger list. */
export interface UnmetEntries {
  readonly tests: ReadonlyArray<UnmetEntry>
  /** The same as one text. */
  readonly text: string
}

const disabled = "-"
const separator = "\n"

/** Entries as one value. */
export const unmetEntries = (tests: ReadonlyArray<UnmetEntry>): UnmetEntries => ({
  tests,
  text: tests.map(({ entry, result }) => `${result._tag === "Disabled" ? disabled : ""}${entry}`).join(separator)
})

const testsIn = (text: string): ReadonlyArray<UnmetEntry> =>
  text === "" ? [] : text.split(separator).map((name) =>
    name.startsWith(disabled)
      ? { entry: EntryKey.make(name.slice(disabled.length)), result: { _tag: "Disabled" } }
      : { entry: EntryKey.make(name), result: { _tag: "NoMatch" } }
  )

/** A decision about a line that met no trigger's condition, as nearly all do: figures, from which its record follows. */
export interface QuietDecision {
  readonly correlationId: CorrelationId
  readonly channel: ChannelName
  readonly eventType: "chatMsg" | "pm"
  readonly username: Username
  readonly rank: number | undefined
  /** Epoch ms. */
  readonly arrivedAt: number
  /** Lines in the context of its conversation; absent where it did not enter that. */
  readonly lines: number | undefined
  readonly unmet: UnmetEntries
  /** ms from the arrival to the decision. */
  readonly at: number
}

/** The record of a quiet decision, as if it had been taken down step by step. */
export const quietRecord = (quiet: Omit<QuietDecision, "unmet"> & Pick<UnmetEntries, "tests">): DecisionRecord => {
  const { arrivedAt, at, channel, correlationId, eventType, lines, rank, tests, username } = quiet
  return {
    correlationId,
    channel,
    eventType,
    username,
    ...(rank === undefined ? {} : { rank }),
    arrivedAt,
    steps: [
      ...(lines === undefined ? [] : [{ _tag: "Context", at, lines, private: eventType === "pm" } as const]),
      ...tests.map((test) => ({ _tag: "Trigger", at, ...test } as const))
    ],
    outcome: skipped("no_match")
  }
}

// Bits of the first byte.
const isPm = 1
const hasRank = 2
const hasLines = 4

/** Writes all but the arrival. */
export const writeQuiet = (sink: ByteSink, quiet: QuietDecision): void => {
  const { lines, rank } = quiet
  writeByte(
    sink,
    (quiet.eventType === "pm" ? isPm : 0) + (rank === undefined ? 0 : hasRank) + (lines === undefined ? 0 : hasLines)
  )
  writeText(sink, quiet.correlationId)
  writeWord(sink, quiet.channel)
  writeText(sink, quiet.username)
  if (rank !== undefined) writeNumber(sink, rank)
  if (lines !== undefined) writeNumber(sink, lines)
  writeWord(sink, quiet.unmet.text)
  writeNumber(sink, quiet.at)
}

const asCorrelationId = Brand.nominal<CorrelationId>()
const asChannelName = Brand.nominal<ChannelName>()
const asUsername = Brand.nominal<Username>()

/** Reads the record of what was written. */
export const readQuiet = (source: ByteSource, arrivedAt: number): DecisionRecord => {
  const bits = readByte(source)
  // The values of a literal are evaluated in its order, which is that of the bytes.
  return quietRecord({
    arrivedAt,
    eventType: (bits & isPm) > 0 ? "pm" : "chatMsg",
    correlationId: asCorrelationId(readText(source)),
    channel: asChannelName(readText(source)),
    username: asUsername(readText(source)),
    rank: (bits & hasRank) > 0 ? readNumber(source) : undefined,
    lines: (bits & hasLines) > 0 ? readNumber(source) : undefined,
    tests: testsIn(readText(source)),
    at: readNumber(source)
  })
}
