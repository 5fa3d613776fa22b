import { Option, Schema } from "effect"
import type { ActiveSettings, ChannelSettings } from "../ChannelSettings.ts"
import { channelKey } from "../Ids.ts"
import { RateLimits } from "../settings/LimitSettings.ts"
import { ResponseProcessing } from "../settings/ResponseSettings.ts"
import { ContextSettings, type Settings } from "../settings/Settings.ts"
import { TriggerEntry } from "../triggers/TriggerEntry.ts"

const encodeTriggers = Schema.encodeSync(Schema.Array(TriggerEntry))
const encodeLimits = Schema.encodeSync(RateLimits)
const encodeResponse = Schema.encodeSync(ResponseProcessing)
const encodeContext = Schema.encodeSync(ContextSettings)

/** A room's triggers in the order of the file, which need not be that in which they are tested: edits go by it. */
const triggersOf = ({ channels, triggers }: Settings, { key }: ChannelSettings): ReadonlyArray<TriggerEntry> =>
  Option.getOrElse(
    Option.flatMap(
      Option.fromNullishOr(channels.find(({ name }) => channelKey(name) === key)),
      (room) => room.triggers
    ),
    () => triggers
  )

/** What holds in a room, in the file's own terms: defaults and the room's own settings filled in; null = no limit. */
export const settingsValues = ({ settings }: ActiveSettings, channel: ChannelSettings) => {
  const response = encodeResponse(channel.response)
  const { max_per_user_per_hour, max_per_user_per_minute } = channel.userLimits
  const { block_keywords, max_word_count, min_word_count } = channel.response.content_filter
  return {
    system_prompt: channel.systemPrompt,
    user_prompt_template: channel.llm.user_prompt_template,
    model: channel.model,
    triggers: encodeTriggers(triggersOf(settings, channel)),
    rate_limits: encodeLimits({ ...channel.rateLimits, max_per_user_per_hour, max_per_user_per_minute }),
    response_processing: {
      ...response,
      block_keywords,
      max_word_count: Option.getOrNull(max_word_count),
      min_word_count
    },
    bot: settings.bot,
    context_window: encodeContext(channel.context)
  }
}
