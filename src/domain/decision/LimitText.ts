import { isTimed, type LimitName, type Step } from "./Decision.ts"

/** ms as seconds, to the tenth: `4.2 s`; as milliseconds where that would be none. */
export const secondsText = (ms: number): string =>
  ms > 0 && ms < 50 ? `${Math.ceil(ms)} ms` : `${(Math.round(ms / 100) / 10).toString()} s`

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
  user_share: "replies to this person of the channel's hour",
  private_share: "private replies of the channel's hour",
  global_cooldown: "time since the bot's last line",
  pace: "time until the room's flood control lets it leave",
  limiter_failure: "the limiter failed",
  limit_unknown: "replies to this user, by all replicas"
}

type LimitStep = Extract<Step, { _tag: "Limit" }>

/** What a limit counts, in words. */
export const limitName = ({ limit }: LimitStep): string => limitNames[limit]

/** A limit's value against its maximum. */
export const limitFigures = ({ limit, maximum, used }: LimitStep): string =>
  isTimed(limit) ? `${secondsText(used)} of ${secondsText(maximum)}` : `${used} of ${maximum}`

/** A limit's check in words. */
export const limitText = (step: LimitStep): string =>
  step.limit === "global_cooldown"
    ? `${limitNames[step.limit]}: ${step.allowed ? "at least " : ""}${secondsText(step.used)}, needs ${
      secondsText(step.maximum)
    }: ${step.allowed ? "ok" : "refused"}`
    : `${limitNames[step.limit]}: ${limitFigures(step)}: ${step.allowed ? "ok" : "refused"}`
