import type { DecisionRecord, SkipReason, Step } from "./Decision.ts"
import type { EntryKey } from "../Ids.ts"

/** The role of a step in a decision: it triggered, passed, refused, failed, or was only noted. */
export type StepTone = "go" | "pass" | "stop" | "fail" | "idle"

/** The tone of a step. */
export const toneOf = (step: Step): StepTone => {
  switch (step._tag) {
    case "Media":
    case "Context":
      return "idle"
    case "Silence":
      return "stop"
    case "Trigger":
      switch (step.result._tag) {
        case "Fired":
          return "go"
        case "Cooldown":
        case "Probability":
          return "stop"
        case "Disabled":
        case "NoMatch":
          return "idle"
      }
    case "Limit":
      return step.allowed ? "pass" : "stop"
    case "Participation":
      return step.wanted ? "pass" : "stop"
    case "LlmAttempt":
      return step.status === "success" ? "pass" : "fail"
    case "Fallback":
      return "fail"
    case "Processed":
      return step.dropped !== undefined ? "stop" : step.before === step.after ? "idle" : "pass"
    case "Admitted":
    case "Prompt":
    case "LlmAnswer":
    case "Waited":
      return "pass"
    case "Sent":
      return "go"
    case "Resent":
      return "go"
    case "Unsaid":
      return "stop"
  }
}

/** Whether a step refuses for this reason. */
const refuses = (step: Step, reason: SkipReason): boolean => {
  switch (step._tag) {
    case "Silence":
      return reason === "media_silence"
    case "Trigger":
      return (step.result._tag === "Cooldown" && reason === "cooldown") ||
        (step.result._tag === "Probability" && reason === "probability")
    case "Limit":
      return step.limit === reason && !step.allowed
    case "Participation":
      return reason === "declined" && !step.wanted
    case "Processed":
      return step.dropped !== undefined
    default:
      return false
  }
}

/**
 * The index of the step that decided a record: the first that refuses for the reason given (F3, F4), or
 * the attempt at which a late reply ran out of time. Nothing where no step alone decided: a reply, a failure, an event
 * that never triggers.
 */
export const decidingIndex = ({ outcome, steps }: DecisionRecord): number | undefined => {
  if (outcome?._tag !== "Skipped") return undefined
  const { reason, waitedFor } = outcome
  const index = reason === "deadline" && waitedFor === "model"
    ? steps.findLastIndex(({ _tag }) => _tag === "LlmAttempt")
    : steps.findIndex((step) => refuses(step, reason))
  return index < 0 ? undefined : index
}

/** The step that decided, where one alone did. */
export const decidingStep = (record: DecisionRecord): Step | undefined => {
  const index = decidingIndex(record)
  return index === undefined ? undefined : record.steps[index]
}

/** The trigger entry that met the refusal: the one whose own gates refused, else the one that fired. */
export const refusedEntry = (record: DecisionRecord): EntryKey | undefined => {
  const step = decidingStep(record)
  if (step?._tag === "Trigger") return step.entry
  const fired = record.steps.find((tested) => tested._tag === "Trigger" && tested.result._tag === "Fired")
  return fired?._tag === "Trigger" ? fired.entry : undefined
}

/** ms after the arrival at which the step that refused may allow it; nothing where time alone does not help. */
export const opensAfterMs = (record: DecisionRecord): number | undefined => {
  const step = decidingStep(record)
  switch (step?._tag) {
    case "Silence":
      return step.remainingMs
    case "Trigger":
      return step.result._tag === "Cooldown" ? step.result.remainingMs : undefined
    case "Limit":
      return record.outcome?._tag === "Skipped" ? record.outcome.retryAfterMs : undefined
    default:
      return undefined
  }
}
