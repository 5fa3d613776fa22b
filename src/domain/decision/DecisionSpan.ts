import type { Outcome, Step, TriggerResult } from "./Decision.ts"
import { attribute, type Attributes, type AttributeValue, ownAttribute } from "../telemetry/TraceNames.ts"

/** A span event. */
export interface TraceEvent {
  readonly name: string
  readonly attributes: Attributes
}

const event = (name: string, values: Readonly<Record<string, AttributeValue | undefined>>): TraceEvent => ({
  name,
  attributes: Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [[ownAttribute(key), value]])
  )
})

/** The figures of a trigger's test; the match is text of a person and stays out. */
const resultValues = (result: TriggerResult): Readonly<Record<string, AttributeValue>> => {
  switch (result._tag) {
    case "Disabled":
      return { result: "disabled" }
    case "NoMatch":
      return { result: "no_match" }
    case "Cooldown":
      return { result: "cooldown", remaining_ms: result.remainingMs, cooldown_ms: result.cooldownMs }
    case "Probability":
      return { result: "probability", draw: result.draw, needed: result.needed, unlucky: result.unlucky }
    case "Fired":
      return { result: "fired", draw: result.draw, needed: result.needed, unlucky: result.unlucky }
  }
}

/** A step of a decision as an event of its span: names and numbers, never what people or models wrote (N4). */
export const stepEvent = (step: Step): TraceEvent => {
  switch (step._tag) {
    case "Media":
      return event("media", { changed: step.changed, silence_ms: step.silenceMs })
    case "Context":
      return event("context", { lines: step.lines, private: step.private })
    case "Silence":
      return event("silence", { remaining_ms: step.remainingMs, silence_ms: step.silenceMs })
    case "Trigger":
      return event("trigger", { entry: step.entry, ...resultValues(step.result) })
    case "Limit":
      return event("limit", { limit: step.limit, used: step.used, maximum: step.maximum, allowed: step.allowed })
    case "Admitted":
      return event("admitted", { entry: step.entry })
    case "Participation":
      return event("participation", { model: step.model, wanted: step.wanted })
    case "Prompt":
      return event("prompt", { context_lines: step.contextLines, characters: step.characters })
    case "LlmAttempt":
      return event("llm_attempt", {
        model: step.model,
        attempt: step.attempt,
        status: step.status,
        duration_ms: step.durationMs,
        first_text_ms: step.firstTextMs
      })
    case "LlmAnswer":
      return event("llm_answer", {
        model: step.model,
        characters: step.characters,
        input_tokens: step.inputTokens,
        output_tokens: step.outputTokens,
        estimated: step.estimated,
        finish_reason: step.finishReason
      })
    case "Fallback":
      return event("fallback", { error: step.error })
    case "Processed":
      return event("processed", {
        step: step.step,
        before: step.before,
        after: step.after,
        dropped: step.dropped !== undefined
      })
    case "Waited":
      return event("waited", { for: step.for, ms: step.ms })
    case "Sent":
      return event("sent", { target: step.target, characters: step.characters })
    case "Resent":
      return event("resent", { cause: step.cause })
    case "Unsaid":
      return event("unsaid", { lines: step.lines, reason: step.reason })
  }
}

/** How a decision ended, as attributes of its span. */
export const outcomeAttributes = (outcome: Outcome): Attributes => {
  switch (outcome._tag) {
    case "Replied":
      return { [attribute.outcome]: "replied" }
    case "Skipped":
      return { [attribute.outcome]: "skipped", [attribute.reason]: outcome.reason }
    case "Failed":
      return { [attribute.outcome]: "failed", [attribute.errorType]: outcome.error }
  }
}
