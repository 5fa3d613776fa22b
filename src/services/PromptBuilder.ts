import { Clock, Context, Effect, Layer } from "effect"
import { buildPrompt, type Prompt } from "../domain/Prompt.ts"
import { ContextStore } from "./ContextStore.ts"
import type { ReplyJob } from "./ReplyJob.ts"

/** Builds the prompt of a reply from the conversation it belongs to (F6): a private reply sees private lines only. */
export class PromptBuilder extends Context.Service<PromptBuilder, {
  readonly build: (job: ReplyJob) => Effect.Effect<Prompt>
}>()("llm-bot/PromptBuilder") {
  static readonly layerNoDeps = Layer.effect(PromptBuilder, Effect.gen(function*() {
    const store = yield* ContextStore
    return PromptBuilder.of({
      build: Effect.fnUntraced(function*({ channel, conversation, line }: ReplyJob) {
        const now = yield* Clock.currentTimeMillis
        const context = yield* store.context(conversation, channel.context, now)
        return buildPrompt({
          systemPrompt: channel.systemPrompt,
          template: channel.llm.user_prompt_template,
          botName: channel.bot.username,
          channel: channel.room.name,
          username: line.username,
          triggerMessage: line.text,
          triggerIdentity: line.identity,
          context,
          includeContext: channel.llm.include_context_in_prompt,
          maxContextMessages: channel.llm.max_context_messages,
          includeUsernames: channel.context.include_usernames,
          includeTimestamps: channel.context.include_timestamps,
          now
        })
      })
    })
  }))
}
