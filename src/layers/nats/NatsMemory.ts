import { Effect, Layer, type Scope, Stream } from "effect"
import type { WireCommand, WireMessage } from "../../domain/wire/Wire.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { Nats, type Question } from "../../services/Nats.ts"

const utf8 = new TextEncoder()

const matches = (expected: ReadonlyArray<string>, tokens: ReadonlyArray<string>): boolean =>
  expected.every((token, index) =>
    token === ">" ? tokens.length > index : tokens[index] !== undefined && (token === "*" || token === tokens[index])
  ) && (expected.at(-1) === ">" || expected.length === tokens.length)

interface Subscription {
  /** The tokens of its subject. */
  readonly pattern: ReadonlyArray<string>
  readonly handler: (message: WireMessage) => void
}

interface Responder {
  readonly subject: string
  readonly answer: (question: Question) => Effect.Effect<string>
}

/** The tokens before the first wildcard: what every subject of a pattern begins with. */
const literalPart = (pattern: ReadonlyArray<string>): string => {
  const wildcard = pattern.findIndex((token) => token === "*" || token === ">")
  return pattern.slice(0, wildcard < 0 ? pattern.length : wildcard).join(".")
}

/** Subscriptions by their literal part: a message is compared with the few that may match, however many there are. */
const makeSubscriptions = () => {
  // Grows with the subscriptions of the program, which are a few a channel.
  const byLiteral = new Map<string, Set<Subscription>>()
  return {
    add: (subscription: Subscription): void => {
      const literal = literalPart(subscription.pattern)
      const others = byLiteral.get(literal) ?? new Set()
      byLiteral.set(literal, others.add(subscription))
    },
    delete: (subscription: Subscription): void => {
      const literal = literalPart(subscription.pattern)
      const others = byLiteral.get(literal)
      others?.delete(subscription)
      if (others?.size === 0) byLiteral.delete(literal)
    },
    matching: (tokens: ReadonlyArray<string>): ReadonlyArray<Subscription> =>
      Array.from({ length: tokens.length + 1 }, (_, length) => byLiteral.get(tokens.slice(0, length).join(".")))
        .flatMap((some) => [...some ?? []])
        .filter(({ pattern }) => matches(pattern, tokens))
  }
}

/** Keeps something until the scope closes. */
const keepIn = <A>(
  set: { readonly add: (item: A) => unknown; readonly delete: (item: A) => unknown },
  item: A
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(Effect.sync(() => set.add(item)), () => Effect.sync(() => set.delete(item))))

/** The default maximum payload of nats-server, bytes. */
const maxBytes = 1_048_576

/**
 * An in-memory bus with the subjects and wildcards of NATS: for the playground, replay and tests. It never
 * disconnects.
 */
export const layer: Layer.Layer<Nats> = Layer.sync(Nats, () => {
  const subscriptions = makeSubscriptions()
  // A few a program.
  const responders = new Set<Responder>()

  return Nats.of({
    publish: Effect.fnUntraced(function*(command: WireCommand) {
      const { headers, subject } = command
      const listeners = subscriptions.matching(subject.split("."))
      const message = { subject, headers, body: utf8.encode(command.body) }
      for (const { handler } of listeners) handler(message)
      return { at: yield* monotonicMillis, heard: !command.request || listeners.length > 0 }
    }),
    subscribe: (subject, handler) => keepIn(subscriptions, { pattern: subject.split("."), handler }),
    respond: (subject, answer) => keepIn(responders, { subject, answer }),
    request: Effect.fnUntraced(function*(subject: string, body: string) {
      const matching = [...responders].filter((responder) => responder.subject === subject)
      const question = { body: utf8.encode(body), maxBytes }
      const bodies = yield* Effect.forEach(
        matching,
        ({ answer }) => Effect.map(answer(question), (text) => utf8.encode(text))
      )
      return { heard: matching.length > 0, bodies }
    }),
    refused: Effect.succeed({ publish: new Set<string>(), subscribe: new Set<string>() }),
    connected: Effect.succeed(true),
    connection: Stream.succeed(true),
    lost: Effect.never
  })
})
