import { Effect, Layer, Option } from "effect"
import { hash } from "../../domain/Hash.ts"
import type { EventIdentity } from "../../domain/Ids.ts"
import { limitSubject, streamName } from "../../domain/jetstream/StreamNames.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import { type Charge, type ChargeRefusal, SharedLimits } from "../../services/limits/SharedLimits.ts"
import { attempt, codeOf, codes } from "./ApiFaults.ts"
import { JetStream } from "./JetStream.ts"

/** How long a limit may take to answer, ms. */
const answerMs = 2_000
/** Charges that may still be given back; more replies are not under way. */
const mostCharges = 10_000

/** A place in a stream. */
interface Place {
  readonly stream: string
  readonly sequence: number
}

const unknown: ChargeRefusal = { limit: "limit_unknown", maximum: 0 }

/**
 * The limits of people, over all replicas: a stream takes so many messages of a person as the limit allows, and forgets
 * them with the window. One publish is the question and the charge at once (N2).
 */
export const layer: Layer.Layer<never, never, BotConfig | JetStream> = Layer.effect(
  SharedLimits,
  Effect.gen(function*() {
    const { client, manager } = yield* JetStream
    const { settings } = yield* (yield* BotConfig).current
    const { prefix } = settings.nats.jetstream
    const charged = new Map<EventIdentity, ReadonlyArray<Place>>()

    /** The place in one limit's stream, or why there is none. */
    const take = (window: "minute" | "hour", { cause, user }: Charge, maximum: number) => {
      const stream = streamName(prefix, `USER_${window.toUpperCase()}`)
      // A name may hold what no subject may.
      const subject = limitSubject(prefix, window, hash([user]))
      return attempt(() =>
        client.publish(subject, "", { msgID: cause, timeout: answerMs, expect: { streamName: stream } })
      ).pipe(
        Effect.map(({ seq }): Place => ({ stream, sequence: seq })),
        Effect.mapError(({ cause }): ChargeRefusal =>
          codeOf(cause) === codes.limitReached
            ? { limit: window === "minute" ? "user_per_minute" : "user_per_hour", maximum }
            : unknown
        )
      )
    }

    const giveBackAll = (places: ReadonlyArray<Place>): Effect.Effect<void> =>
      Effect.forEach(
        places,
        ({ sequence, stream }) =>
          Effect.ignore(Effect.tryPromise(() => manager.streams.deleteMessage(stream, sequence, false))),
        { discard: true }
      )

    const charge = Effect.fnUntraced(function*(about: Charge) {
      const { max_per_user_per_hour: hour, max_per_user_per_minute: minute } = about.limits
      const places: Array<Place> = []
      for (const [window, maximum] of [["minute", minute], ["hour", hour]] as const) {
        if (Option.isNone(maximum)) continue
        const place = yield* Effect.result(take(window, about, maximum.value))
        if (place._tag === "Failure") {
          yield* giveBackAll(places)
          return place.failure
        }
        places.push(place.success)
      }
      charged.set(about.cause, places)
      const [oldest] = charged.keys()
      if (charged.size > mostCharges && oldest !== undefined) charged.delete(oldest)
      return undefined
    })

    return {
      charge,
      giveBack: (cause) =>
        Effect.suspend(() => {
          const places = charged.get(cause) ?? []
          charged.delete(cause)
          return giveBackAll(places)
        })
    }
  })
)
