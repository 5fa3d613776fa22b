import { Clock, Context, Effect, Layer } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { EventKey } from "../../domain/Ids.ts"
import { buildPrompt, type Prompt, type PromptMessage } from "../../domain/llm/Prompt.ts"
import type { Conversation } from "../../domain/Conversation.ts"
import { ContextStore } from "../state/ContextStore.ts"
import type { ReplyJob } from "./ReplyJob.ts"

/** Builds prompts from the conversation they belong to (F6): a private reply sees private lines only. */
export class PromptBuilder extends Context.Service<PromptBuilder, {
  /** The prompt of a reply. */
  readonly build: (job: ReplyJob) => Effect.Effect<Prompt>
  /** The prompt that asks whether a comment would fit in the channel now (F3, contextual). */
  readonly question: (channel: ChannelSettings, question: string) => Effect.Effect<ReadonlyArray<PromptMessage>>
}>()("llm-bot/PromptBuilder") {
  static readonly layerNoDeps = Layer.effect(
    PromptBuilder,
    Effect.gen(function*() {
      const store = yield* ContextStore

      const prompt = Effect.fnUntraced(
        function*(channel: ChannelSettings, conversation: Conversation, template: string, line: PromptLine) {
          const now = yield* Clock.currentTimeMillis
          return buildPrompt({
            systemPrompt: channel.systemPrompt,
            template,
            botName: channel.bot.username,
            channel: channel.room.name,
            username: line.username,
            triggerMessage: line.text,
            triggerKey: line.key,
            context: store.context(conversation, channel.context, now),
            includeContext: channel.llm.include_context_in_prompt,
            maxContextMessages: channel.llm.max_context_messages,
            includeUsernames: channel.context.include_usernames,
            includeTimestamps: channel.context.include_timestamps,
            now
          })
        }
      )

      return PromptBuilder.of({
        build: ({ channel, conversation, line }) =>
          prompt(channel, conversation, channel.llm.user_prompt_template, line),
        question: (channel, question) =>
          Effect.map(
            prompt(channel, { channel: channel.key, with: undefined }, `{context_window}\n\n${question}`, nobodysLine),
            ({ messages }) => messages
          )
      })
    })
  )
}

interface PromptLine {
  readonly username: string
  readonly text: string
  readonly key: EventKey | undefined
}

const nobodysLine: PromptLine = { username: "", text: "", key: undefined }
