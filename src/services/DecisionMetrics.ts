import { Effect } from "effect"
import type { DecisionRecord, Outcome, SkipReason, Step } from "../domain/Decision.ts"
import { count, observe, set } from "./Metrics.ts"

const typeOf = (entry: string): string => entry.split(" ")[0] ?? entry

/** How `triggers_suppressed_total` names the reasons it counts. */
const suppressions: Readonly<Partial<Record<SkipReason, string>>> = {
  cooldown: "cooldown",
  probability: "probability",
  user_per_minute: "rate_limit_user",
  user_per_hour: "rate_limit_user",
  trigger_user_per_minute: "rate_limit_trigger",
  trigger_user_per_hour: "rate_limit_trigger",
  trigger_channel_per_minute: "rate_limit_trigger",
  trigger_channel_per_hour: "rate_limit_trigger",
  channel_per_minute: "rate_limit_channel",
  channel_per_hour: "rate_limit_channel",
  global_cooldown: "global_cooldown",
  media_silence: "media_change",
  busy: "busy"
}

const filters: ReadonlySet<SkipReason> = new Set([
  "length",
  "content_filter",
  "quality_check",
  "command",
  "deadline",
  "media_changed"
])

/** Counts what a step of a decision tells. */
export const countStep = ({ channel }: DecisionRecord, step: Step): Effect.Effect<void> => {
  switch (step._tag) {
    case "Context":
      return step.private ? Effect.void : set("contextWindowSize", { channel }, step.lines)
    case "Trigger":
      return step.result._tag === "Disabled"
        ? Effect.void
        : count("triggersEvaluated", { channel, trigger_type: typeOf(step.entry) })
    case "Admitted":
      return Effect.andThen(
        count("triggersFired", { channel, trigger_type: typeOf(step.entry) }),
        observe("eventProcessingDuration", { channel }, step.at / 1000)
      )
    case "LlmAttempt":
      return Effect.andThen(
        count("llmRequests", { model: step.model, status: step.status }),
        observe("llmRequestDuration", { model: step.model }, step.durationMs / 1000)
      )
    case "LlmAnswer":
      return Effect.andThen(
        count("llmTokens", { model: step.model, direction: "input" }, step.inputTokens),
        count("llmTokens", { model: step.model, direction: "output" }, step.outputTokens)
      )
    case "Sent":
      return Effect.andThen(
        count("responsesSent", { channel, target_type: step.target }),
        Effect.andThen(
          observe("responseLength", { channel }, step.characters),
          observe("replyDuration", { channel }, step.at / 1000)
        )
      )
    default:
      return Effect.void
  }
}

/** Counts how a decision ended; `atMs` is the time since the event's arrival. */
export const countOutcome = (
  { channel, steps }: DecisionRecord,
  outcome: Outcome,
  atMs: number
): Effect.Effect<void> => {
  const admitted = steps.some((step) => step._tag === "Admitted")
  const decided = admitted ? Effect.void : observe("eventProcessingDuration", { channel }, atMs / 1000)
  if (outcome._tag !== "Skipped") return decided
  const { reason } = outcome
  const suppressed = suppressions[reason]
  if (suppressed !== undefined && !admitted) {
    const matched = steps.findLast((step) => step._tag === "Trigger" && step.result._tag !== "NoMatch")
    const trigger_type = matched?._tag === "Trigger" ? typeOf(matched.entry) : "any"
    return Effect.andThen(decided, count("triggersSuppressed", { channel, trigger_type, reason: suppressed }))
  }
  return filters.has(reason) ? Effect.andThen(decided, count("responsesFiltered", { channel, reason })) : decided
}
