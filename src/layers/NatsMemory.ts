import { Effect, Layer, Stream } from "effect"
import type { WireCommand, WireMessage } from "../domain/wire/Wire.ts"
import { Nats } from "../services/Nats.ts"

const utf8 = new TextEncoder()

const matches = (pattern: string, subject: string): boolean => {
  const wanted = pattern.split(".")
  const tokens = subject.split(".")
  return wanted.every((token, index) =>
    token === ">" ? tokens.length > index : tokens[index] !== undefined && (token === "*" || token === tokens[index])
  ) && (wanted.at(-1) === ">" || wanted.length === tokens.length)
}

interface Subscription {
  readonly pattern: string
  readonly handler: (message: WireMessage) => Effect.Effect<void>
}

/**
 * A bus within the process, with the subjects and wildcards of NATS: for the playground, replay and tests. It is never
 * away.
 */
export const layer: Layer.Layer<Nats> = Layer.sync(Nats, () => {
  // Grows with the subscriptions of the program, which are a few a channel.
  const subscriptions = new Set<Subscription>()

  return Nats.of({
    publish: Effect.fnUntraced(function*(command: WireCommand) {
      const { headers, subject } = command
      const listeners = [...subscriptions].filter(({ pattern }) => matches(pattern, subject))
      const message = { subject, headers, body: utf8.encode(command.body) }
      yield* Effect.forEach(listeners, ({ handler }) => handler(message), { discard: true })
      return { heard: Effect.succeed(!command.request || listeners.length > 0) }
    }),
    subscribe: (pattern, handler) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => {
          const subscription = { pattern, handler }
          subscriptions.add(subscription)
          return subscription
        }),
        (subscription) => Effect.sync(() => subscriptions.delete(subscription))
      )),
    connected: Effect.succeed(true),
    connection: Stream.succeed(true),
    lost: Effect.never
  })
})
