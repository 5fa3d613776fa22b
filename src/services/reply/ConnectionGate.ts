import { Context, Deferred, Effect, Layer, Option, Stream } from "effect"
import { BotConfig } from "../BotConfig.ts"
import { Nats } from "../Nats.ts"

/** The result at the gate: open, opened after a wait, or closed for good to this reply. */
export type GateResult = "open" | "opened" | "overflow" | "deadline"

/** A reply's position in the order of readiness; kept when it has to wait again. */
export type Ticket = number

interface Waiter {
  readonly ticket: Ticket
  readonly ended: Deferred.Deferred<GateResult>
}

/**
 * Holds ready replies while NATS is disconnected, as the client would silently drop them (F8). At most `outbox_size`
 * wait; when one more comes, the oldest goes (F8).
 */
export class ConnectionGate extends Context.Service<ConnectionGate, {
  /** The next ticket. */
  readonly ticket: Effect.Effect<Ticket>
  /** Waits for NATS, at most `leftMs`; those who wait pass in the order of their tickets. */
  readonly pass: (ticket: Ticket, leftMs: Option.Option<number>) => Effect.Effect<GateResult>
}>()("llm-bot/ConnectionGate") {
  static readonly layerNoDeps = Layer.effect(
    ConnectionGate,
    Effect.gen(function*() {
      const nats = yield* Nats
      const config = yield* BotConfig
      // Oldest first, at most `nats.outbox_size`.
      let waiting: ReadonlyArray<Waiter> = []
      let tickets = 0

      const leave = (waiter: Waiter): void => {
        waiting = waiting.filter((other) => other !== waiter)
      }

      yield* nats.connection.pipe(
        Stream.filter((connected) => connected),
        Stream.runForEach(() =>
          Effect.forEach(waiting, ({ ended }) => Deferred.succeed(ended, "opened"), { discard: true })
        ),
        Effect.forkScoped
      )

      const admit = Effect.fnUntraced(function*(waiter: Waiter) {
        const { settings } = yield* config.current
        waiting = [...waiting, waiter].toSorted((one, other) => one.ticket - other.ticket)
        for (const oldest of waiting.slice(0, Math.max(0, waiting.length - settings.nats.outbox_size))) {
          leave(oldest)
          yield* Deferred.succeed(oldest.ended, "overflow")
        }
      })

      const wait = Effect.fnUntraced(function*(ticket: Ticket, leftMs: Option.Option<number>) {
        const waiter: Waiter = { ticket, ended: yield* Deferred.make<GateResult>() }
        yield* admit(waiter)
        // NATS may have reconnected before the waiter was added.
        if (yield* nats.connected) yield* Deferred.succeed(waiter.ended, "opened")
        return yield* Deferred.await(waiter.ended).pipe(
          Effect.timeoutOrElse({
            duration: Option.getOrElse(leftMs, () => Number.POSITIVE_INFINITY),
            orElse: () => Effect.succeed<GateResult>("deadline")
          }),
          Effect.ensuring(Effect.sync(() => leave(waiter)))
        )
      })

      return ConnectionGate.of({
        ticket: Effect.sync(() => tickets++),
        pass: (ticket, leftMs) =>
          Effect.flatMap(
            nats.connected,
            (connected) => connected ? Effect.succeed<GateResult>("open") : wait(ticket, leftMs)
          )
      })
    })
  )
}
