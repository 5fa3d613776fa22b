import { Context, type Effect } from "effect"
import type { RecordingEntry } from "./Recording.ts"

/** Records what happens to the bot, in order, for replay. */
export class Recorder extends Context.Service<Recorder, {
  /** Adds a line; never waits and never fails the bot. */
  readonly append: (entry: RecordingEntry) => Effect.Effect<void>
}>()("llm-bot/Recorder") {}
