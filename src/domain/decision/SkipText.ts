import type { SkipReason, Step } from "./Decision.ts"
import type { DropCause, SkipFacts } from "./SkipFacts.ts"

const reasons: Readonly<Record<SkipReason, string>> = {
  duplicate: "this event was handled before",
  before_start: "it was said before the bot listened",
  stale: "it is too old to answer",
  empty: "it holds no text",
  own_line: "it is the bot's own line",
  echo: "it is the echo of a reply",
  server_line: "the server said it",
  shadow_muted: "its author is shadow-muted",
  ignored_user: "its author is on the ignore list",
  other_bot: "it is a command for another bot",
  not_for_us: "it is a private message to somebody else",
  wrong_domain: "it comes from a room of another server",
  media_event: "it is no line to answer",
  muted: "a moderator muted the bot in this room",
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
  user_share: "this person had a fair share of what the bot may say here in an hour",
  private_share: "private replies had their share of what the bot may say here in an hour",
  pace: "it could not leave in time: too many lines wait before it",
  limit_unknown: "whether the person may be answered is not known: the streams of the limits do not answer",
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
  stopped: "the bot was stopped",
  moved: "another replica took the channel over"
}

/** A reason in words for people who do not know the code. */
export const reasonText = (reason: SkipReason): string => reasons[reason]

/** Reasons that have a shorter name than their own. */
const shortReasons: Readonly<Partial<Record<SkipReason, string>>> = {
  no_match: "no trigger",
  probability: "the dice",
  cooldown: "cooling down",
  media_event: "film",
  media_silence: "new film",
  user_per_minute: "user limit",
  user_per_hour: "user limit",
  trigger_user_per_minute: "trigger limit",
  trigger_user_per_hour: "trigger limit",
  trigger_channel_per_minute: "trigger limit",
  trigger_channel_per_hour: "trigger limit",
  channel_per_minute: "room limit",
  channel_per_hour: "room limit",
  global_cooldown: "just spoke",
  user_share: "a fair share had",
  private_share: "private share",
  pace: "too many at once",
  content_filter: "filtered",
  quality_check: "weak answer",
  length: "answer length",
  deadline: "too late",
  media_changed: "film changed",
  declined: "would not fit"
}

/** A reason in a word or two, for a mark beside a line. */
export const shortReasonText = (reason: SkipReason): string => shortReasons[reason] ?? reason.replaceAll("_", " ")

/** Why a processing step dropped an answer, in words (F7). */
export const dropText = (cause: DropCause): string => {
  switch (cause._tag) {
    case "BlockPattern":
      return `block pattern ${cause.pattern}`
    case "BlockKeyword":
      return `block keyword ${cause.keyword}`
    case "NoRequiredKeyword":
      return "none of require_keywords"
    case "TooFewWords":
      return `${wordsText(cause.words)}, fewer than ${cause.minimum}`
    case "TooManyWords":
      return `${wordsText(cause.words)}, more than ${cause.maximum}`
    case "Empty":
      return "empty"
    case "RepeatsBot":
      return "repeats an earlier line of the bot"
    case "EchoesTrigger":
      return "echoes the trigger"
    case "SaysNothing":
      return "says nothing"
  }
}

const wordsText = (words: number): string => `${words} ${words === 1 ? "word" : "words"}`

const waits: Readonly<Record<NonNullable<SkipFacts["waitedFor"]>, string>> = {
  model: "the model took too long",
  connection: "NATS was away",
  bridge: "no bridge listened"
}

const ageText = (ageMs: number, maximumAgeMs: number | undefined): string =>
  `${Math.round(ageMs / 1000)} s old${maximumAgeMs === undefined ? "" : `, more than ${maximumAgeMs / 1000} s`}`

/** Details of a skip besides its reason, in words; empty where there are none. */
export const skipFactsText = ({ ageMs, dropped, maximumAgeMs, retryAfterMs, waitedFor }: SkipFacts): string =>
  [
    ...(retryAfterMs === undefined ? [] : [`may be allowed again in ${Math.ceil(retryAfterMs / 1000)} s`]),
    ...(ageMs === undefined ? [] : [ageText(ageMs, maximumAgeMs)]),
    ...(waitedFor === undefined ? [] : [waits[waitedFor]]),
    ...(dropped === undefined ? [] : [dropText(dropped)])
  ].join(", ")

/** Why the rest of a reply of several lines stayed unsaid, in words. */
export const unsaidReason: Readonly<Record<Extract<Step, { _tag: "Unsaid" }>["reason"], string>> = {
  deadline: "it grew too late",
  media_changed: "other media began",
  muted: "a moderator muted the bot",
  newer_reply: "the next reply was ready",
  connection: "NATS went away",
  bridge: "no bridge listened any more"
}

/** Why a line was sent again, in words. */
export const resendReason: Readonly<Record<Extract<Step, { _tag: "Resent" }>["cause"], string>> = {
  cooldown: "the room's flood control had refused it",
  kick: "the bot was kicked before the room had it",
  rejoin: "the room's history does not hold it"
}
