import type { Msg, NatsConnection } from "@nats-io/transport-node"
import { Deferred, Effect, type Scope } from "effect"
import { NatsNotSubscribed } from "../../services/Nats.ts"
import { detailOf } from "./NatsFaults.ts"

/** A refused subscription is tried again after 1, 2, 4 … at most 30 s. */
const firstPauseMs = 1_000
const longestPauseMs = 30_000

/** Subscriptions that outlive a refusal: a permission that is given later, or given back, is used (F10). */
export interface Subscriptions {
  /** Calls the handler for every message until the scope closes; returns once the server had the first attempt. */
  readonly listen: (
    subject: string,
    onMessage: (message: Msg) => void
  ) => Effect.Effect<void, NatsNotSubscribed, Scope.Scope>
  /** The subjects that are refused now. */
  readonly refused: ReadonlySet<string>
}

/** `flush` returns when the server has dealt with all it was sent. */
export const makeSubscriptions = (connection: NatsConnection, flush: Effect.Effect<void>): Subscriptions => {
  // As many as there are subscriptions.
  const refused = new Set<string>()

  /** Subscribes until the server refuses; whether it had heard before that. */
  const attempt = (subject: string, onMessage: (message: Msg) => void, opened: Effect.Effect<unknown>) =>
    Effect.gen(function*() {
      const refusal = yield* Deferred.make<string>()
      yield* Effect.acquireRelease(
        Effect.try({
          try: () =>
            connection.subscribe(subject, {
              callback: (error, message) => {
                if (error === null) onMessage(message)
                else Deferred.doneUnsafe(refusal, Effect.succeed(error.message))
              }
            }),
          catch: (cause) => new NatsNotSubscribed({ subject, detail: detailOf(cause) })
        }),
        (subscription) => Effect.sync(() => subscription.unsubscribe())
      )
      // Once the server has answered, no event can be missed any more.
      yield* flush
      const granted = !(yield* Deferred.isDone(refusal))
      if (granted && refused.delete(subject)) yield* Effect.logInfo(`NATS subscription ${subject} works again`)
      if (granted) yield* opened
      const detail = yield* Deferred.await(refusal)
      if (!refused.has(subject)) yield* Effect.logWarning(`NATS subscription ${subject} failed`, detail)
      refused.add(subject)
      yield* opened
      return granted
    }).pipe(Effect.scoped)

  const keep = Effect.fnUntraced(
    function*(subject: string, onMessage: (message: Msg) => void, opened: Deferred.Deferred<void, NatsNotSubscribed>) {
      yield* Effect.addFinalizer(() => Effect.sync(() => refused.delete(subject)))
      for (let pause = firstPauseMs;; pause = Math.min(2 * pause, longestPauseMs)) {
        const granted = yield* attempt(subject, onMessage, Deferred.succeed(opened, undefined)).pipe(
          // A connection that is closed for good takes no subscription: the caller gets that error, once.
          Effect.catch((error) => Effect.as(Deferred.fail(opened, error), false))
        )
        if (granted) pause = firstPauseMs
        yield* Effect.sleep(pause)
      }
    },
    Effect.scoped
  )

  return {
    listen: Effect.fnUntraced(function*(subject, onMessage) {
      const opened = yield* Deferred.make<void, NatsNotSubscribed>()
      yield* Effect.forkScoped(keep(subject, onMessage, opened), { startImmediately: true })
      yield* Deferred.await(opened)
    }),
    refused
  }
}
