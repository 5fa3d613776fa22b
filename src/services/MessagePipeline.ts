import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChangeMedia, ChatMsg, Pm } from "../domain/ChatEvent.ts"
import { internalError, skipped } from "../domain/decision/Decision.ts"
import { conversationOf } from "../domain/Conversation.ts"
import { identityOf } from "../domain/EventIdentity.ts"
import { userKey } from "../domain/Ids.ts"
import type { Reservation } from "../domain/limits/RateLimit.ts"
import type { CompiledTrigger, TriggerDecision } from "../domain/triggers/Trigger.ts"
import { BotConfig } from "./BotConfig.ts"
import { ContextStore } from "./state/ContextStore.ts"
import { DecisionLog, type QuietOpening } from "./decision/DecisionLog.ts"
import { closing, type DecisionRecorder } from "./decision/DecisionRecorder.ts"
import type { Arrival, IntakeHandler, IntakeMessage } from "./Intake.ts"
import { Admission } from "./limits/Admission.ts"
import { PastEvents } from "./PastEvents.ts"
import { RoomUpdates } from "./RoomUpdates.ts"
import { Replies } from "./reply/Replies.ts"
import type { ReplyJob } from "./reply/ReplyJob.ts"
import { makeLogWriter } from "./telemetry/LogWriter.ts"
import { Screening } from "./triggers/Screening.ts"
import { type Heard, makeHearing } from "./Hearing.ts"
import { Triggers } from "./triggers/Triggers.ts"

const eventTypes = { ChatMsg: "chatMsg", Pm: "pm" } as const

/** A trigger that fired and has its place in every limit. */
interface AdmittedTrigger {
  readonly trigger: CompiledTrigger
  readonly reservation: Reservation
  readonly decision: DecisionRecorder
}

/**
 * The path of one message: screen → remember → silence → triggers → limits → hand over to `Replies`. Deciding is plain
 * code over the channel's state: it cannot wait, so nothing interleaves. Every event ends as a closed decision record
 * that says why (F12).
 */
export class MessagePipeline extends Context.Service<MessagePipeline, {
  /** Handles one event of a channel. Events of a channel must come one after the other. Never throws. */
  readonly handle: IntakeHandler
}>()("llm-bot/MessagePipeline") {
  static readonly layerNoDeps = Layer.effect(
    MessagePipeline,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const decisions = yield* DecisionLog
      const screening = yield* Screening
      const store = yield* ContextStore
      const past = yield* PastEvents
      const updates = yield* RoomUpdates
      const triggers = yield* Triggers
      const admission = yield* Admission
      const replies = yield* Replies
      const hear = yield* makeHearing
      const log = yield* makeLogWriter("MessagePipeline")

      const openingOf = (
        line: ChatMsg | Pm,
        { arrivedAt, correlationId, message }: Arrival,
        channel: ChannelSettings
      ): QuietOpening => ({
        correlationId,
        channel: channel.room.name,
        eventType: eventTypes[line._tag],
        username: line.username,
        rank: line.rank ?? store.rank(channel.key, userKey(line.username)),
        arrivedAt,
        message,
        line: line.text,
        logContent: channel.logContent
      })

      /** Begins to record the decision about a line, with what was heard of it. */
      const open = (opening: QuietOpening, heard: Heard | undefined): DecisionRecorder => {
        const decision = decisions.open(opening)
        const lines = heard?.lines
        if (lines !== undefined) decision.step({ _tag: "Context", lines, private: opening.eventType === "pm" })
        return decision
      }

      /** The trigger that fired, if it may be answered; otherwise the decision is closed. */
      const admit = (
        line: ChatMsg | Pm,
        channel: ChannelSettings,
        evaluation: TriggerDecision,
        decision: DecisionRecorder
      ): AdmittedTrigger | undefined => {
        for (const { result, trigger } of evaluation.tests) {
          decision.step({ _tag: "Trigger", entry: trigger.key, result })
        }
        if (evaluation._tag !== "Fired") {
          decision.close(skipped(evaluation.reason))
          return undefined
        }
        const { trigger } = evaluation
        const reservation = admission.admit(trigger, Option.some(userKey(line.username)), channel, decision)
        return Option.getOrUndefined(Option.map(reservation, (held) => ({ trigger, reservation: held, decision })))
      }

      /** Whether and by which trigger a line is answered. Its decision is recorded once there is more than figures. */
      const decide = (line: ChatMsg | Pm, arrival: Arrival, channel: ChannelSettings): AdmittedTrigger | undefined => {
        const opening = openingOf(line, arrival, channel)
        const now = arrival.arrivedAt.monotonic
        let heard: Heard | undefined
        let decision: DecisionRecorder | undefined
        try {
          heard = hear(line, arrival, channel)
          if (heard.refusal !== undefined) {
            decision = open(opening, heard)
            decision.close(skipped(heard.refusal, heard.facts))
            return undefined
          }
          if (!admission.maySpeak(channel, line._tag === "Pm", now)) {
            decision = open(opening, heard)
            admission.silence(channel, line._tag === "Pm", decision)
            return undefined
          }
          const evaluation = triggers.evaluate(line, channel, now)
          if (evaluation._tag === "Unmet") {
            decisions.closeQuiet(opening, { lines: heard.lines, unmet: evaluation.entries })
            return undefined
          }
          decision = open(opening, heard)
          return admit(line, channel, evaluation, decision)
        } catch (defect) {
          // It still closes the decision; `handle` logs it.
          ;(decision ?? open(opening, heard)).close(internalError)
          throw defect
        }
      }

      /** Decides about a line: the reply to begin, if any. */
      const converse = (
        line: ChatMsg | Pm,
        { ack, arrival, nak }: IntakeMessage,
        channel: ChannelSettings
      ): ReplyJob | undefined => {
        const admitted = decide(line, arrival, channel)
        return admitted && {
          channel,
          conversation: conversationOf(line, channel.key, channel.bot.key),
          line,
          cause: identityOf(channel.key, line),
          to: line._tag === "Pm" ? line.username : undefined,
          reservation: admitted.reservation,
          decision: admitted.decision,
          ack,
          nak,
          unprompted: !admitted.trigger.asked
        }
      }

      /** Notes what plays now; other media than before begin the silence (F4). */
      const changeMedia = (event: ChangeMedia, arrival: Arrival, channel: ChannelSettings): void => {
        const decision = decisions.open({
          ...arrival,
          channel: channel.room.name,
          eventType: "changeMedia",
          username: undefined,
          rank: undefined,
          line: event.media.title,
          logContent: channel.logContent
        })
        closing(decision, () => {
          if (screening.foreign(arrival, channel)) return decision.close(skipped("wrong_domain"))
          const changed = store.setMedia(channel.key, event.media, arrival.arrivedAt.monotonic)
          const silenceMs = changed ? channel.rateLimits.media_change_cooldown_seconds * 1000 : 0
          decision.step({ _tag: "Media", changed, silenceMs })
          decision.close(skipped("media_event"))
        })
      }

      /** What a message changes, and the reply it begins, if any. */
      const take = (message: IntakeMessage): ReplyJob | undefined => {
        const { event } = message.arrival
        const channel = config.read().channels.get(message.arrival.channel)
        if (channel === undefined) return undefined
        if (message.arrival.earlier === "handled") {
          past.apply(message.arrival, channel)
          return undefined
        }
        switch (event._tag) {
          case "ChatMsg":
          case "Pm":
            return converse(event, message, channel)
          case "ChangeMedia":
            changeMedia(event, message.arrival, channel)
            return undefined
          case "UserList":
          case "AddUser":
          case "UserLeave":
          case "SetUserRank":
          case "SetUserMeta":
          case "Login":
          case "Refusal":
          case "ChannelOpts":
            updates.apply(event, channel, message.arrival.arrivedAt.monotonic)
            return undefined
          case "Other":
            return undefined
        }
      }

      return MessagePipeline.of({
        handle: (message) => {
          try {
            const job = take(message)
            if (job === undefined) message.ack()
            else replies.begin(job)
          } catch (defect) {
            message.ack()
            log("Error", "Event handling failed", { correlation_id: message.arrival.correlationId }, defect)
          }
        }
      })
    })
  )
}
