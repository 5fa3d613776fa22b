import { Schema } from "effect"
import type { ActiveSettings, ChannelSettings } from "../ChannelSettings.ts"
import { RateLimits } from "./LimitSettings.ts"
import { ResponseProcessing } from "./ResponseSettings.ts"
import { ContextSettings } from "./Settings.ts"
import { TriggerEntry } from "./TriggerSettings.ts"

const encodeTriggers = Schema.encodeSync(Schema.Array(TriggerEntry))
const encodeLimits = Schema.encodeSync(RateLimits)
const encodeResponse = Schema.encodeSync(ResponseProcessing)
const encodeContext = Schema.encodeSync(ContextSettings)

/** What holds in a room, in the file's own terms: defaults and the room's own settings filled in; null = no limit. */
export const settingsValues = ({ settings }: ActiveSettings, channel: ChannelSettings) => {
  const response = encodeResponse(channel.response)
  const { max_per_user_per_hour, max_per_user_per_minute } = channel.userLimits
  const { block_keywords, max_word_count, min_word_count } = channel.response.content_filter
  return {
    system_prompt: channel.systemPrompt,
    user_prompt_template: channel.llm.user_prompt_template,
    model: channel.model,
    triggers: encodeTriggers(channel.triggers.map(({ entry }) => entry)),
    rate_limits: encodeLimits({ ...channel.rateLimits, max_per_user_per_hour, max_per_user_per_minute }),
    response_processing: { ...response, block_keywords, max_word_count, min_word_count },
    bot: settings.bot,
    context_window: encodeContext(channel.context)
  }
}
