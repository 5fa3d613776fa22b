import { Effect, Layer } from "effect"
import { type EvaluationTimer, NextEvaluation } from "../../services/triggers/ContextualTimer.ts"
import { type ClockReading, monotonicMillis } from "../../services/Time.ts"
import { SendTime } from "../../services/reply/Outbox.ts"
import { longestWait } from "./ReplayPorts.ts"
import type { RecordedResult, Tape } from "./Tape.ts"

/** The looks of the recording; without them each interval passes as it would live. `over` is true once the log has ended. */
export const makeLooks = (tape: Tape, asRecorded: boolean, over: () => boolean) => {
  const momentOf = ({ entry }: RecordedResult<"look">): ClockReading => ({
    wall: Math.round(entry.ts * 1000),
    monotonic: entry.mono
  })
  return Layer.effect(
    NextEvaluation,
    Effect.map(NextEvaluation, (due): EvaluationTimer => (channel, entry, intervalMs) => {
      if (!asRecorded) {
        return Effect.filterOrElse(due(channel, entry, intervalMs), () => !over(), () => Effect.never)
      }
      return Effect.suspend(() => {
        const cue = tape.look(channel, entry)
        return cue === undefined ? Effect.never : Effect.as(tape.until(cue.index), momentOf(cue))
      })
    })
  )
}

/** When each ready line was looked at in the recording: live, timers wake late and deadlines are read a moment later. */
export const makeTurns = (tape: Tape): Layer.Layer<never> =>
  Layer.succeed(
    SendTime,
    Effect.fnUntraced(function*(id) {
      const now = yield* monotonicMillis
      const cue = tape.turn(id, now)
      if (cue === undefined || cue.entry.mono - now >= longestWait) return now
      yield* tape.until(cue.index)
      return cue.entry.mono
    })
  )
