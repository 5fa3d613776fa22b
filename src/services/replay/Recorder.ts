import { Context, Effect } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { readClock } from "../Time.ts"
import type { RecordingEntry, Stamped, StateEntry } from "./Recording.ts"

/** Records the bot's inputs and results, in order, for replay. */
export class Recorder extends Context.Service<Recorder, {
  /** Appends a line; never waits, never fails. */
  /** A line that every later file begins with, in place of an earlier one of the same part of the state. */
  readonly remember: (entry: StateEntry) => Effect.Effect<void>
  readonly append: (entry: RecordingEntry) => Effect.Effect<void>
}>()("llm-bot/Recorder") {}

/** A moment as a recording has it. */
export const stamp = ({ monotonic, wall }: ClockReading): Stamped => ({ ts: wall / 1000, mono: monotonic })

/** The moment now, as a recording has it. */
export const now = Effect.map(readClock, stamp)
