/** `rate_limits` that refuse nothing, in the file's own terms: for tests about something else (F4). */
export const unlimited = {
  max_per_user_per_minute: null,
  max_per_user_per_hour: null,
  max_per_channel_per_minute: null,
  max_per_channel_per_hour: null,
  global_cooldown_seconds: 0
} as const
