import type { DecisionRecord, Delivery, LimitName, Outcome, SkipReason, Step, TriggerResult } from "./Decision.ts"

const seconds = (ms: number): string => `${(Math.round(ms / 100) / 10).toString()} s`
const share = (value: number): string => value.toFixed(2)
const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

/** What was drawn against what was needed: to the hundredth, where that tells them apart. */
const drawText = (draw: number, needed: number): string => {
  const drawn = share(draw) === share(needed) ? draw.toFixed(5) : share(draw)
  return `drew ${drawn}, needs less than ${share(needed)}`
}

const limitNames: Readonly<Record<LimitName, string>> = {
  busy: "replies of the channel under way",
  user_per_minute: "replies to this user in a minute",
  user_per_hour: "replies to this user in an hour",
  trigger_user_per_minute: "replies of this trigger to this user in a minute",
  trigger_user_per_hour: "replies of this trigger to this user in an hour",
  trigger_channel_per_minute: "replies of this trigger in a minute",
  trigger_channel_per_hour: "replies of this trigger in an hour",
  channel_per_minute: "bot lines of the channel in a minute",
  channel_per_hour: "bot lines of the channel in an hour",
  global_cooldown: "time since the bot's last line",
  limiter_failure: "the limiter failed"
}

const reasons: Readonly<Record<SkipReason, string>> = {
  duplicate: "this event was handled before",
  before_start: "it was said before the bot listened",
  stale: "it is too old to answer",
  empty: "it holds no text",
  own_line: "it is the bot's own line",
  server_line: "the server said it",
  shadow_muted: "its author is shadow-muted",
  ignored_user: "its author is on the ignore list",
  other_bot: "it is a command for another bot",
  not_for_us: "it is a private message to somebody else",
  wrong_domain: "it comes from a room of another server",
  media_event: "it is no line to answer",
  media_silence: "the bot keeps silent after a media change",
  no_match: "no trigger matched",
  cooldown: "the trigger that matched is cooling down",
  probability: "the dice said no",
  busy: "too many replies are under way",
  user_per_minute: "this user had enough replies in the last minute",
  user_per_hour: "this user had enough replies in the last hour",
  trigger_user_per_minute: "this user had enough of this trigger in the last minute",
  trigger_user_per_hour: "this user had enough of this trigger in the last hour",
  trigger_channel_per_minute: "this trigger had enough replies in the last minute",
  trigger_channel_per_hour: "this trigger had enough replies in the last hour",
  channel_per_minute: "the bot said enough here in the last minute",
  channel_per_hour: "the bot said enough here in the last hour",
  global_cooldown: "the bot spoke here a moment ago",
  limiter_failure: "the limiter failed, and when in doubt the bot is silent",
  content_filter: "the content filter dropped the answer",
  length: "the answer has too few or too many words",
  quality_check: "the answer is not worth sending",
  command: "the room would have taken the answer for a command",
  deadline: "the answer came too late",
  media_changed: "other media began meanwhile",
  outbox_full: "NATS is away and too many replies wait for it",
  declined: "the model thinks a comment would not fit now",
  dry_run: "it is a dry run",
  stopped: "the bot was stopped"
}

/** A reason in words a person understands without the code. */
export const reasonText = (reason: SkipReason): string => reasons[reason]

const waits: Readonly<Record<Extract<Step, { _tag: "Waited" }>["for"], string>> = {
  global_cooldown: "the global cooldown",
  pacing: "the room's flood control",
  connection: "NATS to come back"
}

const triggerText = (result: TriggerResult): string => {
  switch (result._tag) {
    case "Disabled":
      return "is disabled"
    case "NoMatch":
      return "does not match"
    case "Cooldown":
      return `matches "${result.matched}" but cools down for another ${seconds(result.remainingMs)} of ${
        seconds(result.cooldownMs)
      }`
    case "Probability":
      return `matches "${result.matched}" but the dice said no: ${drawText(result.draw, result.needed)}`
    case "Fired":
      return result.draw < result.needed
        ? `matches "${result.matched}" and fires: ${drawText(result.draw, result.needed)}`
        : `matches "${result.matched}" and fires after ${result.unlucky} losing draws in a row`
  }
}

const limitText = (step: Extract<Step, { _tag: "Limit" }>): string =>
  step.limit === "global_cooldown"
    ? `${limitNames[step.limit]}: ${step.allowed ? "at least " : ""}${seconds(step.used)}, needs ${
      seconds(step.maximum)
    }: ${step.allowed ? "ok" : "refused"}`
    : `${limitNames[step.limit]}: ${step.used} of ${step.maximum}: ${step.allowed ? "ok" : "refused"}`

/** A processing step in words (F7). */
const processing = (step: string): string => step.replaceAll("_", " ")

/** One step as a person reads it: the gate, its value, its limit. */
export const stepText = (step: Step): string => {
  switch (step._tag) {
    case "Media":
      return step.changed
        ? `other media began${step.silenceMs > 0 ? `: silence for ${seconds(step.silenceMs)}` : ""}`
        : "the same media as before: no silence"
    case "Context":
      return `remembered as line ${step.lines} of the ${step.private ? "private conversation" : "channel"}`
    case "Silence":
      return `silence after a media change: another ${seconds(step.remainingMs)} of ${seconds(step.silenceMs)}`
    case "Trigger":
      return `${step.entry} ${triggerText(step.result)}`
    case "Limit":
      return limitText(step)
    case "Admitted":
      return `${step.entry} may answer`
    case "Participation":
      return `${step.model} was asked whether a comment fits: ${step.wanted ? "yes" : "no"}`
    case "Prompt":
      return `asked with ${many(step.contextLines, "line")} of context, ${many(step.characters, "character")}`
    case "LlmAttempt":
      return `${step.model}, attempt ${step.attempt}: ${step.status} after ${seconds(step.durationMs)}${
        step.firstTextMs === undefined ? "" : `, first text after ${seconds(step.firstTextMs)}`
      }${step.detail === "" ? "" : ` (${step.detail})`}`
    case "LlmAnswer":
      return `${step.model} answered ${
        many(step.characters, "character")
      }, ${step.inputTokens} + ${step.outputTokens} tokens${step.estimated ? " (estimated)" : ""}${
        step.finishReason === "length" ? ", cut off by max_tokens" : ""
      }`
    case "Fallback":
      return `a prepared line instead: ${step.message}`
    case "Processed":
      return step.note !== ""
        ? `${processing(step.step)}: dropped (${step.note})`
        : `${processing(step.step)}: ${
          step.before === step.after ? "nothing to change" : `${step.before} to ${many(step.after, "character")}`
        }`
    case "Waited":
      return `waited ${seconds(step.ms)} for ${waits[step.for]}`
    case "Sent":
      return `sent ${many(step.characters, "character")} to the ${step.target === "chat" ? "room" : "user"}`
  }
}

/** The end of a decision in words. */
export const outcomeText = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Replied":
      return `replied after ${seconds(outcome.afterMs)}`
    case "Skipped":
      return `no reply: ${reasonText(outcome.reason)}${outcome.detail === "" ? "" : ` (${outcome.detail})`}`
    case "Failed":
      return `failed: ${outcome.message}`
  }
}

/** What became of a sent reply, in words. */
export const deliveryText = (delivery: Delivery): string =>
  delivery._tag === "Delivered"
    ? `seen in the room after ${seconds(delivery.afterMs)}`
    : `not seen in the room${delivery.cause === "" ? "" : ` (${delivery.cause})`}`

/** What a decision is about, in words. */
export const eventText = (record: DecisionRecord): string => {
  switch (record.eventType) {
    case "chatMsg":
      return `line from ${record.username ?? "somebody"}`
    case "pm":
      return `private message from ${record.username ?? "somebody"}`
    case "changeMedia":
      return "media event"
    case "contextual":
      return "look at the room"
  }
}

const changedNothing = (step: Step): boolean =>
  step._tag === "Processed" && step.note === "" && step.before === step.after

/** Every gate of a decision in order, then what became of the reply. Processing that changed nothing is left out. */
export const storySteps = (record: DecisionRecord): ReadonlyArray<string> => [
  ...record.steps.filter((step) => !changedNothing(step)).map(stepText),
  ...(record.delivery === undefined ? [] : [deliveryText(record.delivery)])
]

/** What was decided so far, in words. */
export const endText = ({ outcome }: DecisionRecord): string =>
  outcome === undefined ? "under way" : outcomeText(outcome)

/** A decision as one readable line: what came, what was decided and why, every gate in order (F12). */
export const storyText = (record: DecisionRecord): string =>
  [`${record.channel}: ${eventText(record)}: ${endText(record)}`, ...storySteps(record)].join("; ")
