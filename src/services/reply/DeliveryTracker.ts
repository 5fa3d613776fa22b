import { Context, Deferred, Effect, Layer, Option } from "effect"
import type { Refusal } from "../../domain/ChatEvent.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import type { Conversation } from "../ContextStore.ts"
import type { Decision } from "../decision/DecisionRecorder.ts"
import { monotonicMillis } from "../Time.ts"

/** How long a sent reply may take to come back from the room (F8). */
const echoWithin = "10 seconds"

/** A sent reply that has not come back yet. */
interface Expected {
  readonly conversation: Conversation
  readonly text: string
  readonly seen: Deferred.Deferred<void>
  /** Why the room refused it, once it said so. */
  refusal: Refusal["kind"] | undefined
}

/** A reply that was just sent. */
export interface SentReply {
  readonly conversation: Conversation
  readonly text: string
  readonly decision: Decision
  /** False when no bridge was there to hear it. */
  readonly heard: Effect.Effect<boolean>
}

// The room turns line breaks into spaces and formats `*b*`: blanks do not count, markup falls back to order.
const comparable = (text: string): string => text.replace(/\s+/gu, " ").trim()

const sameConversation = (one: Conversation, other: Conversation): boolean =>
  one.channel === other.channel && one.with === other.with

/** Recognises the bot's own lines when the room sends them back: that is how a reply counts as delivered (F1, F8). */
export class DeliveryTracker extends Context.Service<DeliveryTracker, {
  /** Waits in the background for the reply's echo and amends its decision. */
  readonly expect: (reply: SentReply) => Effect.Effect<void>
  /**
   * An own line came: true when it is the echo of a reply, by its text, else the oldest reply that still waits;
   * false when somebody else spoke with the bot's account.
   */
  readonly confirm: (conversation: Conversation, text: string) => Effect.Effect<boolean>
  /** The room refused a line: that is why the oldest reply without a cause is not seen (WIRE, refusals). */
  readonly refuse: (channel: ChannelKey, kind: Refusal["kind"]) => Effect.Effect<void>
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/Echoes") {
  static readonly layer = Layer.effect(
    DeliveryTracker,
    Effect.gen(function*() {
      const scope = yield* Effect.scope
      // Bounded by the replies of the last 10 s, which the limits bound.
      let waiting: ReadonlyArray<Expected> = []

      const awaitEcho = Effect.fnUntraced(function*(reply: SentReply, expected: Expected) {
        const sentAt = yield* monotonicMillis
        const seen = yield* Deferred.await(expected.seen).pipe(Effect.timeoutOption(echoWithin))
        waiting = waiting.filter((other) => other !== expected)
        yield* reply.decision.deliver(
          Option.isSome(seen)
            ? { _tag: "Delivered", afterMs: (yield* monotonicMillis) - sentAt }
            : { _tag: "Unconfirmed", cause: (yield* reply.heard) ? expected.refusal ?? "" : "no bridge" }
        )
      })

      return DeliveryTracker.of({
        expect: Effect.fnUntraced(function*(reply: SentReply) {
          const seen = yield* Deferred.make<void>()
          const { conversation, text } = reply
          const expected: Expected = { conversation, text: comparable(text), seen, refusal: undefined }
          waiting = [...waiting, expected]
          yield* Effect.forkIn(awaitEcho(reply, expected), scope, { startImmediately: true })
        }),
        confirm: Effect.fnUntraced(function*(conversation: Conversation, text: string) {
          const candidates = waiting.filter((expected) => sameConversation(expected.conversation, conversation))
          const found = candidates.find((expected) => expected.text === comparable(text)) ?? candidates[0]
          if (found === undefined) return false
          waiting = waiting.filter((other) => other !== found)
          yield* Deferred.succeed(found.seen, undefined)
          return true
        }),
        refuse: (channel, kind) =>
          Effect.sync(() => {
            const refused = waiting.find(({ conversation, refusal }) =>
              conversation.channel === channel && refusal === undefined
            )
            if (refused !== undefined) refused.refusal = kind
          }),
        forget: (channel) =>
          Effect.sync(() => {
            waiting = waiting.filter(({ conversation }) => conversation.channel !== channel)
          })
      })
    })
  )
}
