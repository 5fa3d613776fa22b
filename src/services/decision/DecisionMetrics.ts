import { Effect } from "effect"
import type { DecisionRecord, Outcome, SkipReason, Step } from "../../domain/decision/Decision.ts"
import type { ChannelName } from "../../domain/Ids.ts"
import { count, observe } from "../telemetry/Metrics.ts"

const typeOf = (entry: string): string => entry.split(" ")[0] ?? entry

/** How `triggers_suppressed_total` names what stopped a trigger behind its own gates, or all of them. */
const suppressions: Readonly<Partial<Record<SkipReason, string>>> = {
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

/** A tested trigger, and whether its own gates refused it; the next one may fire all the same (F3). */
const countTest = (
  channel: ChannelName,
  { entry, result }: Extract<Step, { _tag: "Trigger" }>
): Effect.Effect<void> => {
  if (result._tag === "Disabled") return Effect.void
  const labels = { channel, trigger_type: typeOf(entry) }
  const tested = count("triggersEvaluated", labels)
  return result._tag === "Cooldown" || result._tag === "Probability"
    ? Effect.andThen(tested, count("triggersSuppressed", { ...labels, reason: result._tag.toLowerCase() }))
    : tested
}

/** Counts what a step of a decision tells. */
export const countStep = ({ channel }: DecisionRecord, step: Step): Effect.Effect<void> => {
  switch (step._tag) {
    case "Trigger":
      return countTest(channel, step)
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
  if (filters.has(reason)) return Effect.andThen(decided, count("responsesFiltered", { channel, reason }))
  const suppressed = suppressions[reason]
  if (suppressed === undefined || admitted) return decided
  const fired = steps.findLast((step) => step._tag === "Trigger")
  // The silence after a media change comes before any trigger is tested.
  const trigger_type = fired === undefined ? "any" : typeOf(fired.entry)
  return Effect.andThen(decided, count("triggersSuppressed", { channel, trigger_type, reason: suppressed }))
}
