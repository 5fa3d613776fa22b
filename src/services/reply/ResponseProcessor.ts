import { Context, Effect, Layer } from "effect"
import type { ProcessedReply } from "../../domain/reply/Reply.ts"
import { ContextStore } from "../state/ContextStore.ts"
import type { ReplyJob } from "./ReplyJob.ts"

/** Processes a model's answer into lines fit to send, or drops it with the reason (F7). */
export class ResponseProcessor extends Context.Service<ResponseProcessor, {
  /** `people` are the names in the prompt. */
  readonly process: (answer: string, job: ReplyJob, people: ReadonlyArray<string>) => Effect.Effect<ProcessedReply>
}>()("llm-bot/ResponseProcessor") {
  static readonly layerNoDeps = Layer.effect(
    ResponseProcessor,
    Effect.gen(function*() {
      const store = yield* ContextStore
      return ResponseProcessor.of({
        process: (answer, { channel, conversation, line }, people) =>
          Effect.sync(() =>
            channel.processReply(answer, {
              botNames: channel.bot.names,
              people,
              recentReplies: store.replies(conversation),
              trigger: line.text
            })
          )
      })
    })
  )
}
