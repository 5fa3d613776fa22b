import { AuthorizationError, type NatsConnection, PermissionViolationError } from "@nats-io/transport-node"
import { Effect, Stream, SubscriptionRef } from "effect"
import { detailOf, unreachable } from "./NatsFaults.ts"
import type { ReconnectPause } from "./ReconnectPause.ts"

/**
 * Follows what the client reports of its connection: whether it stands, and what the server refuses. Each change and
 * each refusal is logged once (F10).
 */
export const connectionState = Effect.fnUntraced(function*(
  connection: Pick<NatsConnection, "status">,
  pause: ReconnectPause
) {
  const state = yield* SubscriptionRef.make(true)
  // As many as there are requests in progress; true of what one of them fails with, and tells itself.
  const watchers = new Set<(error: PermissionViolationError) => boolean>()
  // As many as there are subjects the bot publishes.
  const unpublished = new Set<string>()
  // How the server refused the user since the connection stood; it has three sentences for that.
  const refusals = new Set<string>()

  // The client reports each refused attempt to reconnect as an error and a disconnection, and the one that succeeds
  // as often as all of them.
  const turn = Effect.fnUntraced(function*(up: boolean) {
    if (up) {
      refusals.clear()
      pause.onConnected()
    }
    if ((yield* SubscriptionRef.get(state)) === up) return
    yield* SubscriptionRef.set(state, up)
    yield* up ? Effect.logInfo("NATS reconnected") : Effect.logError("NATS disconnected")
  })

  const userRefused = (error: AuthorizationError): Effect.Effect<void> => {
    pause.onRefused()
    const known = refusals.has(error.message)
    refusals.add(error.message)
    return known ? Effect.void : Effect.logError("NATS error", unreachable(error).message)
  }

  /**
   * A refused subscription is logged where it is kept; a subject that must not be published once until it may,
   * unless a request tried it and tells.
   */
  const failed = (error: Error): Effect.Effect<void> => {
    if (error instanceof AuthorizationError) return userRefused(error)
    const warning = Effect.logWarning("NATS error", error.message)
    if (!(error instanceof PermissionViolationError)) return warning
    if (error.operation === "subscription") return Effect.void
    const known = unpublished.has(error.subject)
    unpublished.add(error.subject)
    const isTold = [...watchers].map((watch) => watch(error)).includes(true)
    return known || isTold ? Effect.void : warning
  }

  yield* Stream.fromAsyncIterable(connection.status(), detailOf).pipe(
    Stream.runForEach((status) => {
      switch (status.type) {
        case "disconnect":
          return turn(false)
        case "reconnect":
          return turn(true)
        case "error":
          return failed(status.error)
        default:
          return Effect.void
      }
    }),
    Effect.catch((detail) => Effect.logError("NATS tells no more of its connection", detail)),
    Effect.forkScoped
  )
  return { state, unpublished, watchers }
})
