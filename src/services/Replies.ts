import { Cause, Context, Effect, Exit, FiberSet, Layer, Option, Semaphore } from "effect"
import type { ChatCommand } from "../domain/ChatCommand.ts"
import type { Outcome } from "../domain/Decision.ts"
import type { ChannelKey } from "../domain/Ids.ts"
import { ContextStore } from "./ContextStore.ts"
import { Echoes } from "./Echoes.ts"
import { type LlmAttempt, LlmClient, type LlmError } from "./LlmClient.ts"
import { monotonicMillis } from "./Moment.ts"
import type { NatsError } from "./Nats.ts"
import { Outbox } from "./Outbox.ts"
import { PromptBuilder } from "./PromptBuilder.ts"
import { RateLimiter } from "./RateLimiter.ts"
import type { ReplyJob } from "./ReplyJob.ts"
import { ResponseProcessor } from "./ResponseProcessor.ts"

/** How long replies under way may still take when the bot stops (F10). */
const drainWithin = "30 seconds"

const skipped = (reason: Extract<Outcome, { _tag: "Skipped" }>["reason"], detail = ""): Outcome => ({
  _tag: "Skipped",
  reason,
  detail
})

/** ms until the reply is too late; none when there is no deadline (F7). */
const timeLeft = ({ channel, decision }: ReplyJob, now: number): Option.Option<number> => {
  const seconds = channel.response.reply_deadline_seconds
  return seconds === 0 ? Option.none() : Option.some(decision.arrivedAt.monotonic + seconds * 1000 - now)
}

/** Answers admitted messages, each in a fiber of its own, so that a slow model delays nothing else. */
export class Replies extends Context.Service<Replies, {
  /** Begins the answer and returns at once. The job's reservation is confirmed or released when it ends. */
  readonly begin: (job: ReplyJob) => Effect.Effect<void>
  /** How many replies are under way. */
  readonly underWay: Effect.Effect<number>
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/Replies") {
  static readonly layerNoDeps = Layer.effect(Replies, Effect.gen(function*() {
    const prompts = yield* PromptBuilder
    const llm = yield* LlmClient
    const responses = yield* ResponseProcessor
    const limiter = yield* RateLimiter
    const outbox = yield* Outbox
    const store = yield* ContextStore
    const echoes = yield* Echoes
    // One lane a configured channel: its lines leave one at a time, in the order in which they are ready.
    const lanes = new Map<ChannelKey, Semaphore.Semaphore>()
    const jobs = yield* FiberSet.make<void, never>()
    yield* Effect.addFinalizer(() =>
      FiberSet.awaitEmpty(jobs).pipe(
        Effect.timeoutOption(drainWithin),
        Effect.flatMap(Option.match({
          onNone: () => Effect.logWarning("Replies under way were given up"),
          onSome: () => Effect.logInfo("Replies finished")
        }))
      )
    )

    const ask = Effect.fn("Replies.ask")(function*(job: ReplyJob) {
      const prompt = yield* prompts.build(job)
      const characters = prompt.messages.reduce((sum, { content }) => sum + content.length, 0)
      yield* job.decision.content({ prompt: prompt.messages })
      yield* job.decision.step({ _tag: "Prompt", contextLines: prompt.contextLines, characters })
      const completion = yield* llm.complete({
        messages: prompt.messages,
        model: job.channel.model,
        api: job.channel.llm,
        budgetMs: timeLeft(job, yield* monotonicMillis),
        onAttempt: (attempt: LlmAttempt) => job.decision.step({ _tag: "LlmAttempt", ...attempt })
      })
      yield* job.decision.content({ answer: completion.text })
      yield* job.decision.step({
        _tag: "LlmAnswer",
        model: completion.model,
        characters: completion.text.length,
        inputTokens: completion.inputTokens,
        outputTokens: completion.outputTokens,
        estimated: completion.estimated,
        finishReason: completion.finishReason
      })
      return completion.text
    })

    /** Why a ready line must not be sent any more, if so: too late, or other media began meanwhile (F7). */
    const lateness = Effect.fnUntraced(function*(job: ReplyJob, now: number, waitMs: number) {
      const left = timeLeft(job, now)
      if (Option.isSome(left) && left.value < waitMs) return skipped("deadline")
      const rule = job.channel.response.drop_after_media_change
      const changedAt = yield* store.mediaChangedAt(job.channel.key)
      const changed = changedAt !== undefined && changedAt > job.decision.arrivedAt.monotonic
      return changed && (rule === "always" || (rule === "unprompted" && job.unprompted))
        ? skipped("media_changed")
        : undefined
    })

    const publish = Effect.fnUntraced(function*(job: ReplyJob, text: string) {
      const { channel, conversation, decision, to } = job
      const command: ChatCommand = to === undefined
        ? { _tag: "Chat", channel: channel.room.name, message: text }
        : { _tag: "Pm", channel: channel.room.name, to, message: text }
      const { heard } = yield* outbox.send(command, channel, {
        correlationId: decision.correlationId,
        identity: job.cause
      }).pipe(
        // It may have reached the server after all, so it counts as sent.
        Effect.tapErrorTag("NatsError", (error) =>
          error.operation === "flush" ? Effect.flatMap(monotonicMillis, (at) => limiter.confirm(job.reservation, at)) : Effect.void)
      )
      const sentAt = yield* monotonicMillis
      yield* limiter.confirm(job.reservation, sentAt)
      yield* store.append(conversation, {
        username: channel.bot.username,
        text,
        time: decision.arrivedAt.wall + sentAt - decision.arrivedAt.monotonic,
        bot: true,
        identity: undefined
      }, channel.context)
      yield* decision.content({ reply: text })
      yield* decision.step({ _tag: "Sent", target: to === undefined ? "chat" : "pm", characters: text.length })
      yield* echoes.expect({ conversation, text, decision, heard })
      return { _tag: "Replied", afterMs: sentAt - decision.arrivedAt.monotonic } satisfies Outcome
    })

    /** Sends a ready line once the global cooldown since the last line is over, or drops it as too late. */
    const send = Effect.fnUntraced(function*(job: ReplyJob, text: string): Effect.fn.Return<Outcome, NatsError> {
      const { channel, decision } = job
      const now = yield* monotonicMillis
      const waitMs = yield* limiter.sendDelay(channel.key, channel.rateLimits, now)
      const late = yield* lateness(job, now, waitMs)
      if (late !== undefined) return late
      if (waitMs > 0) {
        yield* Effect.sleep(waitMs)
        yield* decision.step({ _tag: "Waited", for: "global_cooldown", ms: waitMs })
        const lateNow = yield* lateness(job, yield* monotonicMillis, 0)
        if (lateNow !== undefined) return lateNow
      }
      // What has begun to leave is seen through: an interruption between sending and stamping would lose the charge.
      return yield* Effect.uninterruptible(publish(job, text))
    })

    const answer = Effect.fn("Replies.answer")(
      function*(job: ReplyJob): Effect.fn.Return<Outcome, LlmError | NatsError> {
        const text = yield* ask(job)
        const reply = yield* responses.process(text, job)
        for (const step of reply.steps) yield* job.decision.step({ _tag: "Processed", ...step })
        if (reply._tag === "Dropped") return skipped(reply.reason, reply.detail)
        const lane = lanes.get(job.channel.key) ?? Semaphore.makeUnsafe(1)
        lanes.set(job.channel.key, lane)
        return yield* lane.withPermit(send(job, reply.text))
      }
    )

    const failure = (error: LlmError | NatsError): Outcome => ({
      _tag: "Failed",
      error: error._tag,
      message: error.message
    })

    const outcomeOf = (exit: Exit.Exit<Outcome, LlmError | NatsError>): Outcome => {
      if (Exit.isSuccess(exit)) return exit.value
      if (Cause.hasInterruptsOnly(exit.cause)) return skipped("stopped")
      return Option.match(Cause.findErrorOption(exit.cause), {
        onNone: () => ({ _tag: "Failed", error: "Defect", message: "an internal error; please report it" }),
        onSome: failure
      })
    }

    const finish = Effect.fnUntraced(function*(job: ReplyJob, exit: Exit.Exit<Outcome, LlmError | NatsError>) {
      const outcome = outcomeOf(exit)
      if (outcome._tag !== "Replied") yield* limiter.release(job.reservation)
      if (Exit.isFailure(exit) && Option.isNone(Cause.findErrorOption(exit.cause)) && outcome._tag === "Failed") {
        yield* Effect.logError("Reply failed with a defect", exit.cause)
      }
      const tooLate = outcome._tag === "Failed" && outcome.error === "LlmTimeout" &&
        Option.exists(timeLeft(job, yield* monotonicMillis), (left) => left <= 0)
      yield* job.decision.close(tooLate ? skipped("deadline", "the model took too long") : outcome)
      yield* job.ack
    })

    const run = (job: ReplyJob): Effect.Effect<void> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.exit(restore(answer(job))), (exit) => finish(job, exit))
      ).pipe(Effect.annotateLogs({
        logger: "Replies",
        correlation_id: job.decision.correlationId,
        channel: job.channel.room.name
      }))

    return Replies.of({
      begin: (job) => Effect.asVoid(FiberSet.run(jobs, run(job))),
      underWay: FiberSet.size(jobs),
      forget: (channel) => Effect.sync(() => void lanes.delete(channel))
    })
  }))
}
