import { Context, Effect, Layer, Option, Queue } from "effect"
import type { Refusal } from "../../domain/ChatEvent.ts"
import type { UnconfirmedCause } from "../../domain/decision/Decision.ts"
import type { ChannelKey } from "../../domain/Ids.ts"
import {
  confirmEcho,
  dropEcho,
  expectEcho,
  type ExpectedEcho,
  isInHistory,
  refuseEcho
} from "../../domain/reply/ExpectedEchoes.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { EarlierDelivery } from "../state/EarlierDelivery.ts"
import type { Conversation } from "../../domain/Conversation.ts"
import { monotonicMillis, readClock } from "../Time.ts"

/** How long a sent reply may take to come back from the room, ms (F8). */
export const echoWithinMs = 10_000
/** What the room has of the bot's lines has come by then after the bridge joined again, ms. */
const historyWithinMs = 2_000

/** What is heard of a line on its way. */
type News = "seen" | "refused" | "rejoined"

/** A sent reply that awaits its echo. */
export interface AwaitedEcho {
  readonly channel: ChannelKey
  readonly echo: ExpectedEcho
  readonly news: Queue.Queue<News>
}

/**
 * What became of a line: seen at a moment, monotonic ms; known not to have been shown, so that it can be said again; not
 * seen, for a reason of the room's where it gave one.
 */
export type Fate =
  | { readonly _tag: "Seen"; readonly at: number }
  | { readonly _tag: "NotShown"; readonly cause: "cooldown" | "kick" | "rejoin" }
  | { readonly _tag: "Unconfirmed"; readonly cause: UnconfirmedCause | undefined }

/** Recognises the bot's own lines when the room sends them back: that is how a reply counts as delivered (F1, F8). */
export class DeliveryTracker extends Context.Service<DeliveryTracker, {
  /** A reply is about to leave: the room may be quicker than the server's word that it has it. */
  readonly expect: (conversation: Conversation, text: string) => Effect.Effect<AwaitedEcho>
  /** No line is its echo any more. */
  readonly drop: (awaited: AwaitedEcho) => void
  /** Waits until it is known what became of a line, at most so long, ms; after the first time it is overdue. */
  readonly fate: (awaited: AwaitedEcho, withinMs: number) => Effect.Effect<Fate>
  readonly isSeen: (awaited: AwaitedEcho) => boolean
  /** An own line came: whether it is the echo of a reply; else somebody else spoke with the bot's account. */
  readonly confirm: (conversation: Conversation, text: string) => boolean
  /** The room refused a line. */
  readonly refuse: (channel: ChannelKey, refusal: Refusal) => void
  /** The bridge joined the room again, which shows what the room has: its last lines come once more. */
  readonly rejoin: (channel: ChannelKey) => void
}>()("llm-bot/DeliveryTracker") {
  static readonly layerNoDeps = Layer.effect(
    DeliveryTracker,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const earlier = yield* EarlierDelivery
      // As many as there are expected echoes.
      const arrivals = new Map<ExpectedEcho, Queue.Queue<News>>()

      const tell = (echo: ExpectedEcho, news: News): void => {
        const queue = arrivals.get(echo)
        if (queue !== undefined) Queue.offerUnsafe(queue, news)
      }

      /** What is known after the next news, or after the time has passed without any; nothing yet in between. */
      const next = Effect.fnUntraced(
        function*({ channel, echo, news }: AwaitedEcho, leftMs: number): Effect.fn.Return<Fate | undefined> {
          const take = (ms: number) => Effect.timeoutOption(Queue.take(news), Math.max(0, ms))
          const first = yield* take(leftMs)
          const rejoined = Option.contains(first, "rejoined")
          // The history comes before the bridge's login or with it.
          const came = rejoined ? yield* take(historyWithinMs) : first
          if (Option.contains(came, "seen")) return { _tag: "Seen", at: yield* monotonicMillis }
          const { refusal: cause } = echo
          if (!earlier && (cause === "cooldown" || cause === "kick")) return { _tag: "NotShown", cause }
          if (!earlier && rejoined && cause === undefined && isInHistory(echo, states.of(channel).window.lines)) {
            return { _tag: "NotShown", cause: "rejoin" }
          }
          return Option.isSome(first) ? undefined : { _tag: "Unconfirmed", cause }
        }
      )

      const fate = Effect.fnUntraced(function*(awaited: AwaitedEcho, withinMs: number) {
        const began = yield* monotonicMillis
        for (let elapsed = 0;; elapsed = (yield* monotonicMillis) - began) {
          const known = yield* next(awaited, withinMs - elapsed)
          if (known === undefined) continue
          awaited.echo.overdue = true
          return known
        }
      })

      return DeliveryTracker.of({
        expect: Effect.fnUntraced(function*(conversation, text) {
          const { expected } = states.of(conversation.channel)
          const echo = expectEcho(expected, { with: conversation.with, text, at: (yield* readClock).wall })
          // The last news decide.
          const news = yield* Queue.sliding<News>(8)
          arrivals.set(echo, news)
          return { channel: conversation.channel, echo, news }
        }),
        drop: ({ channel, echo }) => {
          arrivals.delete(echo)
          dropEcho(states.of(channel).expected, echo)
        },
        fate,
        isSeen: ({ echo }) => echo.seen,
        confirm: (conversation, text) => {
          const echo = confirmEcho(states.of(conversation.channel).expected, conversation.with, text, earlier)
          if (echo !== undefined) tell(echo, "seen")
          return echo !== undefined
        },
        refuse: (channel, refusal) => {
          for (const echo of refuseEcho(states.of(channel).expected, refusal)) tell(echo, "refused")
        },
        rejoin: (channel) => {
          for (const echo of states.of(channel).expected) tell(echo, "rejoined")
        }
      })
    })
  )
}
