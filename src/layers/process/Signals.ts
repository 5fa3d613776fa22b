import process from "node:process"
import { Effect, Queue } from "effect"
import { takeEarly, unusedSignals } from "./EarlySignals.ts"

/**
 * The arrivals of a signal, including one from before a handler existed; those that come while one is handled
 * count as one more. As long as the scope is open the signal does not end the process.
 */
export const arrivals = Effect.fnUntraced(function*(signal: NodeJS.Signals) {
  const queue = yield* Effect.acquireRelease(Queue.sliding<NodeJS.Signals>(1), Queue.shutdown)
  const listener = (received: NodeJS.Signals): void => void Queue.offerUnsafe(queue, received)
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on(signal, listener)),
    () => Effect.sync(() => process.off(signal, listener))
  )
  if (takeEarly(signal)) listener(signal)
  const dequeue: Queue.Dequeue<NodeJS.Signals> = queue
  return dequeue
})

/** Says of each signal that means nothing to the daemon that it does nothing, until the scope closes (F10). */
export const tellUnused = Effect.gen(function*() {
  for (const signal of unusedSignals()) {
    const received = yield* arrivals(signal)
    const tell = Effect.logWarning(`${signal} ignored; SIGHUP reloads the configuration, SIGTERM stops`)
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Queue.take(received), tell)))
  }
})
