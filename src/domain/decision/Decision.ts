import { Schema } from "effect"
import { ChannelName, CorrelationId, EntryKey, Username } from "../Ids.ts"
import { dropped, SkipFacts } from "./SkipFacts.ts"

/** The limits of F4, in the order of checking; the first that refuses is the reason. */
export const LimitName = Schema.Literals([
  "busy",
  "user_per_minute",
  "user_per_hour",
  "trigger_user_per_minute",
  "trigger_user_per_hour",
  "trigger_channel_per_minute",
  "trigger_channel_per_hour",
  "channel_per_minute",
  "channel_per_hour",
  "global_cooldown",
  "user_share",
  "private_share",
  "pace",
  "limiter_failure",
  // The limits that replicas share, asked last (N2).
  "limit_unknown"
])
export type LimitName = typeof LimitName.Type

/** Whether a limit's figures are ms; otherwise they are counts. */
export const isTimed = (limit: LimitName): boolean => limit === "global_cooldown" || limit === "pace"

/** Why there was no reply: all reasons (F12). */
export const SkipReason = Schema.Literals([
  // The event itself never triggers (F1).
  "duplicate",
  "before_start",
  "stale",
  "empty",
  "own_line",
  // An echo: the bot's own line came back.
  "echo",
  "server_line",
  "shadow_muted",
  "ignored_user",
  "other_bot",
  "not_for_us",
  "wrong_domain",
  "media_event",
  // No trigger fired (F3).
  // A moderator muted the bot (F3).
  "muted",
  "media_silence",
  "no_match",
  "cooldown",
  "probability",
  // A trigger fired and admission refused (F4).
  ...LimitName.literals,
  // The model's answer was not fit to send (F7).
  "content_filter",
  "length",
  "quality_check",
  "command",
  // The reply came too late (F7, F8).
  "deadline",
  "media_changed",
  // Asked whether a comment would fit, the model said no (F3, contextual).
  "declined",
  // It could not be sent (F8).
  "outbox_full",
  // Deliberate: a dry run or a shutdown.
  "dry_run",
  "stopped",
  // Another replica took the channel over (F9).
  "moved"
])
export type SkipReason = typeof SkipReason.Type

const at = { /** ms since the arrival */ at: Schema.Finite }

/** One HTTP request to the model and its result. */
export const LlmAttempt = Schema.Struct({
  model: Schema.String,
  /** 1 for the first. */
  attempt: Schema.Finite,
  status: Schema.Literals(["success", "timeout", "rate_limited", "error"]),
  durationMs: Schema.Finite,
  /** ms until the first text of a streamed answer. */
  firstTextMs: Schema.optionalKey(Schema.Finite),
  detail: Schema.String
})
export type LlmAttempt = typeof LlmAttempt.Type

/** The result of testing one trigger entry (F3: enabled → condition → cooldown → probability). */
export const TriggerResult = Schema.TaggedUnion({
  Disabled: {},
  NoMatch: {},
  Cooldown: { matched: Schema.String, remainingMs: Schema.Finite, cooldownMs: Schema.Finite },
  Probability: { matched: Schema.String, draw: Schema.Finite, needed: Schema.Finite, unlucky: Schema.Finite },
  Fired: { matched: Schema.String, draw: Schema.Finite, needed: Schema.Finite, unlucky: Schema.Finite }
})
export type TriggerResult = typeof TriggerResult.Type

/** One step of a decision, with its value against its limit. */
export const Step = Schema.TaggedUnion({
  Media: { ...at, changed: Schema.Boolean, silenceMs: Schema.Finite },
  Context: { ...at, lines: Schema.Finite, private: Schema.Boolean },
  Silence: { ...at, remainingMs: Schema.Finite, silenceMs: Schema.Finite },
  Trigger: { ...at, entry: EntryKey, result: TriggerResult },
  Limit: { ...at, limit: LimitName, used: Schema.Finite, maximum: Schema.Finite, allowed: Schema.Boolean },
  Admitted: { ...at, entry: EntryKey },
  Participation: { ...at, model: Schema.String, wanted: Schema.Boolean },
  Prompt: { ...at, contextLines: Schema.Finite, characters: Schema.Finite },
  LlmAttempt: { ...at, ...LlmAttempt.fields },
  LlmAnswer: {
    ...at,
    model: Schema.String,
    characters: Schema.Finite,
    inputTokens: Schema.Finite,
    outputTokens: Schema.Finite,
    estimated: Schema.Boolean,
    finishReason: Schema.String
  },
  Fallback: { ...at, error: Schema.String, message: Schema.String },
  Processed: { ...at, step: Schema.String, before: Schema.Finite, after: Schema.Finite, dropped },
  Waited: { ...at, for: Schema.Literals(["global_cooldown", "pacing", "connection", "bridge"]), ms: Schema.Finite },
  /** `line` counts the lines of a reply from 2; the first has none. */
  Sent: {
    ...at,
    target: Schema.Literals(["chat", "pm"]),
    characters: Schema.Finite,
    line: Schema.optionalKey(Schema.Finite)
  },
  /** The room is known not to have shown it, so it was sent once more (F8). */
  Resent: { ...at, cause: Schema.Literals(["cooldown", "kick", "rejoin"]) },
  /** The rest of a reply of several lines stays unsaid: the room moved on (F8). */
  Unsaid: {
    ...at,
    lines: Schema.Finite,
    reason: Schema.Literals(["deadline", "media_changed", "muted", "newer_reply", "connection", "bridge"])
  }
})
export type Step = typeof Step.Type

/** How it ended. */
export const Outcome = Schema.TaggedUnion({
  Replied: { afterMs: Schema.Finite },
  Skipped: { reason: SkipReason, ...SkipFacts.fields },
  Failed: { error: Schema.String, message: Schema.String }
})
export type Outcome = typeof Outcome.Type

/** A defect ended the decision. */
export const internalError: Outcome = {
  _tag: "Failed",
  error: "Defect",
  message: "an internal error; please report it"
}

/** The outcome of an event that gets no reply. */
export const skipped = (reason: SkipReason, facts: SkipFacts = {}): Extract<Outcome, { _tag: "Skipped" }> => ({
  _tag: "Skipped",
  reason,
  ...facts
})

/** Why a sent reply is not seen: the command had no responders, or the room refused the line (WIRE). */
export const UnconfirmedCause = Schema.Literals([
  "no_bridge",
  "cooldown",
  "noflood",
  "spamFiltered",
  "errorMsg",
  "kick"
])
export type UnconfirmedCause = typeof UnconfirmedCause.Type

/** The delivery of a sent reply: seen in the room, or not within 10 s (F8). */
export const Delivery = Schema.TaggedUnion({
  Delivered: { afterMs: Schema.Finite },
  Unconfirmed: { /** Absent where nothing is known. */ cause: Schema.optionalKey(UnconfirmedCause) }
})
export type Delivery = typeof Delivery.Type

/** The texts of a decision; kept only where `telemetry.log_content` is on (N4). */
export const Content = Schema.Struct({
  line: Schema.String,
  prompt: Schema.optionalKey(Schema.Array(Schema.Struct({ role: Schema.String, content: Schema.String }))),
  answer: Schema.optionalKey(Schema.String),
  /** The text after each processing step that did not drop it (F7). */
  processing: Schema.optionalKey(Schema.Array(Schema.Struct({ step: Schema.String, text: Schema.String }))),
  reply: Schema.optionalKey(Schema.String)
})
export type Content = typeof Content.Type

/** The story of one event: opened on arrival, a step at a time, closed with its outcome, amended by delivery (F12). */
export const DecisionRecord = Schema.Struct({
  correlationId: CorrelationId,
  channel: ChannelName,
  eventType: Schema.Literals(["chatMsg", "pm", "changeMedia", "contextual"]),
  username: Schema.optionalKey(Username),
  /** The user's rank, from the line itself or the room's list. */
  rank: Schema.optionalKey(Schema.Finite),
  /** Arrival, epoch ms. */
  arrivedAt: Schema.Finite,
  steps: Schema.Array(Step),
  outcome: Schema.optionalKey(Outcome),
  delivery: Schema.optionalKey(Delivery),
  content: Schema.optionalKey(Content)
})
export type DecisionRecord = typeof DecisionRecord.Type

/** Whether a record is about an echo: the bot's own line came back. */
export const isEcho = ({ outcome }: DecisionRecord): boolean => outcome?._tag === "Skipped" && outcome.reason === "echo"
