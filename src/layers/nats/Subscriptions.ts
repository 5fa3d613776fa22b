import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node"
import { Effect, Fiber, type Scope } from "effect"
import { NatsNotSubscribed } from "../../services/Nats.ts"
import { detailOf } from "./NatsFaults.ts"

/** A refused subscription is tried again after 1, 2, 4 … at most 30 s. */
const firstPauseMs = 1_000
const longestPauseMs = 30_000

const notSubscribed = (subject: string) => (cause: unknown) =>
  new NatsNotSubscribed({ subject, detail: detailOf(cause) })

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

/** `flushed` returns when the server has dealt with all it was sent. */
export const makeSubscriptions = Effect.fnUntraced(function*(connection: NatsConnection, flushed: Effect.Effect<void>) {
  const run = Effect.runForkWith(yield* Effect.context<never>())
  // As many as there are subscriptions.
  const refused = new Set<string>()

  const listen: Subscriptions["listen"] = Effect.fnUntraced(function*(subject, onMessage) {
    let subscription: Subscription | undefined
    let retry: Fiber.Fiber<void> | undefined
    let pause = firstPauseMs
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        subscription?.unsubscribe()
        refused.delete(subject)
        return retry === undefined ? Effect.void : Fiber.interrupt(retry)
      })
    )

    const attempt = (): void => {
      subscription?.unsubscribe()
      subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) onMessage(message)
          else refuse(error.message)
        }
      })
    }

    const tryAgain = Effect.gen(function*() {
      yield* Effect.sleep(pause)
      pause = Math.min(2 * pause, longestPauseMs)
      refusedAgain = false
      yield* Effect.try({ try: attempt, catch: notSubscribed(subject) })
      yield* flushed
      if (refusedAgain) return
      pause = firstPauseMs
      if (refused.delete(subject)) yield* Effect.logInfo(`NATS subscription ${subject} works again`)
      // A connection that is closed for good takes no subscription any more.
    }).pipe(Effect.ignore)

    let refusedAgain = false
    const refuse = (detail: string): void => {
      refusedAgain = true
      const known = refused.has(subject)
      refused.add(subject)
      const warn = Effect.logWarning(`NATS subscription ${subject} failed`, detail)
      retry = run(known ? tryAgain : Effect.andThen(warn, tryAgain))
    }

    yield* Effect.try({ try: attempt, catch: notSubscribed(subject) })
    // Once the server has answered, no event can be missed any more.
    yield* flushed
  })

  return { listen, refused } satisfies Subscriptions
})
