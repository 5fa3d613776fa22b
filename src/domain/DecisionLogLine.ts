import type { DecisionRecord, Outcome, SkipReason, Step } from "./Decision.ts"
import { LimitName } from "./Decision.ts"
import { outcomeText, stepText } from "./DecisionStory.ts"

/** A log line of a decision: a fixed message and fields from the closed list of OPERATIONS. */
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

/** The log line of a step, if it has one. */
export const stepLogLine = (step: Step): DecisionLogLine | undefined => {
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
          response_length: step.characters
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

/** The log line of an outcome, if it has one. */
export const outcomeLogLine = (outcome: Outcome, record: DecisionRecord): DecisionLogLine | undefined => {
  if (outcome._tag === "Replied") return undefined
  if (outcome._tag === "Failed") {
    return {
      level: "Error",
      message: outcome.error.startsWith("Llm") ? "LLM API request failed" : "Reply failed",
      fields: { error_type: outcome.error, error: outcome.message }
    }
  }
  if (suppressing.has(outcome.reason)) {
    const matched = record.steps.findLast((step) => step._tag === "Trigger" && step.result._tag !== "NoMatch")
    return {
      level: outcome.reason === "no_match" ? "Debug" : "Info",
      message: "Trigger suppressed",
      fields: {
        decision: decisionOf(outcome.reason),
        reason: outcome.reason,
        ...(matched?._tag === "Trigger" ? { trigger_type: typeOf(matched.entry) } : {})
      }
    }
  }
  if (outcome.reason === "deadline" || outcome.reason === "media_changed") {
    return { level: "Warn", message: "Response filtered", fields: { filter_type: outcome.reason, reason: outcomeText(outcome) } }
  }
  return { level: "Debug", message: "Event ignored", fields: { reason: outcome.reason } }
}
