import { Context, Deferred, Effect, Layer, Option, Stream } from "effect"
import { BotConfig } from "./BotConfig.ts"
import { count } from "./Metrics.ts"
import { Nats } from "./Nats.ts"

/** How it went at the gate: it stood open, it opened after a wait, or there is no way through any more. */
export type GateResult = "open" | "opened" | "overflow" | "deadline"

/**
 * Holds ready replies back while NATS is away, as the client would silently drop them (SCALE). At most `outbox_size`
 * wait; when one more comes, the oldest goes (F8).
 */
export class ConnectionGate extends Context.Service<ConnectionGate, {
  /** Waits for NATS, at most `leftMs`. */
  readonly pass: (leftMs: Option.Option<number>) => Effect.Effect<GateResult>
  /** How many wait. */
  readonly waiting: Effect.Effect<number>
}>()("llm-bot/ConnectionGate") {
  static readonly layerNoDeps = Layer.effect(ConnectionGate, Effect.gen(function*() {
    const nats = yield* Nats
    const config = yield* BotConfig
    // Oldest first, at most `nats.outbox_size`.
    const waiting = new Set<Deferred.Deferred<GateResult>>()

    yield* nats.connection.pipe(
      Stream.filter((connected) => connected),
      Stream.runForEach(() =>
        Effect.forEach([...waiting], (waiter) => Deferred.succeed(waiter, "opened"), { discard: true })
      ),
      Effect.forkScoped
    )

    const admit = Effect.fnUntraced(function*(waiter: Deferred.Deferred<GateResult>) {
      const { settings } = yield* config.current
      waiting.add(waiter)
      for (const oldest of waiting) {
        if (waiting.size <= settings.nats.outbox_size) break
        waiting.delete(oldest)
        yield* Deferred.succeed(oldest, "overflow")
      }
    })

    const wait = Effect.fnUntraced(function*(leftMs: Option.Option<number>) {
      const waiter = yield* Deferred.make<GateResult>()
      yield* admit(waiter)
      // The connection may have come back before the waiter was noted.
      if (yield* nats.connected) yield* Deferred.succeed(waiter, "opened")
      const result = yield* Deferred.await(waiter).pipe(
        Effect.timeoutOrElse({
          duration: Option.getOrElse(leftMs, () => Number.POSITIVE_INFINITY),
          orElse: () => Effect.succeed<GateResult>("deadline")
        }),
        Effect.ensuring(Effect.sync(() => waiting.delete(waiter)))
      )
      if (result !== "opened") yield* count("outboxDropped", { reason: result })
      return result
    })

    return ConnectionGate.of({
      pass: (leftMs) =>
        Effect.flatMap(nats.connected, (connected) =>
          connected ? Effect.succeed<GateResult>("open") : wait(leftMs)),
      waiting: Effect.sync(() => waiting.size)
    })
  }))
}
