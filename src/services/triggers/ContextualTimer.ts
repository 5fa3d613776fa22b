import { Cause, Context, Effect, FiberMap, Layer, Option, Result } from "effect"
import type { ChannelSettings } from "../../domain/ChannelSettings.ts"
import type { ContextLine } from "../../domain/ChatContext.ts"
import { internalError, type Outcome, skipped } from "../../domain/decision/Decision.ts"
import { hash } from "../../domain/Hash.ts"
import { type ChannelKey, CorrelationId, EventIdentity, userKey } from "../../domain/Ids.ts"
import { clean } from "../../domain/reply/Clean.ts"
import { speakersOf } from "../../domain/reply/Transcript.ts"
import { neverStop } from "../../domain/reply/StopCondition.ts"
import type { ContextualEntry } from "../../domain/triggers/Contextual.ts"
import type { CompiledTrigger } from "../../domain/triggers/Trigger.ts"
import { BotConfig } from "../BotConfig.ts"
import { ContextStore } from "../state/ContextStore.ts"
import { DecisionLog } from "../decision/DecisionLog.ts"
import { Admission } from "../limits/Admission.ts"
import { unacknowledged } from "../Intake.ts"
import { LlmClient } from "../LlmClient.ts"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { DecisionRecorder } from "../decision/DecisionRecorder.ts"
import { PromptBuilder } from "../reply/PromptBuilder.ts"
import { RateLimiter } from "../limits/RateLimiter.ts"
import { Replies } from "../reply/Replies.ts"
import type { ReplyJob } from "../reply/ReplyJob.ts"
import { NextEvaluation } from "./NextEvaluation.ts"
import { Triggers } from "./Triggers.ts"

/** The question is small: few tokens, no retry, a short timeout (F3). */
const questionTokens = 5
const questionSeconds = 5

type ContextualTrigger = CompiledTrigger & { readonly entry: ContextualEntry }
type ContextualJob = Pick<ReplyJob, "line" | "cause" | "reservation" | "decision">

const contextualIn = (channel: ChannelSettings | undefined): ReadonlyArray<ContextualTrigger> =>
  (channel?.triggers ?? []).flatMap((trigger) =>
    trigger.entry.type === "contextual" && trigger.entry.enabled ? [{ ...trigger, entry: trigger.entry }] : []
  )

const questionApi = ({ llm }: ChannelSettings): ChannelSettings["llm"] => {
  const { parameters } = llm
  const tokens = Option.some(questionTokens)
  return {
    ...llm,
    timeout_seconds: questionSeconds,
    retry_attempts: 0,
    fallbacks: [],
    parameters: Option.isSome(parameters.max_completion_tokens)
      ? { ...parameters, max_tokens: Option.none(), max_completion_tokens: tokens }
      : { ...parameters, max_tokens: tokens }
  }
}

/** Evaluates each room at an interval and asks the model whether a comment would fit (F3, contextual). */
export class ContextualTimer extends Context.Service<ContextualTimer, {
  /** Watches these channels from now on, and no others; whose entries are as before go on undisturbed. */
  readonly follow: (channels: ReadonlyMap<ChannelKey, ChannelSettings>) => Effect.Effect<void>
}>()("llm-bot/ContextualTimer") {
  static readonly layerNoDeps = Layer.effect(
    ContextualTimer,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const store = yield* ContextStore
      const triggers = yield* Triggers
      const limiter = yield* RateLimiter
      const admission = yield* Admission
      const decisions = yield* DecisionLog
      const prompts = yield* PromptBuilder
      const llm = yield* LlmClient
      const replies = yield* Replies
      const evaluation = yield* NextEvaluation

      /** The last line of a person, when the room moved on enough since the bot spoke (cheap checks, no record). */
      const occasion = (
        channel: ChannelSettings,
        entry: ContextualEntry,
        seen: ContextLine | undefined,
        now: ClockReading
      ): ContextLine | undefined => {
        const { lines } = store.context({ channel: channel.key, with: undefined }, channel.context, now.wall)
        const sinceBot = lines.slice(lines.findLastIndex((line) => line.bot) + 1)
          .filter((line) => !channel.bot.ignored.has(userKey(line.username)))
        const last = sinceBot.at(-1)
        return last === undefined || last === seen || sinceBot.length < entry.min_messages_since_last_bot_message
          ? undefined
          : last
      }

      const ask = Effect.fnUntraced(
        function*(channel: ChannelSettings, entry: ContextualEntry, decision: DecisionRecorder) {
          const messages = yield* prompts.question(channel, entry.participation_prompt)
          decision.content({ prompt: messages })
          const { model, text } = yield* llm.complete({
            correlationId: decision.correlationId,
            messages,
            model: channel.model,
            api: questionApi(channel),
            budgetMs: Option.some(questionSeconds * 1000),
            enough: () => neverStop,
            onAttempt: (attempt) => Effect.sync(() => decision.step({ _tag: "LlmAttempt", ...attempt }))
          })
          const wanted = /^yes/i.test(clean(text, speakersOf(channel.bot.names, [])))
          decision.step({ _tag: "Participation", model, wanted })
          return wanted
        }
      )

      const open = (channel: ChannelSettings, line: ContextLine, cause: EventIdentity, arrivedAt: ClockReading) =>
        decisions.open({
          correlationId: CorrelationId.make(cause),
          channel: channel.room.name,
          eventType: "contextual",
          username: line.username,
          rank: undefined,
          arrivedAt,
          message: undefined,
          line: line.text,
          logContent: channel.logContent
        })

      /** Asks the model and begins the reply; on a no the reservation is released. */
      const propose = Effect.fnUntraced(function*(
        channel: ChannelSettings,
        { entry }: ContextualTrigger,
        job: ContextualJob
      ) {
        const end = (outcome: Outcome) =>
          Effect.sync(() => {
            limiter.release(job.reservation)
            job.decision.close(outcome)
          })
        const answer = yield* ask(channel, entry, job.decision).pipe(
          Effect.result,
          Effect.tapDefect(() => end(internalError)),
          Effect.onInterrupt(() => end(skipped("stopped")))
        )
        if (Result.isFailure(answer)) {
          const { _tag, message } = answer.failure
          return yield* end({ _tag: "Failed", error: _tag, message })
        }
        if (!answer.success) return yield* end(skipped("declined"))
        const conversation = { channel: channel.key, with: undefined }
        replies.begin({ ...job, channel, conversation, to: undefined, ...unacknowledged, unprompted: true })
      })

      /** The checks of one evaluation, in plain code: nothing interleaves. The reply to propose, if any. */
      const consider = (
        channel: ChannelSettings,
        trigger: ContextualTrigger,
        last: ContextLine,
        now: ClockReading
      ): ContextualJob | undefined => {
        const cause = EventIdentity.make(hash(["contextual", channel.key, trigger.key, now.wall]))
        const decision = open(channel, last, cause, now)
        if (!admission.silence(channel, false, decision)) return undefined
        const result = triggers.consider(trigger, cause, channel, now.monotonic)
        decision.step({ _tag: "Trigger", entry: trigger.key, result })
        if (result._tag !== "Fired") {
          const reason = result._tag === "Cooldown" ? "cooldown" : "probability"
          decision.close(skipped(reason))
          return undefined
        }
        const reservation = admission.admit(trigger, Option.none(), channel, decision)
        if (Option.isNone(reservation)) return undefined
        const line = { username: last.username, text: last.text, key: last.key }
        return { line, cause, reservation: reservation.value, decision }
      }

      /** One evaluation: the cheap checks first, the model last. */
      const evaluate = (channel: ChannelSettings, trigger: ContextualTrigger, last: ContextLine, now: ClockReading) =>
        Effect.suspend(() => {
          const job = consider(channel, trigger, last, now)
          return job === undefined ? Effect.void : job.decision.within(propose(channel, trigger, job))
        })

      /** Evaluates every interval; the next interval begins after the model's answer. */
      const beat = Effect.fnUntraced(function*(key: ChannelKey, trigger: ContextualTrigger) {
        let seen: ContextLine | undefined
        const look = Effect.fnUntraced(
          function*(now: ClockReading) {
            const channel = yield* config.channel(key)
            if (Option.isNone(channel)) return
            const last = occasion(channel.value, trigger.entry, seen, now)
            if (last === undefined) return
            seen = last
            yield* evaluate(channel.value, trigger, last, now)
          },
          // A defect fails one evaluation, never the next ones.
          Effect.catchDefect((defect) => Effect.logError("Contextual evaluation failed", Cause.die(defect))),
          Effect.annotateLogs({ logger: "ContextualTimer" })
        )
        const due = evaluation.after(key, trigger.key, trigger.entry.evaluation_interval_seconds * 1000)
        return yield* Effect.forever(Effect.flatMap(due, look))
      })

      const beats = yield* FiberMap.make<ChannelKey, void, never>()
      // The contextual entries of each channel that has some.
      const watched = new Map<ChannelKey, string>()

      return ContextualTimer.of({
        follow: Effect.fnUntraced(function*(channels) {
          for (const key of watched.keys()) {
            if (contextualIn(channels.get(key)).length > 0) continue
            watched.delete(key)
            yield* FiberMap.remove(beats, key)
          }
          for (const [key, channel] of channels) {
            const triggers = contextualIn(channel)
            const entries = JSON.stringify(triggers)
            if (triggers.length === 0 || watched.get(key) === entries) continue
            watched.set(key, entries)
            const all = Effect.forEach(triggers, (trigger) => beat(key, trigger), { concurrency: "unbounded" })
            yield* FiberMap.run(beats, key, Effect.asVoid(all))
          }
        })
      })
    })
  )
}
