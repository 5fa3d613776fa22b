import { Effect, Layer } from "effect"
import type { CorrelationId } from "../../domain/Ids.ts"
import { SendTime } from "../../services/reply/SendTime.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { NextEvaluation } from "../../services/triggers/NextEvaluation.ts"
import { momentOf } from "./LogEvent.ts"
import type { Playback } from "./Playback.ts"
import { longestWait } from "./ReplayPorts.ts"

/** The recording's evaluations of contextual entries, and none after its last. */
export const recordedEvaluations = (playback: Playback): Layer.Layer<NextEvaluation> =>
  Layer.succeed(
    NextEvaluation,
    NextEvaluation.of({
      after: (channel, entry) =>
        Effect.suspend(() => {
          const recorded = playback.evaluation(channel, entry)
          return recorded === undefined
            ? Effect.never
            : Effect.as(playback.until(recorded.index), momentOf(recorded.entry))
        })
    })
  )

/** Evaluations at the end of each interval, as live, until the log ends. */
export const evaluationsUntil = (over: () => boolean): Layer.Layer<NextEvaluation, never, NextEvaluation> =>
  Layer.effect(
    NextEvaluation,
    Effect.map(NextEvaluation, (inner) =>
      NextEvaluation.of({
        after: (channel, entry, intervalMs) =>
          Effect.filterOrElse(inner.after(channel, entry, intervalMs), () => !over(), () => Effect.never)
      }))
  )

/** When each ready line was checked in the recording: live, timers wake late and deadlines are read a moment later. */
export const recordedSendTimes = (playback: Playback): Layer.Layer<SendTime> => {
  const timeIn = (turn: Playback["sendTime"]) =>
    Effect.fnUntraced(function*(id: CorrelationId) {
      const now = yield* monotonicMillis
      const recorded = turn(id, now)
      if (recorded === undefined || recorded.entry.mono - now >= longestWait) return now
      yield* playback.until(recorded.index)
      return recorded.entry.mono
    })
  return Layer.succeed(
    SendTime,
    SendTime.of({ next: timeIn(playback.sendTime), afterGate: timeIn(playback.gateTime) })
  )
}
