import process from "node:process"
import { Effect, Queue, Stream } from "effect"

/** Every arrival of a signal; arrivals while one is dealt with count as one more. */
export const signals = (signal: NodeJS.Signals): Stream.Stream<NodeJS.Signals> =>
  Stream.callback<NodeJS.Signals>(
    (queue) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const listener = (received: NodeJS.Signals): void => void Queue.offerUnsafe(queue, received)
          process.on(signal, listener)
          return listener
        }),
        (listener) => Effect.sync(() => process.off(signal, listener))
      ),
    { bufferSize: 1, strategy: "sliding" }
  )
