import { Clock, Effect } from "effect"
import type { DecisionListener, OpenDecision } from "../decision/DecisionListener.ts"
import { readingOf } from "../Time.ts"
import { Recorder } from "./Recorder.ts"

/** Records each decision, without its texts. */
export const recordedDecisions: Effect.Effect<DecisionListener, never, Recorder> = Effect.gen(function*() {
  const { append } = yield* Recorder
  const clock = yield* Clock.Clock
  const run = Effect.runSyncWith(yield* Effect.context<never>())
  const record = ({ record }: OpenDecision): void => {
    const { content: _texts, ...withoutTexts } = record
    const { monotonic, wall } = readingOf(clock)
    run(append({ kind: "decision", ts: wall / 1000, mono: monotonic, record: withoutTexts }))
  }
  return { closed: record, delivered: record }
})
