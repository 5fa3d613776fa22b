import { connect, type Msg, type NatsConnection, type PermissionViolationError } from "@nats-io/transport-node"
import { Context, Effect, Layer, Option, Queue, Schedule, SubscriptionRef } from "effect"
import type { NatsSettings } from "../../domain/settings/Settings.ts"
import type { WireCommand } from "../../domain/wire/Wire.ts"
import { monotonicMillis } from "../../services/Time.ts"
import {
  Nats,
  type NatsConnectError,
  NatsGivenUp,
  NatsNotSent,
  NatsRefused,
  NatsUnconfirmed,
  type Question
} from "../../services/Nats.ts"
import { connectionState } from "./ConnectionState.ts"
import { makeInbox, saysNobodyListens } from "./Inbox.ts"
import { NatsClient } from "./NatsClient.ts"
import { detailOf, notSent, unreachable } from "./NatsFaults.ts"
import { headersOf, messageOf } from "./NatsMessages.ts"
import { natsOptions } from "./NatsOptions.ts"
import { makeReconnectPause, type ReconnectPause } from "./ReconnectPause.ts"
import { makeServerWord } from "./ServerWord.ts"
import { makeSubscriptions } from "./Subscriptions.ts"

/** How long a question waits for its first answer. */
const requestTimeoutMs = 2_000
/** How long a request waits for one more answer: others are about as far away as the first. */
const othersWithinMs = (firstTookMs: number): number => Math.min(300, Math.max(100, 5 * firstTookMs))
/** Answers that are waited for: more than one NATS has bots or bridges. */
const mostAnswers = 1_000

/** How long flushing and closing may take when the bot stops. */
const closeWithin = "2 seconds"

const open = Effect.fnUntraced(function*(settings: NatsSettings, pause: ReconnectPause) {
  const options = yield* natsOptions(settings, pause)
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
  // A signal during the attempts ends them at once.
  const pause = makeReconnectPause(Math.random)
  const connection = yield* Effect.acquireRelease(open(settings, pause), close, { interruptible: true })
  const { state, unpublished, watchers } = yield* connectionState(connection, pause)
  const inbox = makeInbox(connection)

  // A loss is reported a moment late: without the server's INFO there is no connection.
  const connected = Effect.map(
    SubscriptionRef.get(state),
    (up) => up && connection.info !== undefined && !connection.isClosed()
  )

  const whileConnected = Effect.filterOrFail(
    connected,
    (up) => up,
    () => new NatsNotSent({ detail: "not connected" })
  )

  const confirmed = makeServerWord(connection)

  const send = (command: WireCommand, reply?: string) =>
    Effect.try({
      try: () =>
        connection.publish(command.subject, command.body, {
          headers: headersOf(command),
          ...(reply === undefined ? {} : { reply })
        }),
      catch: notSent
    })

  const publish = Effect.fnUntraced(function*(command: WireCommand) {
    yield* whileConnected
    let heard = true
    const reply = command.request
      ? yield* inbox.open((answer) => {
        if (saysNobodyListens(answer)) heard = false
      })
      : undefined
    yield* send(command, reply)
    // The server's word that nobody listens comes before its word that it has everything.
    yield* Effect.catch(
      confirmed,
      ({ detail }) => Effect.flatMap(monotonicMillis, (at) => new NatsUnconfirmed({ detail, at }))
    )
    return { at: yield* monotonicMillis, heard }
  }, Effect.scoped)

  const { listen, refused } = yield* makeSubscriptions(connection, Effect.ignore(confirmed))

  const answerWith = (answer: (question: Question) => Effect.Effect<string>) => (message: Msg) =>
    answer({ body: message.data, maxBytes: connection.info?.max_payload ?? 0 }).pipe(
      Effect.flatMap((text) => Effect.try({ try: () => message.respond(text), catch: notSent })),
      Effect.catch((error) => Effect.logWarning("NATS reply failed", error.message))
    )

  /** A request that the server refuses fails as soon as it reports that. */
  const refusal = (subject: string) =>
    Effect.callback<never, NatsRefused>((resume) => {
      const watcher = (error: PermissionViolationError): boolean => {
        const isMine = error.operation === "publish" && error.subject === subject
        if (isMine) resume(new NatsRefused({ detail: error.message }))
        return isMine
      }
      watchers.add(watcher)
      return Effect.sync(() => watchers.delete(watcher))
    })

  /** Every answer; none when the responders stay silent. */
  const answers = Effect.fnUntraced(function*(subject: string, body: string, most: number) {
    const queue = yield* Queue.dropping<Msg>(most)
    const reply = yield* inbox.open((answer) => void Queue.offerUnsafe(queue, answer))
    yield* Effect.try({ try: () => connection.publish(subject, body, { reply }), catch: unreachable })
    const bodies: Array<Uint8Array> = []
    const answered = (heard: boolean) => {
      unpublished.delete(subject)
      return { heard, bodies }
    }
    const askedAt = yield* monotonicMillis
    for (let wait = requestTimeoutMs;;) {
      const answer = yield* Effect.timeoutOption(Queue.take(queue), wait)
      if (bodies.length === 0) wait = othersWithinMs((yield* monotonicMillis) - askedAt)
      if (Option.isNone(answer)) return answered(true)
      if (saysNobodyListens(answer.value)) return answered(false)
      bodies.push(answer.value.data)
      if (bodies.length >= most) return answered(true)
    }
  }, Effect.scoped)

  const nats = Nats.of({
    publish,
    subscribe: (subject, handler) => listen(subject, (message) => handler(messageOf(message))),
    respond: (subject, answer) => listen(subject, (message) => void run(answerWith(answer)(message))),
    request: (subject, body, most = mostAnswers) => Effect.raceFirst(answers(subject, body, most), refusal(subject)),
    refused: Effect.sync(() => ({ publish: unpublished, subscribe: refused })),
    connected,
    connection: SubscriptionRef.changes(state),
    lost: Effect.flatMap(
      Effect.promise(() => connection.closed()),
      (cause) => new NatsGivenUp({ detail: detailOf(cause ?? new Error("the connection was closed")) })
    )
  })
  return Context.make(Nats, nats).pipe(Context.add(NatsClient, connection))
})

/** The real connection. Attempts at start are spaced 1, 2, 4, 8 s; refused credentials fail at once (F10). */
export const layer = (settings: NatsSettings): Layer.Layer<Nats | NatsClient, NatsConnectError> =>
  Layer.effectContext(make(settings).pipe(Effect.annotateLogs({ logger: "Nats" })))
