import { Context, Effect, Layer, SubscriptionRef } from "effect"
import type { WireCommand } from "../../src/domain/wire/Wire.ts"
import { monotonicMillis } from "../../src/services/Time.ts"
import { Nats, NatsNotSent, NatsUnconfirmed } from "../../src/services/Nats.ts"

/** Cuts one end of a bus off and joins it again, as when the server dies and comes back. */
export class FlakyNats extends Context.Service<FlakyNats, {
  readonly begin: Effect.Effect<void>
  readonly end: Effect.Effect<void>
  /** It begins in the middle of the next publish, before the server's word; the message arrives all the same, or not. */
  readonly strike: (message: "arrives" | "is lost") => Effect.Effect<void>
  /** Whether a bridge listens: while none does, the server says so of each command, which reaches nobody. */
  readonly bridge: (there: boolean) => Effect.Effect<void>
  /** A bridge listens for so many commands more. */
  readonly bridgeFor: (commands: number) => Effect.Effect<void>
  /** The end that can be cut off. */
  readonly nats: Nats["Service"]
}>()("test/FlakyNats") {
  static readonly layer: Layer.Layer<FlakyNats, never, Nats> = Layer.effect(
    FlakyNats,
    Effect.gen(function*() {
      const bus = yield* Nats
      const connected = yield* SubscriptionRef.make(true)
      let left = Number.POSITIVE_INFINITY
      let struck: "arrives" | "is lost" | undefined
      const publish = Effect.fnUntraced(function*(command: WireCommand) {
        if (!(yield* SubscriptionRef.get(connected))) return yield* new NatsNotSent({ detail: "an outage" })
        if (struck === undefined && command.request && left-- <= 0) return { at: yield* monotonicMillis, heard: false }
        if (struck === undefined) return yield* bus.publish(command)
        if (struck === "arrives") yield* bus.publish(command)
        struck = undefined
        yield* SubscriptionRef.set(connected, false)
        return yield* new NatsUnconfirmed({ detail: "an outage" })
      })

      return FlakyNats.of({
        begin: SubscriptionRef.set(connected, false),
        end: SubscriptionRef.set(connected, true),
        strike: (message) =>
          Effect.sync(() => {
            struck = message
          }),
        bridge: (there) =>
          Effect.sync(() => {
            left = there ? Number.POSITIVE_INFINITY : 0
          }),
        bridgeFor: (commands) =>
          Effect.sync(() => {
            left = commands
          }),
        nats: Nats.of({
          publish,
          subscribe: (subject, handler) =>
            bus.subscribe(subject, (message) => {
              if (SubscriptionRef.getUnsafe(connected)) handler(message)
            }),
          respond: bus.respond,
          request: bus.request,
          refused: bus.refused,
          connected: SubscriptionRef.get(connected),
          connection: SubscriptionRef.changes(connected),
          lost: Effect.never
        })
      })
    })
  )

  /** NATS as whoever can be cut off sees it. */
  static readonly nats: Layer.Layer<Nats, never, FlakyNats> = Layer.effect(
    Nats,
    FlakyNats.use(({ nats }) => Effect.succeed(nats))
  )
}
