import { Effect } from "effect"
import type { DecisionRecord, Delivery, Outcome, SkipReason, Step } from "../../domain/decision/Decision.ts"
import type { QuietDecision, UnmetEntries } from "../../domain/decision/QuietDecision.ts"
import { type ChannelName, entryType } from "../../domain/Ids.ts"
import { makeMeter, type Meter } from "../telemetry/Metrics.ts"
import type { DecisionListener } from "./DecisionListener.ts"

/** The labels of `triggers_suppressed_total` for refusals after a trigger's own gates. */
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
  muted: "muted",
  busy: "busy",
  user_share: "rate_limit_user",
  private_share: "rate_limit_channel",
  pace: "pace"
}

/** The reasons for which `triggers_suppressed_total` names a trigger. */
export const suppressionReasons: ReadonlyArray<string> = [
  ...new Set(["cooldown", "probability", ...Object.values(suppressions)])
].filter((reason) => reason !== suppressions.media_silence && reason !== suppressions.muted)

/** The reasons of `responses_filtered_total`. */
export const filterReasons: ReadonlyArray<SkipReason> = [
  "length",
  "content_filter",
  "quality_check",
  "command",
  "deadline",
  "media_changed"
]
const filters: ReadonlySet<SkipReason> = new Set(filterReasons)

/** A tested trigger, and whether its cooldown or its dice refused it; the next one may fire all the same (F3). */
const countTest = (meter: Meter, channel: ChannelName, { entry, result }: Extract<Step, { _tag: "Trigger" }>): void => {
  if (result._tag === "Disabled") return
  const labels = { channel, trigger_type: entryType(entry) }
  meter.count("triggersEvaluated", labels)
  if (result._tag === "Cooldown" || result._tag === "Probability") {
    meter.count("triggersSuppressed", { ...labels, reason: result._tag.toLowerCase() })
  }
}

/** Counts a step of a decision. */
const countStep = (meter: Meter, { channel }: DecisionRecord, step: Step): void => {
  switch (step._tag) {
    case "Trigger":
      return countTest(meter, channel, step)
    case "Admitted":
      meter.count("triggersFired", { channel, trigger_type: entryType(step.entry) })
      return meter.observe("eventProcessingDuration", { channel }, step.at / 1000)
    case "LlmAttempt":
      meter.count("llmRequests", { model: step.model, status: step.status })
      return meter.observe("llmRequestDuration", { model: step.model }, step.durationMs / 1000)
    case "LlmAnswer":
      meter.count("llmTokens", { model: step.model, direction: "input" }, step.inputTokens)
      return meter.count("llmTokens", { model: step.model, direction: "output" }, step.outputTokens)
    case "Resent":
      return meter.count("responsesResent", { channel, reason: step.cause })
    case "Sent":
      meter.observe("responseLength", { channel }, step.characters)
      // A reply of several lines is one reply, and over when it begins.
      if (step.line !== undefined) return
      meter.count("responsesSent", { channel, target_type: step.target })
      return meter.observe("replyDuration", { channel }, step.at / 1000)
    default:
      return
  }
}

/** Counts what became of a sent reply; one that was not seen and then sent again may count in both. */
const countDelivery = (meter: Meter, { channel }: DecisionRecord, delivery: Delivery): void =>
  delivery._tag === "Delivered"
    ? meter.count("responsesDelivered", { channel })
    : meter.count("responsesUnconfirmed", { channel, reason: delivery.cause ?? "unknown" })

/** Counts how a decision ended; `atMs` is the time since the event's arrival. */
const countOutcome = (meter: Meter, { channel, steps }: DecisionRecord, outcome: Outcome, atMs: number): void => {
  const admitted = steps.some((step) => step._tag === "Admitted")
  if (!admitted) meter.observe("eventProcessingDuration", { channel }, atMs / 1000)
  if (outcome._tag !== "Skipped") return
  const { reason } = outcome
  if (filters.has(reason)) return meter.count("responsesFiltered", { channel, reason })
  const suppressed = suppressions[reason]
  if (suppressed === undefined || admitted) return
  const fired = steps.findLast((step) => step._tag === "Trigger")
  // The silence after a media change comes before any trigger is tested.
  const trigger_type = fired === undefined ? "any" : entryType(fired.entry)
  meter.count("triggersSuppressed", { channel, trigger_type, reason: suppressed })
}

/** The series of a channel's quiet decisions. */
interface QuietSeries {
  readonly unmet: UnmetEntries
  readonly evaluated: ReadonlyArray<(by: number) => void>
  readonly duration: (seconds: number) => void
}

/** Counts quiet decisions as their steps and outcome would have been. */
const makeQuietCounter = (meter: Meter): (quiet: QuietDecision) => void => {
  // One a channel: there are as many of its series (N4).
  const known = new Map<ChannelName, QuietSeries>()
  const seriesOf = ({ channel, unmet }: QuietDecision): QuietSeries => {
    const series: QuietSeries = {
      unmet,
      evaluated: unmet.tests.flatMap(({ entry, result }) =>
        result._tag === "Disabled"
          ? []
          : meter.series("triggersEvaluated", { channel, trigger_type: entryType(entry) })
      ),
      duration: meter.series("eventProcessingDuration", { channel })
    }
    known.set(channel, series)
    return series
  }
  return (quiet) => {
    const before = known.get(quiet.channel)
    const { duration, evaluated } = before?.unmet === quiet.unmet ? before : seriesOf(quiet)
    for (const count of evaluated) count(1)
    duration(quiet.at / 1000)
  }
}

/** Counts decisions (OPERATIONS, metrics). */
export const decisionMetrics: Effect.Effect<DecisionListener> = Effect.map(makeMeter, (meter) => {
  const countQuiet = makeQuietCounter(meter)
  return {
    quiet: (quiet) => {
      countQuiet(quiet)
      return true
    },
    step: ({ record }, step) => countStep(meter, record, step),
    delivered: ({ record }, delivery) => countDelivery(meter, record, delivery),
    closed: ({ record }, outcome, atMs) => countOutcome(meter, record, outcome, atMs)
  }
})
