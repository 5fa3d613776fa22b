import { Context, Deferred, Effect, Layer, Option } from "effect"
import type { Refusal } from "../../domain/ChatEvent.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import { confirmEcho, dropEcho, expectEcho, type ExpectedEcho, refuseEcho } from "../../domain/reply/ExpectedEchoes.ts"
import { ChannelStates } from "../ChannelStates.ts"
import type { Conversation } from "../ContextStore.ts"
import type { DecisionRecorder } from "../decision/DecisionRecorder.ts"
import { monotonicMillis } from "../Time.ts"

/** How long a sent reply may take to come back from the room (F8). */
const echoWithin = "10 seconds"

/** A reply that was just sent. */
export interface SentReply {
  readonly conversation: Conversation
  readonly text: string
  readonly decision: DecisionRecorder
  /** False when no bridge was there to hear it. */
  readonly heard: Effect.Effect<boolean>
}

/** Recognises the bot's own lines when the room sends them back: that is how a reply counts as delivered (F1, F8). */
export class DeliveryTracker extends Context.Service<DeliveryTracker, {
  /** Waits in the background for the reply's echo and amends its decision. */
  readonly expect: (reply: SentReply) => Effect.Effect<void>
  /** An own line came: whether it is the echo of a reply; else somebody else spoke with the bot's account. */
  readonly confirm: (conversation: Conversation, text: string) => boolean
  /** The room refused a line. */
  readonly refuse: (channel: ChannelKey, kind: Refusal["kind"]) => void
}>()("llm-bot/DeliveryTracker") {
  static readonly layerNoDeps = Layer.effect(
    DeliveryTracker,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const scope = yield* Effect.scope
      // As many as there are expected echoes.
      const arrivals = new Map<ExpectedEcho, Deferred.Deferred<void>>()

      const awaitEcho = Effect.fnUntraced(
        function*(reply: SentReply, echo: ExpectedEcho, seen: Deferred.Deferred<void>) {
          const sentAt = yield* monotonicMillis
          const came = yield* Deferred.await(seen).pipe(Effect.timeoutOption(echoWithin))
          arrivals.delete(echo)
          dropEcho(states.of(reply.conversation.channel).expected, echo)
          if (Option.isSome(came)) {
            const afterMs = (yield* monotonicMillis) - sentAt
            return reply.decision.deliver({ _tag: "Delivered", afterMs })
          }
          const cause = (yield* reply.heard) ? echo.refusal : "no_bridge"
          reply.decision.deliver({ _tag: "Unconfirmed", ...(cause === undefined ? {} : { cause }) })
        }
      )

      return DeliveryTracker.of({
        expect: Effect.fnUntraced(function*(reply: SentReply) {
          const { conversation, text } = reply
          const seen = yield* Deferred.make<void>()
          const echo = expectEcho(states.of(conversation.channel).expected, conversation.with, text)
          arrivals.set(echo, seen)
          yield* Effect.forkIn(awaitEcho(reply, echo, seen), scope, { startImmediately: true })
        }),
        confirm: (conversation, text) => {
          const echo = confirmEcho(states.of(conversation.channel).expected, conversation.with, text)
          const seen = echo === undefined ? undefined : arrivals.get(echo)
          if (seen !== undefined) Deferred.doneUnsafe(seen, Effect.void)
          return echo !== undefined
        },
        refuse: (channel, kind) => refuseEcho(states.of(channel).expected, kind)
      })
    })
  )
}
