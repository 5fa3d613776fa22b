import { Cause, Context, Effect, Exit, Fiber, FiberSet, Layer, Option } from "effect"
import { internalError, type LlmAttempt, type Outcome, skipped } from "../../domain/decision/Decision.ts"
import { hashToUnit } from "../../domain/Hash.ts"
import { type ChannelKey, userKey } from "../../domain/Ids.ts"
import { promptLength } from "../../domain/llm/Prompt.ts"
import { stopConditionFor } from "../../domain/reply/StopCondition.ts"
import { speakersOf } from "../../domain/reply/Transcript.ts"
import { LlmClient, type LlmEmpty, type LlmError } from "../LlmClient.ts"
import { monotonicMillis } from "../Time.ts"
import type { NatsSendError } from "../Nats.ts"
import { Outbox } from "./Outbox.ts"
import { PromptBuilder } from "./PromptBuilder.ts"
import { RateLimiter } from "../limits/RateLimiter.ts"
import { SharedLimits } from "../limits/SharedLimits.ts"
import { type ReplyJob, timeLeft } from "./ReplyJob.ts"
import { ResponseProcessor } from "./ResponseProcessor.ts"
import { StopLimits, stopStep } from "../Stopping.ts"

/** How long replies that are broken off may take to end: one that is being sent waits for the server's word. */
const breakOffTime = "2 seconds"

/** The answer, and the names in the prompt it answers. */
interface Answer {
  readonly text: string
  readonly people: ReadonlyArray<string>
}

/** Answers admitted messages, each in its own fiber, so that a slow model delays nothing else. */
export class Replies extends Context.Service<Replies, {
  /** Begins the answer and returns at once. The job's reservation is confirmed or released when it ends. */
  readonly begin: (job: ReplyJob) => void
  /** Waits until no reply of the channel is in progress. */
  readonly idle: (channel: ChannelKey) => Effect.Effect<void>
  /** Breaks off the channel's replies in progress: their decisions are closed and their events not acknowledged. */
  readonly interrupt: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/Replies") {
  static readonly layerNoDeps = Layer.effect(
    Replies,
    Effect.gen(function*() {
      const prompts = yield* PromptBuilder
      const llm = yield* LlmClient
      const responses = yield* ResponseProcessor
      const limiter = yield* RateLimiter
      const shared = yield* SharedLimits
      const outbox = yield* Outbox
      const jobs = yield* FiberSet.make<void, never>()
      const fork = yield* FiberSet.runtime(jobs)()
      // The replies of each channel, bounded by `llm_api.max_concurrent_per_channel`.
      const underWay = new Map<ChannelKey, Set<Fiber.Fiber<void>>>()
      // Channels whose replies are being broken off.
      const moving = new Set<ChannelKey>()
      const limits = yield* StopLimits
      const messages = { done: "Replies finished", givenUp: "Replies in flight abandoned" }
      yield* Effect.addFinalizer(() => stopStep(messages, limits.replies, FiberSet.awaitEmpty(jobs)))

      /** An answer without text costs its tokens too, where the server reports them. */
      const paidFor = ({ decision }: ReplyJob, { finishReason, usage }: LlmEmpty): Effect.Effect<void> =>
        Effect.sync(() => {
          if (usage === undefined) return
          decision.step({ _tag: "LlmAnswer", characters: 0, ...usage, estimated: false, finishReason })
        })

      const ask = Effect.fnUntraced(function*(job: ReplyJob) {
        const prompt = yield* prompts.build(job)
        const characters = promptLength(prompt.messages)
        job.decision.content({ prompt: prompt.messages })
        job.decision.step({ _tag: "Prompt", contextLines: prompt.contextLines, characters })
        const completion = yield* llm.complete({
          correlationId: job.decision.correlationId,
          messages: prompt.messages,
          model: job.channel.model,
          api: job.channel.llm,
          budgetMs: timeLeft(job, yield* monotonicMillis),
          enough: () => stopConditionFor(job.channel.response, speakersOf(job.channel.bot.names, prompt.people)),
          onAttempt: (attempt: LlmAttempt) => Effect.sync(() => job.decision.step({ _tag: "LlmAttempt", ...attempt })),
          ...(job.channel.logContent ? { onText: (text: string) => job.decision.answering(text) } : {})
        }).pipe(Effect.tapErrorTag("LlmEmpty", (empty) => paidFor(job, empty)))
        job.decision.content({ answer: completion.text })
        job.decision.step({
          _tag: "LlmAnswer",
          model: completion.model,
          characters: completion.text.length,
          inputTokens: completion.inputTokens,
          outputTokens: completion.outputTokens,
          estimated: completion.estimated,
          finishReason: completion.finishReason
        })
        return { text: completion.text, people: prompt.people }
      })

      /** Every model failed: one of the operator's lines, drawn from the seed, or the failure itself (F5). */
      const fallback = (job: ReplyJob, error: LlmError): Effect.Effect<Answer, LlmError> => {
        const { fallback_responses: lines, fallback_responses_enabled: enabled } = job.channel.response
        const line = lines[Math.floor(hashToUnit(["fallback", job.channel.seed, job.cause]) * lines.length)]
        return !enabled || line === undefined
          ? Effect.fail(error)
          : Effect.sync(() => {
            job.decision.step({ _tag: "Fallback", error: error._tag, message: error.message })
            return { text: line, people: [] }
          })
      }

      /** Asks the limits that replicas share, last of all; the outcome where they refuse. */
      const charge = Effect.fnUntraced(function*({ cause, channel, decision, line, reservation }: ReplyJob) {
        // Nobody asked for a contextual reply, so nobody is charged.
        if (reservation.userWindows.length === 0) return undefined
        const { correlationId } = decision
        const user = userKey(line.username)
        const refusal = yield* shared.charge({ correlationId, cause, user, limits: channel.userLimits })
        if (refusal === undefined) return undefined
        const { limit, maximum } = refusal
        decision.step({ _tag: "Limit", limit, used: limit === "limit_unknown" ? 0 : maximum, maximum, allowed: false })
        return skipped(limit)
      })

      const answer = Effect.fnUntraced(
        function*(job: ReplyJob): Effect.fn.Return<Outcome, LlmError | NatsSendError> {
          const refused = yield* charge(job)
          if (refused !== undefined) return refused
          const { people, text } = yield* Effect.catch(ask(job), (error) => fallback(job, error))
          const reply = yield* responses.process(text, job, people)
          job.decision.content({ processing: reply.texts })
          for (const step of reply.steps) job.decision.step({ _tag: "Processed", ...step })
          if (reply._tag === "Dropped") return skipped(reply.reason, { dropped: reply.dropped })
          return yield* outbox.send(job, reply.lines)
        }
      )

      /** A model that took all the time there was is told as too late. */
      const failure = (error: LlmError | NatsSendError): Outcome =>
        error._tag === "LlmTimeout" && error.budgetSpent
          ? skipped("deadline", { waitedFor: "model" })
          : { _tag: "Failed", error: error._tag, message: error.message }

      const outcomeOf = (exit: Exit.Exit<Outcome, LlmError | NatsSendError>, channel: ChannelKey): Outcome => {
        if (Exit.isSuccess(exit)) return exit.value
        if (Cause.hasInterruptsOnly(exit.cause)) return skipped(moving.has(channel) ? "moved" : "stopped")
        return Option.match(Cause.findErrorOption(exit.cause), {
          onNone: () => internalError,
          onSome: failure
        })
      }

      const finish = Effect.fnUntraced(function*(job: ReplyJob, exit: Exit.Exit<Outcome, LlmError | NatsSendError>) {
        const outcome = outcomeOf(exit, job.channel.key)
        if (outcome._tag !== "Replied") {
          limiter.release(job.reservation)
          yield* shared.giveBack(job.cause)
        }
        if (Exit.isFailure(exit) && Option.isNone(Cause.findErrorOption(exit.cause)) && outcome._tag === "Failed") {
          yield* Effect.logError("Reply failed with a defect", exit.cause)
        }
        job.decision.close(outcome)
        if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) job.nak()
        else job.ack()
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
        begin: (job) => {
          const { key } = job.channel
          const fiber = fork(job.decision.within(run(job)))
          const others = underWay.get(key) ?? new Set()
          underWay.set(key, others.add(fiber))
          fiber.addObserver(() => {
            others.delete(fiber)
            if (others.size === 0) underWay.delete(key)
          })
        },
        idle: (channel) =>
          Effect.suspend(() => Effect.forEach([...underWay.get(channel) ?? []], Fiber.await, { discard: true })),
        interrupt: (channel) =>
          Effect.suspend(() => {
            moving.add(channel)
            return Fiber.interruptAll([...underWay.get(channel) ?? []])
          }).pipe(
            Effect.timeoutOption(breakOffTime),
            Effect.ensuring(Effect.sync(() => moving.delete(channel))),
            Effect.asVoid
          )
      })
    })
  )
}
