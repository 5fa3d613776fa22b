import {
  AuthorizationError,
  connect,
  headers as makeHeaders,
  type Msg,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  RequestError
} from "@nats-io/transport-node"
import { Effect, Fiber, Layer, Option, Schedule, Stream, SubscriptionRef } from "effect"
import type { NatsSettings } from "../../domain/settings/Settings.ts"
import type { WireCommand, WireMessage } from "../../domain/wire/Wire.ts"
import { monotonicMillis } from "../../services/Time.ts"
import {
  Nats,
  type NatsConnectError,
  NatsGivenUp,
  NatsNotSent,
  NatsNotSubscribed,
  NatsRefused,
  NatsUnconfirmed,
  NatsUnreachable,
  type Question
} from "../../services/Nats.ts"
import { natsOptions } from "./NatsOptions.ts"

/** How long the server may take to confirm that it has a message. */
const flushWithin = "5 seconds"
/** How long a request waits for somebody to listen: the answer itself proves nothing. */
const requestTimeoutMs = 2_000
/** How long a question waits for one more answer. */
const othersWithinMs = 300
/** How long flushing and closing may take when the bot stops. */
const closeWithin = "2 seconds"

const detailOf = (cause: unknown): string => cause instanceof Error ? cause.message : "unknown"

const isRefusal = (cause: unknown): boolean =>
  cause instanceof AuthorizationError || cause instanceof PermissionViolationError ||
  (cause instanceof Error && isRefusal(cause.cause))

const unreachable = (cause: unknown): NatsRefused | NatsUnreachable => {
  const detail = detailOf(cause)
  return isRefusal(cause) ? new NatsRefused({ detail }) : new NatsUnreachable({ detail })
}

const notSent = (cause: unknown): NatsNotSent => new NatsNotSent({ detail: detailOf(cause) })

const nobodyListens = (cause: unknown): boolean =>
  cause instanceof NoRespondersError || (cause instanceof RequestError && cause.isNoResponders())

/** Why a question got no answer, unless it is that nobody listens. */
const unlessNobody = (cause: unknown): Option.Option<NatsRefused | NatsUnreachable> =>
  nobodyListens(cause) ? Option.none() : Option.some(unreachable(cause))

const fromMsg = (message: Msg): WireMessage => ({
  subject: message.subject,
  headers: new Map(
    message.headers === undefined ? [] : [...message.headers].map(([key, [value = ""]]) => [key, value])
  ),
  body: message.data
})

const headersOf = (command: WireCommand) => {
  const headers = makeHeaders()
  for (const [key, value] of command.headers) headers.set(key, value)
  return headers
}

const open = Effect.fnUntraced(function*(settings: NatsSettings) {
  const options = yield* natsOptions(settings)
  return yield* Effect.tryPromise({ try: () => connect(options), catch: unreachable }).pipe(
    Effect.tapError((error) => Effect.logWarning("NATS connection failed", error.message)),
    Effect.retry({
      times: settings.connect_attempts - 1,
      schedule: Schedule.min([Schedule.exponential("1 second", 2), Schedule.spaced("8 seconds")]),
      while: ({ _tag }) => _tag === "NatsUnreachable"
    })
  )
})

/** `NatsConnection.close` drops what is buffered, `drain` does not wait for handlers: flush, then close. */
const close = (nc: NatsConnection): Effect.Effect<void> =>
  Effect.promise(() => nc.isClosed() ? Promise.resolve() : nc.flush().then(() => nc.close(), () => nc.close())).pipe(
    Effect.timeoutOption(closeWithin),
    Effect.andThen(Effect.logInfo("NATS closed"))
  )

const make = Effect.fnUntraced(function*(settings: NatsSettings) {
  const services = yield* Effect.context<never>()
  const run = Effect.runForkWith(services)
  const scope = yield* Effect.scope
  // A signal during the attempts ends them at once.
  const connection = yield* Effect.acquireRelease(open(settings), close, { interruptible: true })
  const state = yield* SubscriptionRef.make(true)

  yield* Stream.fromAsyncIterable(connection.status(), detailOf).pipe(
    Stream.runForEach((status) => {
      switch (status.type) {
        case "disconnect":
          return Effect.andThen(SubscriptionRef.set(state, false), Effect.logError("NATS disconnected"))
        case "reconnect":
          return Effect.andThen(SubscriptionRef.set(state, true), Effect.logInfo("NATS reconnected"))
        case "error":
          return Effect.logWarning("NATS error", status.error.message)
        default:
          return Effect.void
      }
    }),
    Effect.catch((detail) => Effect.logError("NATS tells no more of its connection", detail)),
    Effect.forkScoped
  )

  // A loss is reported a moment after the client knows of it: without the server's greeting there is no connection.
  const connected = Effect.map(
    SubscriptionRef.get(state),
    (up) => up && connection.info !== undefined && !connection.isClosed()
  )

  const whileConnected = Effect.filterOrFail(
    connected,
    (up) => up,
    () => new NatsNotSent({ detail: "not connected" })
  )

  const flush = Effect.tryPromise({
    try: () => connection.flush(),
    catch: (cause) => new NatsUnconfirmed({ detail: detailOf(cause) })
  }).pipe(
    Effect.timeoutOrElse({
      duration: flushWithin,
      orElse: () => new NatsUnconfirmed({ detail: `no word from the server within ${flushWithin}` })
    })
  )

  /** False when the server says that nobody listens; any other end of the request proves nothing. */
  const request = (command: WireCommand) =>
    Effect.tryPromise({
      try: () =>
        connection.request(command.subject, command.body, { headers: headersOf(command), timeout: requestTimeoutMs }),
      catch: nobodyListens
    }).pipe(Effect.match({ onSuccess: () => true, onFailure: (nobody) => !nobody }))

  const send = (command: WireCommand) =>
    Effect.try({
      try: () => connection.publish(command.subject, command.body, { headers: headersOf(command) }),
      catch: notSent
    })

  const publish = Effect.fn("Nats.publish")(function*(command: WireCommand) {
    yield* whileConnected
    if (!command.request) {
      yield* send(command)
      yield* flush
      return { at: yield* monotonicMillis, heard: Effect.succeed(true) }
    }
    const answer = yield* Effect.forkIn(request(command), scope, { startImmediately: true })
    yield* flush
    return { at: yield* monotonicMillis, heard: Fiber.join(answer) }
  })

  const listen = (subject: string, onMessage: (message: Msg) => void) =>
    Effect.acquireRelease(
      Effect.try({
        try: () =>
          connection.subscribe(subject, {
            callback: (error, message) => {
              if (error === null) onMessage(message)
              else run(Effect.logWarning(`NATS subscription ${subject} failed`, error.message))
            }
          }),
        catch: (cause) => new NatsNotSubscribed({ subject, detail: detailOf(cause) })
      }),
      (subscription) => Effect.sync(() => subscription.unsubscribe())
      // Once the server has answered, no event can be missed any more.
    ).pipe(Effect.andThen(Effect.ignore(flush)))

  const answerWith = (answer: (question: Question) => Effect.Effect<string>) => (message: Msg) =>
    answer({ body: message.data, maxBytes: connection.info?.max_payload ?? 0 }).pipe(
      Effect.flatMap((text) => Effect.try({ try: () => message.respond(text), catch: notSent })),
      Effect.catch((error) => Effect.logWarning("NATS reply failed", error.message))
    )

  /** Every answer; none when nobody listens or whoever does keeps silent. */
  const answers = Effect.fnUntraced(function*(subject: string, body: string) {
    const replies = yield* Effect.tryPromise({
      try: () =>
        connection.requestMany(subject, body, { strategy: "stall", maxWait: requestTimeoutMs, stall: othersWithinMs }),
      catch: unlessNobody
    })
    return yield* Stream.runCollect(Stream.map(Stream.fromAsyncIterable(replies, unlessNobody), ({ data }) => data))
  }, Effect.catch(Option.match({ onNone: () => Effect.succeed([]), onSome: Effect.fail })))

  return Nats.of({
    publish,
    subscribe: (subject, handler) => listen(subject, (message) => handler(fromMsg(message))),
    respond: (subject, answer) => listen(subject, (message) => void run(answerWith(answer)(message))),
    request: answers,
    connected,
    connection: SubscriptionRef.changes(state),
    lost: Effect.flatMap(
      Effect.promise(() => connection.closed()),
      (cause) => new NatsGivenUp({ detail: detailOf(cause ?? new Error("the connection was closed")) })
    )
  })
})

/** The real connection. Attempts at start are spaced 1, 2, 4, 8 s; refused credentials fail at once (F10). */
export const layer = (settings: NatsSettings): Layer.Layer<Nats, NatsConnectError> =>
  Layer.effect(Nats, make(settings).pipe(Effect.annotateLogs({ logger: "Nats" })))
