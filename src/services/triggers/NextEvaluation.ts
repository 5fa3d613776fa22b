import { Context, Effect, Layer } from "effect"
import type { ChannelKey, EntryKey } from "../../domain/Ids.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { readClock } from "../Time.ts"

/** When a contextual entry is evaluated next. A replay takes the times from its recording. */
export class NextEvaluation extends Context.Service<NextEvaluation, {
  /** Waits for an interval of the entry, ms, and returns when it ended. */
  readonly after: (channel: ChannelKey, entry: EntryKey, intervalMs: number) => Effect.Effect<ClockReading>
}>()("llm-bot/NextEvaluation") {
  /** When the interval is over by the clock. */
  static readonly layer = Layer.succeed(
    NextEvaluation,
    NextEvaluation.of({ after: (_channel, _entry, intervalMs) => Effect.andThen(Effect.sleep(intervalMs), readClock) })
  )
}
