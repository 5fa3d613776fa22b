import { Context, Effect, Layer, Option, Scheduler } from "effect"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import type { ChangeMedia, ChatMsg, Conversation as ConversationEvent, Pm } from "../domain/ChatEvent.ts"
import { echoOfReply, internalError, type SkipReason } from "../domain/decision/Decision.ts"
import { userKey } from "../domain/Ids.ts"
import type { TriggerDecision } from "../domain/triggers/Trigger.ts"
import { BotConfig } from "./BotConfig.ts"
import { ContextStore, type Conversation } from "./ContextStore.ts"
import { DecisionLog } from "./decision/DecisionLog.ts"
import { DeliveryTracker } from "./reply/DeliveryTracker.ts"
import { Admission } from "./limits/Admission.ts"
import type { Arrival, Delivery } from "./Intake.ts"
import type { Decision } from "./decision/DecisionRecorder.ts"
import { Replies } from "./reply/Replies.ts"
import { Screening } from "./triggers/Screening.ts"
import { Triggers } from "./triggers/Triggers.ts"

/** Where a line belongs: the room, or the private conversation with the person at its other end. */
const conversationOf = (line: ChatMsg | Pm, channel: ChannelSettings): Conversation => {
  if (line._tag === "ChatMsg") return { channel: channel.key, with: undefined }
  const sender = userKey(line.username)
  return { channel: channel.key, with: sender === channel.bot.key ? userKey(line.to) : sender }
}

const eventTypes = { ChatMsg: "chatMsg", Pm: "pm", ChangeMedia: "changeMedia" } as const

/**
 * The way of one message, in order and without waiting for the model:
 * screen → remember → silence → triggers → limits → hand over to `Replies`.
 * Every event ends as a closed decision record that says why (F12).
 */
export class MessagePipeline extends Context.Service<MessagePipeline, {
  /** Handles one event of a channel. Events of a channel must come one after the other. */
  readonly handle: (delivery: Delivery) => Effect.Effect<void>
}>()("llm-bot/MessagePipeline") {
  static readonly layerNoDeps = Layer.effect(
    MessagePipeline,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const decisions = yield* DecisionLog
      const screening = yield* Screening
      const store = yield* ContextStore
      const echoes = yield* DeliveryTracker
      const triggers = yield* Triggers
      const gates = yield* Admission
      const replies = yield* Replies

      const handle = Effect.fnUntraced(
        function*({ ack, arrival }: Delivery) {
          const { event } = arrival
          const found = yield* config.channel(arrival.channel)
          if (Option.isNone(found)) return yield* ack
          const channel = found.value
          switch (event._tag) {
            case "ChatMsg":
            case "Pm":
              return yield* converse(event, arrival, channel, ack)
            case "ChangeMedia":
              yield* changeMedia(event, arrival, channel)
              return yield* ack
            case "UserList":
            case "AddUser":
            case "UserLeave":
            case "SetUserRank":
              yield* store.presence(channel.key, event)
              return yield* ack
            case "Login":
              yield* screening.login(event, channel)
              return yield* ack
            case "Refusal":
              yield* echoes.refuse(channel.key, event.kind)
              return yield* ack
            case "Other":
              return yield* ack
          }
        },
        // In one go: what other fibers do comes before or after, never in between, live as in a replay.
        Effect.provideService(Scheduler.PreventSchedulerYield, true)
      )

      const converse = Effect.fnUntraced(
        function*(line: ChatMsg | Pm, arrival: Arrival, channel: ChannelSettings, ack: Effect.Effect<void>) {
          const decision = yield* open(line, arrival, channel)
          // A bug of ours still ends the decision; whoever supervises the channel tells of it.
          yield* decide(line, arrival, channel, decision, ack).pipe(
            Effect.tapDefect(() => Effect.andThen(decision.close(internalError), ack)),
            decision.within
          )
        }
      )

      const decide = Effect.fnUntraced(
        function*(
          line: ChatMsg | Pm,
          arrival: Arrival,
          channel: ChannelSettings,
          decision: Decision,
          ack: Effect.Effect<void>
        ) {
          const mayTrigger = yield* screen(line, arrival, channel, decision)
          if (!mayTrigger) return yield* ack
          if (!(yield* gates.silence(channel, decision))) return yield* ack
          const fired = yield* evaluate(line, channel, decision)
          if (Option.isNone(fired)) return yield* ack
          const trigger = fired.value
          const reservation = yield* gates.admit(trigger, Option.some(userKey(line.username)), channel, decision)
          if (Option.isNone(reservation)) return yield* ack
          yield* replies.begin({
            channel,
            conversation: conversationOf(line, channel),
            line,
            cause: line.identity,
            to: line._tag === "Pm" ? line.username : undefined,
            reservation: reservation.value,
            decision,
            ack,
            unprompted: !trigger.asked
          })
        }
      )

      const open = Effect.fnUntraced(
        function*(event: ConversationEvent, { arrivedAt, correlationId, message }: Arrival, channel: ChannelSettings) {
          const line = event._tag === "ChangeMedia" ? undefined : event
          const listed = line === undefined ? undefined : yield* store.rank(channel.key, userKey(line.username))
          return yield* decisions.open({
            correlationId,
            channel: channel.room.name,
            eventType: eventTypes[event._tag],
            username: line?.username,
            rank: line?.rank ?? listed,
            arrivedAt,
            message,
            line: event._tag === "ChangeMedia" ? event.media.title : event.text,
            logContent: channel.logContent
          })
        }
      )

      const skip = (decision: Decision, reason: SkipReason, detail = ""): Effect.Effect<void> =>
        decision.close({ _tag: "Skipped", reason, detail })

      /** Sorts out what never triggers and remembers the line; true when it may trigger (F1, F2). */
      const screen = Effect.fnUntraced(
        function*(line: ChatMsg | Pm, arrival: Arrival, channel: ChannelSettings, decision: Decision) {
          if (yield* screening.foreign(arrival, channel)) {
            yield* skip(decision, "wrong_domain")
            return false
          }
          const screened = yield* screening.check(line, arrival, channel)
          const conversation = conversationOf(line, channel)
          const isEcho = Option.exists(screened, ({ reason }) => reason === "own_line") &&
            (yield* echoes.confirm(conversation, line.text))
          if (!isEcho && line.text !== "" && Option.match(screened, { onNone: () => true, onSome: (s) => s.context })) {
            const bot = userKey(line.username) === channel.bot.key
            const { identity, text, time, username } = line
            const lines = yield* store.append(conversation, { username, text, time, bot, identity }, channel.context)
            yield* decision.step({ _tag: "Context", lines, private: conversation.with !== undefined })
          }
          if (Option.isNone(screened)) return true
          yield* skip(decision, screened.value.reason, isEcho ? echoOfReply : screened.value.detail)
          return false
        }
      )

      /** Tests the triggers; the one that fired, if any (F3). */
      const evaluate = Effect.fnUntraced(function*(line: ChatMsg | Pm, channel: ChannelSettings, decision: Decision) {
        const decided: TriggerDecision = yield* triggers.evaluate(line, channel, decision.arrivedAt.monotonic)
        for (const { result, trigger } of decided.tests) {
          yield* decision.step({ _tag: "Trigger", entry: trigger.key, result })
        }
        if (decided._tag === "Fired") return Option.some(decided.trigger)
        yield* skip(decision, decided.reason)
        return Option.none()
      })

      /** Notes what plays now; other media than before begin the silence (F4). */
      const changeMedia = Effect.fnUntraced(function*(event: ChangeMedia, arrival: Arrival, channel: ChannelSettings) {
        const decision = yield* open(event, arrival, channel)
        if (yield* screening.foreign(arrival, channel)) return yield* skip(decision, "wrong_domain")
        const changed = yield* store.setMedia(channel.key, event.media, arrival.arrivedAt.monotonic)
        const silenceMs = changed ? channel.rateLimits.media_change_cooldown_seconds * 1000 : 0
        yield* decision.step({ _tag: "Media", changed, silenceMs })
        yield* skip(decision, "media_event")
      })

      return MessagePipeline.of({ handle })
    })
  )
}
