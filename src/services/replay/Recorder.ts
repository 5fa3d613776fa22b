import { Context, type Effect } from "effect"
import type { RecordingEntry } from "./Recording.ts"

/** Records the bot's inputs and results, in order, for replay. */
export class Recorder extends Context.Service<Recorder, {
  /** Appends a line; never waits, never fails. */
  readonly append: (entry: RecordingEntry) => Effect.Effect<void>
}>()("llm-bot/Recorder") {}
