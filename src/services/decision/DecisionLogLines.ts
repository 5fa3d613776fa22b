import { Effect } from "effect"
import type { Outcome } from "../../domain/decision/Decision.ts"
import {
  type DecisionLogLine,
  deliveryLogLine,
  isDetail,
  outcomeLogLine,
  stepLogLine
} from "../../domain/decision/DecisionLogLine.ts"
import { makeLogSampler } from "../telemetry/LogSampling.ts"
import { makeLogWriter } from "../telemetry/LogWriter.ts"
import type { DecisionListener, OpenDecision } from "./DecisionListener.ts"

type Fields = Readonly<Record<string, unknown>>

/** What every line about a decision names. */
const fieldsOf = ({ record, trace }: OpenDecision): Fields => {
  const { channel, correlationId, eventType, username } = record
  return {
    correlation_id: correlationId,
    channel,
    event_type: eventType,
    ...(username === undefined ? {} : { username }),
    ...trace.fields
  }
}

/** Writes the log lines of decisions (OPERATIONS, logs). */
export const decisionLogLines: Effect.Effect<DecisionListener> = Effect.gen(function*() {
  const log = yield* makeLogWriter("DecisionLog")
  const sample = yield* makeLogSampler

  const write = (decision: OpenDecision, line: DecisionLogLine | undefined, more: Fields = {}): void => {
    if (line !== undefined) log(line.level, line.message, { ...fieldsOf(decision), ...line.fields, ...more })
  }
  /** A flood of refusals is one story: repeats of a reason are sampled. */
  const writeOutcome = (decision: OpenDecision, outcome: Outcome): void => {
    const writeLine = (more?: Fields): void => write(decision, outcomeLogLine(outcome, decision.record), more)
    if (outcome._tag === "Skipped") sample(outcome.reason, writeLine)
    else writeLine()
  }
  return {
    quiet: (_, now) => !log.isEnabled("Debug") && sample.leavesOut("no_match", now),
    opened: (decision) => {
      if (log.isEnabled("Debug")) log("Debug", "Event received", fieldsOf(decision))
    },
    step: (decision, step) => {
      if (!isDetail(step) || log.isEnabled("Debug")) write(decision, stepLogLine(step, decision.record))
    },
    // The only place where texts of people, prompts and replies are logged: there, where they may be kept at all (N4).
    content: (decision, added) => log("Debug", "Content", { ...fieldsOf(decision), ...added }),
    closed: writeOutcome,
    delivered: (decision, delivery) => write(decision, deliveryLogLine(delivery))
  }
})
