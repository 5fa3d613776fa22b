import { Context, Deferred, Effect, Layer, Option } from "effect"
import type { Refusal } from "../../domain/ChatEvent.ts"
import type { Delivery } from "../../domain/decision/Decision.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import { confirmEcho, dropEcho, expectEcho, type ExpectedEcho, refuseEcho } from "../../domain/reply/ExpectedEchoes.ts"
import { ChannelStates } from "../ChannelStates.ts"
import type { Conversation } from "../../domain/Conversation.ts"
import { monotonicMillis } from "../Time.ts"

/** The time limit for a sent reply's echo (F8). */
const echoWithin = "10 seconds"

/** A sent reply that awaits its echo. */
export interface AwaitedEcho {
  readonly channel: ChannelKey
  readonly echo: ExpectedEcho
  readonly seen: Deferred.Deferred<void>
}

/** Matches the room's echoes to the bot's replies: an echo confirms delivery (F1, F8). */
export class DeliveryTracker extends Context.Service<DeliveryTracker, {
  /** Expects the echo before the reply is sent: the room may be quicker than the server's confirmation. */
  readonly expect: (conversation: Conversation, text: string) => AwaitedEcho
  /** The reply was not sent: no line is its echo. */
  readonly drop: (awaited: AwaitedEcho) => void
  /** The reply was sent: awaits its echo in the background and calls `deliver` once. `heard` is false without a bridge. */
  readonly track: (
    awaited: AwaitedEcho,
    deliver: (delivery: Delivery) => void,
    heard: Effect.Effect<boolean>
  ) => Effect.Effect<void>
  /** An own line arrived: true if it is a reply's echo; else another program used the bot's account. */
  readonly confirm: (conversation: Conversation, text: string) => boolean
  /** The room refused a line. */
  readonly refuse: (channel: ChannelKey, refusal: Refusal) => void
}>()("llm-bot/DeliveryTracker") {
  static readonly layerNoDeps = Layer.effect(
    DeliveryTracker,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const scope = yield* Effect.scope
      // As many as there are expected echoes.
      const arrivals = new Map<ExpectedEcho, Deferred.Deferred<void>>()

      const drop = ({ channel, echo }: AwaitedEcho): void => {
        arrivals.delete(echo)
        dropEcho(states.of(channel).expected, echo)
      }

      const awaitEcho = Effect.fnUntraced(
        function*(awaited: AwaitedEcho, deliver: (delivery: Delivery) => void, heard: Effect.Effect<boolean>) {
          const sentAt = yield* monotonicMillis
          const came = yield* Deferred.await(awaited.seen).pipe(Effect.timeoutOption(echoWithin))
          drop(awaited)
          if (Option.isSome(came)) {
            const afterMs = (yield* monotonicMillis) - sentAt
            return deliver({ _tag: "Delivered", afterMs })
          }
          const cause = (yield* heard) ? awaited.echo.refusal : "no_bridge"
          deliver({ _tag: "Unconfirmed", ...(cause === undefined ? {} : { cause }) })
        }
      )

      return DeliveryTracker.of({
        expect: (conversation, text) => {
          const echo = expectEcho(states.of(conversation.channel).expected, conversation.with, text)
          const awaited = { channel: conversation.channel, echo, seen: Deferred.makeUnsafe<void>() }
          arrivals.set(echo, awaited.seen)
          return awaited
        },
        drop,
        // Its decision closes before it is amended.
        track: (awaited, deliver, heard) => Effect.asVoid(Effect.forkIn(awaitEcho(awaited, deliver, heard), scope)),
        confirm: (conversation, text) => {
          const echo = confirmEcho(states.of(conversation.channel).expected, conversation.with, text)
          const seen = echo === undefined ? undefined : arrivals.get(echo)
          if (seen !== undefined) Deferred.doneUnsafe(seen, Effect.void)
          return echo !== undefined
        },
        refuse: (channel, refusal) => void refuseEcho(states.of(channel).expected, refusal)
      })
    })
  )
}
