import { Schema } from "effect"
import { field, Maximum, Seconds, Share } from "../Field.ts"

const channelLimits = {
  max_per_channel_per_minute: field(Maximum, 5, "bot lines of a channel in a minute"),
  max_per_channel_per_hour: field(Maximum, 30, "bot lines of a channel in an hour"),
  max_user_share: field(Share, 0.5, "of what is left of the channel's hour, the most that one person may have had"),
  max_private_share: field(Share, 0.5, "of the channel's hour, the most that private replies may take"),
  global_cooldown_seconds: field(Seconds, 5, "seconds between two bot lines of a channel; 0 = off"),
  media_change_cooldown_seconds: field(Seconds, 30, "silence after another media begins; 0 = off")
}

// A user's limits count over all channels, so one channel cannot have its own (F9).
const global = Schema.optionalKey(
  Schema.Never.annotate({ message: "user limits count over all channels: set it in the top-level rate_limits" })
)

/** The limits of a channel (F4). */
export const ChannelRateLimits = Schema.Struct({
  ...channelLimits,
  max_per_user_per_minute: global,
  max_per_user_per_hour: global
})
export type ChannelRateLimits = Omit<typeof ChannelRateLimits.Type, "max_per_user_per_minute" | "max_per_user_per_hour">

/** The limits of every channel, and of a user over all of them (F4). */
export const RateLimits = Schema.Struct({
  ...channelLimits,
  max_per_user_per_minute: field(Maximum, 3, "replies to one user in a minute, all channels together"),
  max_per_user_per_hour: field(Maximum, 10, "replies to one user in an hour, all channels together")
})
export type RateLimits = typeof RateLimits.Type
