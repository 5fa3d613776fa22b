import { entryType } from "../Ids.ts"
import type { DecisionRecord, Delivery, Outcome, SkipReason, Step } from "./Decision.ts"
import { LimitName } from "./Decision.ts"
import { decidingStep, refusedEntry } from "./DecidingStep.ts"
import { outcomeText, stepText, unconfirmedText } from "./DecisionText.ts"
import { dropText } from "./SkipText.ts"

/** A log line of a decision: a fixed message and fields from the closed list (OPERATIONS, logs). */
export interface DecisionLogLine {
  readonly level: "Debug" | "Info" | "Warn" | "Error"
  readonly message: string
  readonly fields: Readonly<Record<string, string | number>>
}

const decisionOf = (reason: SkipReason): string => {
  switch (reason) {
    case "no_match":
      return "suppress_no_match"
    case "cooldown":
      return "suppress_cooldown"
    case "probability":
      return "suppress_probability"
    case "muted":
      return "suppress_muted"
    case "media_silence":
      return "suppress_media_change"
    default:
      return "suppress_rate_limit"
  }
}

const suppressing: ReadonlySet<string> = new Set([
  "muted",
  "media_silence",
  "no_match",
  "cooldown",
  "probability",
  ...LimitName.literals
])

/** The duration of the last request to the model. */
const lastAttempt = ({ steps }: DecisionRecord): Extract<Step, { _tag: "LlmAttempt" }> | undefined =>
  steps.findLast((step) => step._tag === "LlmAttempt")

/** Whether a step's line is a detail, written at DEBUG only. */
export const isDetail = ({ _tag }: Step): boolean => _tag === "Trigger" || _tag === "Prompt"

/** The log line of a record's newest step, if it has one. */
export const stepLogLine = (step: Step, record: DecisionRecord): DecisionLogLine | undefined => {
  switch (step._tag) {
    case "Trigger":
      return {
        level: "Debug",
        message: "Trigger evaluated",
        fields: { trigger_type: entryType(step.entry), reason: stepText(step) }
      }
    case "Admitted":
      return {
        level: "Info",
        message: "Trigger fired",
        fields: { trigger_type: entryType(step.entry), decision: "fire" }
      }
    case "Prompt":
      return { level: "Debug", message: "LLM API request sent", fields: {} }
    case "LlmAttempt":
      return step.status === "success" ? undefined : {
        level: "Warn",
        message: "LLM API attempt failed",
        fields: {
          model: step.model,
          retry_attempt: step.attempt,
          error_type: step.status,
          error: step.detail,
          duration_ms: Math.round(step.durationMs)
        }
      }
    case "LlmAnswer":
      return {
        level: "Info",
        message: "LLM API response received",
        fields: {
          model: step.model,
          prompt_tokens: step.inputTokens,
          completion_tokens: step.outputTokens,
          finish_reason: step.finishReason,
          response_length: step.characters,
          duration_ms: Math.round(lastAttempt(record)?.durationMs ?? 0)
        }
      }
    case "Processed":
      return step.dropped === undefined ? undefined : {
        level: "Warn",
        message: "Response filtered",
        fields: { filter_type: step.step, reason: dropText(step.dropped) }
      }
    case "Sent":
      return {
        level: "Info",
        message: "Command sent",
        fields: { command: step.target, response_length: step.characters, duration_ms: Math.round(step.at) }
      }
    case "Fallback":
      return {
        level: "Error",
        message: "LLM API request failed",
        fields: { error_type: step.error, error: step.message }
      }
    case "Media":
    case "Context":
    case "Silence":
    case "Limit":
    case "Participation":
    case "Waited":
    case "Unsaid":
      return undefined
  }
}

const suppressed = (reason: SkipReason, record: DecisionRecord): DecisionLogLine => {
  const entry = refusedEntry(record)
  return {
    level: "Info",
    message: "Trigger suppressed",
    fields: { decision: decisionOf(reason), reason, ...(entry === undefined ? {} : { trigger_type: entryType(entry) }) }
  }
}

/** A deadline passed during a request counts as the model's failure; any other one as a line not sent. */
const late = (outcome: Extract<Outcome, { _tag: "Skipped" }>, record: DecisionRecord): DecisionLogLine => {
  const step = decidingStep(record)
  return step?._tag === "LlmAttempt"
    ? {
      level: "Error",
      message: "LLM API request failed",
      fields: { model: step.model, error_type: step.status, error: step.detail, reason: outcome.reason }
    }
    : {
      level: "Warn",
      message: "Response filtered",
      fields: { filter_type: outcome.reason, reason: outcomeText(outcome) }
    }
}

/** Reasons that end a reply in progress: worth a warning. */
const lateReasons: ReadonlySet<SkipReason> = new Set(["deadline", "media_changed", "outbox_full", "stopped", "moved"])

const skippedLogLine = (outcome: Extract<Outcome, { _tag: "Skipped" }>, record: DecisionRecord): DecisionLogLine => {
  const { reason } = outcome
  if (suppressing.has(reason)) return suppressed(reason, record)
  if (lateReasons.has(reason)) return late(outcome, record)
  return { level: "Debug", message: "Event ignored", fields: { reason } }
}

/** The log line of an outcome, if it has one. */
export const outcomeLogLine = (outcome: Outcome, record: DecisionRecord): DecisionLogLine | undefined => {
  switch (outcome._tag) {
    case "Replied":
      return undefined
    case "Skipped":
      return skippedLogLine(outcome, record)
    case "Failed":
      return {
        level: "Error",
        message: outcome.error.startsWith("Llm") ? "LLM API request failed" : "Reply failed",
        fields: { error_type: outcome.error, error: outcome.message }
      }
  }
}

/** The log line of a delivery, if it has one. */
export const deliveryLogLine = (delivery: Delivery): DecisionLogLine | undefined =>
  delivery._tag === "Delivered"
    ? undefined
    : { level: "Warn", message: "Delivery unconfirmed", fields: { reason: unconfirmedText(delivery.cause) } }
