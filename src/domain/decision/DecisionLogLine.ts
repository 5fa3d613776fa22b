import type { DecisionRecord, Delivery, Outcome, SkipReason, Step } from "./Decision.ts"
import { LimitName } from "./Decision.ts"
import { outcomeText, stepText } from "./DecisionText.ts"

/** A log line of a decision: a fixed message and fields from the closed list (OPERATIONS, logs). */
export interface DecisionLogLine {
  readonly level: "Debug" | "Info" | "Warn" | "Error"
  readonly message: string
  readonly fields: Readonly<Record<string, string | number>>
}

const typeOf = (entry: string): string => entry.split(" ")[0] ?? entry

const decisionOf = (reason: SkipReason): string => {
  switch (reason) {
    case "no_match":
      return "suppress_no_match"
    case "cooldown":
      return "suppress_cooldown"
    case "probability":
      return "suppress_probability"
    case "media_silence":
      return "suppress_media_change"
    default:
      return "suppress_rate_limit"
  }
}

const suppressing: ReadonlySet<string> = new Set([
  "media_silence",
  "no_match",
  "cooldown",
  "probability",
  ...LimitName.literals
])

/** What the last request to the model cost in time. */
const lastAttempt = ({ steps }: DecisionRecord): Extract<Step, { _tag: "LlmAttempt" }> | undefined =>
  steps.findLast((step) => step._tag === "LlmAttempt")

/** The log line of a record's newest step, if it has one. */
export const stepLogLine = (step: Step, record: DecisionRecord): DecisionLogLine | undefined => {
  switch (step._tag) {
    case "Trigger":
      return {
        level: "Debug",
        message: "Trigger evaluated",
        fields: { trigger_type: typeOf(step.entry), reason: stepText(step) }
      }
    case "Admitted":
      return { level: "Info", message: "Trigger fired", fields: { trigger_type: typeOf(step.entry), decision: "fire" } }
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
      return step.note === ""
        ? undefined
        : { level: "Warn", message: "Response filtered", fields: { filter_type: step.step, reason: step.note } }
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
      return undefined
  }
}

/** The trigger that met the refusal: the first its own gates refused so, else the one that fired and was not admitted. */
const refusedTrigger = (reason: SkipReason, { steps }: DecisionRecord): Readonly<Record<string, string>> => {
  const tests = steps.filter((step) => step._tag === "Trigger")
  const refused = tests.find(({ result }) => result._tag.toLowerCase() === reason) ??
    tests.find(({ result }) => result._tag === "Fired")
  return refused === undefined ? {} : { trigger_type: typeOf(refused.entry) }
}

const suppressed = (reason: SkipReason, record: DecisionRecord): DecisionLogLine => ({
  level: "Info",
  message: "Trigger suppressed",
  fields: { decision: decisionOf(reason), reason, ...refusedTrigger(reason, record) }
})

/** A late reply whose model never answered is the model's failure, any other one a line that is not sent. */
const late = (outcome: Extract<Outcome, { _tag: "Skipped" }>, record: DecisionRecord): DecisionLogLine => {
  const attempt = lastAttempt(record)
  const hadText = record.steps.some(({ _tag }) => _tag === "LlmAnswer" || _tag === "Fallback")
  return attempt === undefined || hadText
    ? {
      level: "Warn",
      message: "Response filtered",
      fields: { filter_type: outcome.reason, reason: outcomeText(outcome) }
    }
    : {
      level: "Error",
      message: "LLM API request failed",
      fields: { model: attempt.model, error_type: attempt.status, error: attempt.detail, reason: outcome.reason }
    }
}

/** A reply was under way and did not leave: worth a warning. */
const lost: ReadonlySet<SkipReason> = new Set(["deadline", "media_changed", "outbox_full", "stopped"])

const skippedLogLine = (outcome: Extract<Outcome, { _tag: "Skipped" }>, record: DecisionRecord): DecisionLogLine => {
  const { reason } = outcome
  if (suppressing.has(reason)) return suppressed(reason, record)
  if (lost.has(reason)) return late(outcome, record)
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
    : { level: "Warn", message: "Delivery unconfirmed", fields: { reason: delivery.cause } }
