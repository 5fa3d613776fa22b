import { Context, Effect, Layer, Option } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChangeMedia, ChatMsg, ConversationEvent, Pm } from "../domain/ChatEvent.ts"
import { skipped, type SkipReason } from "../domain/decision/Decision.ts"
import type { SkipFacts } from "../domain/decision/SkipFacts.ts"
import { conversationOf } from "../domain/Conversation.ts"
import { identityOf } from "../domain/EventIdentity.ts"
import { userKey } from "../domain/Ids.ts"
import type { Reservation } from "../domain/limits/RateLimit.ts"
import type { CompiledTrigger } from "../domain/triggers/Trigger.ts"
import { BotConfig } from "./BotConfig.ts"
import { ContextStore } from "./state/ContextStore.ts"
import { DecisionLog } from "./decision/DecisionLog.ts"
import { closing, type DecisionRecorder } from "./decision/DecisionRecorder.ts"
import type { Arrival, IntakeHandler, IntakeMessage } from "./Intake.ts"
import { Admission } from "./limits/Admission.ts"
import { PastEvents } from "./PastEvents.ts"
import { RoomUpdates } from "./RoomUpdates.ts"
import { Replies } from "./reply/Replies.ts"
import type { ReplyJob } from "./reply/ReplyJob.ts"
import { makeLogWriter } from "./telemetry/LogWriter.ts"
import { Screening } from "./triggers/Screening.ts"
import { Triggers } from "./triggers/Triggers.ts"

const eventTypes = { ChatMsg: "chatMsg", Pm: "pm", ChangeMedia: "changeMedia" } as const

/** A trigger that fired and has its place in every limit. */
interface AdmittedTrigger {
  readonly trigger: CompiledTrigger
  readonly reservation: Reservation
}

const skip = (decision: DecisionRecorder, reason: SkipReason, facts?: SkipFacts): void =>
  decision.close(skipped(reason, facts))

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
      const log = yield* makeLogWriter("MessagePipeline")

      const open = (
        event: ConversationEvent,
        { arrivedAt, correlationId, message }: Arrival,
        channel: ChannelSettings
      ): DecisionRecorder => {
        const line = event._tag === "ChangeMedia" ? undefined : event
        const knownRank = line === undefined ? undefined : store.rank(channel.key, userKey(line.username))
        return decisions.open({
          correlationId,
          channel: channel.room.name,
          eventType: eventTypes[event._tag],
          username: line?.username,
          rank: line?.rank ?? knownRank,
          arrivedAt,
          message,
          line: event._tag === "ChangeMedia" ? event.media.title : event.text,
          logContent: channel.logContent
        })
      }

      /** Sorts out what never triggers and remembers the line; true when it may trigger (F1, F2). */
      const screen = (
        line: ChatMsg | Pm,
        arrival: Arrival,
        channel: ChannelSettings,
        decision: DecisionRecorder
      ): boolean => {
        if (screening.foreign(arrival, channel)) {
          skip(decision, "wrong_domain")
          return false
        }
        const refusal = Option.getOrUndefined(screening.check(line, arrival, channel))
        const conversation = conversationOf(line, channel.key, channel.bot.key)
        const isEcho = refusal?.reason === "own_line" && updates.isEcho(conversation, line, arrival.arrivedAt)
        if (!isEcho && line.text !== "" && (refusal?.context ?? true)) {
          const bot = userKey(line.username) === channel.bot.key
          const { key, text, time, username } = line
          // Whoever began with it before may have left it in what was rebuilt.
          if (arrival.earlier === "unfinished") store.retract(conversation, key)
          const lines = store.append(conversation, { username, text, time, bot, key }, channel.context)
          decision.step({ _tag: "Context", lines, private: conversation.with !== undefined })
        }
        if (refusal === undefined) return true
        if (isEcho) skip(decision, "echo")
        else skip(decision, refusal.reason, refusal.facts)
        return false
      }

      /** Tests the triggers; the one that fired, if any (F3). */
      const evaluate = (
        line: ChatMsg | Pm,
        channel: ChannelSettings,
        decision: DecisionRecorder
      ): CompiledTrigger | undefined => {
        const evaluation = triggers.evaluate(line, channel, decision.arrivedAt.monotonic)
        for (const { result, trigger } of evaluation.tests) {
          decision.step({ _tag: "Trigger", entry: trigger.key, result })
        }
        if (evaluation._tag === "Fired") return evaluation.trigger
        skip(decision, evaluation.reason)
        return undefined
      }

      /** Whether and by which trigger a line is answered. */
      const decide = (
        line: ChatMsg | Pm,
        arrival: Arrival,
        channel: ChannelSettings,
        decision: DecisionRecorder
      ): AdmittedTrigger | undefined => {
        if (!screen(line, arrival, channel, decision)) return undefined
        if (!admission.silence(channel, line._tag === "Pm", decision)) return undefined
        const trigger = evaluate(line, channel, decision)
        if (trigger === undefined) return undefined
        const user = Option.some(userKey(line.username))
        const reservation = Option.getOrUndefined(admission.admit(trigger, user, channel, decision))
        return reservation === undefined ? undefined : { trigger, reservation }
      }

      /** Decides about a line: the reply to begin, if any. */
      const converse = (
        line: ChatMsg | Pm,
        { ack, arrival, nak }: IntakeMessage,
        channel: ChannelSettings
      ): ReplyJob | undefined => {
        const decision = open(line, arrival, channel)
        const admitted = closing(decision, () => decide(line, arrival, channel, decision))
        return admitted && {
          channel,
          conversation: conversationOf(line, channel.key, channel.bot.key),
          line,
          cause: identityOf(channel.key, line),
          to: line._tag === "Pm" ? line.username : undefined,
          reservation: admitted.reservation,
          decision,
          ack,
          nak,
          unprompted: !admitted.trigger.asked
        }
      }

      /** Notes what plays now; other media than before begin the silence (F4). */
      const changeMedia = (event: ChangeMedia, arrival: Arrival, channel: ChannelSettings): void => {
        const decision = open(event, arrival, channel)
        closing(decision, () => {
          if (screening.foreign(arrival, channel)) return skip(decision, "wrong_domain")
          const changed = store.setMedia(channel.key, event.media, arrival.arrivedAt.monotonic)
          const silenceMs = changed ? channel.rateLimits.media_change_cooldown_seconds * 1000 : 0
          decision.step({ _tag: "Media", changed, silenceMs })
          skip(decision, "media_event")
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
