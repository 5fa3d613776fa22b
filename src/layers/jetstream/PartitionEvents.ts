import { AckPolicy, type ConsumerConfig, type ConsumerInfo, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { Effect } from "effect"
import { eventsOf, streamName } from "../../domain/jetstream/StreamNames.ts"
import type { Partition } from "../../domain/ownership/Partition.ts"
import type { JetStreamSettings } from "../../domain/settings/JetStreamSettings.ts"
import { codeOf, codes, faultOf } from "./ApiFaults.ts"
import type { Deliveries } from "./Deliveries.ts"
import { JetStream } from "./JetStream.ts"
import { Streams } from "./Streams.ts"

/** Deliveries of an event after which it is given up. */
export const mostDeliveries = 10
/** Events that may be on their way at once. */
const mostPending = 1_000
/** Events that are asked for at once. */
const ahead = 256
/** How long one request for events lasts, ms. */
const requestMs = 5_000

/** How soon events are asked for again after a failure. */
const pause = "1 second"

/** The name of a partition's consumer. */
const consumerName = (partition: Partition): string => `p${partition}`

const configOf = (
  { ack_wait_seconds, prefix }: JetStreamSettings,
  partition: Partition
): Partial<ConsumerConfig> & Pick<ConsumerConfig, "ack_policy"> => ({
  durable_name: consumerName(partition),
  filter_subject: eventsOf(prefix, partition),
  deliver_policy: DeliverPolicy.All,
  ack_policy: AckPolicy.Explicit,
  ack_wait: ack_wait_seconds * 1e9,
  max_deliver: mostDeliveries,
  max_ack_pending: mostPending
})

/** A partition's consumer, made where there is none, and as the settings want it. */
export const ensureConsumer = Effect.fnUntraced(function*(settings: JetStreamSettings, partition: Partition) {
  const { manager } = yield* JetStream
  const stream = streamName(settings.prefix, "IN")
  const config = configOf(settings, partition)
  const add = Effect.tryPromise({
    try: (): Promise<ConsumerInfo> =>
      manager.consumers.add(stream, config).catch((cause: unknown) => {
        // Servers since 2.10 make no consumer with other settings of one that is there.
        if (codeOf(cause) === codes.consumerExists) {
          return manager.consumers.update(stream, consumerName(partition), config)
        }
        throw cause
      }),
    catch: (cause) => ({ cause, fault: faultOf(stream, cause) })
  })
  const streams = yield* Streams
  return yield* add.pipe(
    Effect.catch(({ cause, fault }) =>
      codeOf(cause) === codes.streamNotFound
        ? Effect.andThen(streams.ensure, Effect.mapError(add, (error) => error.fault))
        : Effect.fail(fault)
    )
  )
})

/** A partition's events on their way to their channels. */
interface Pull {
  readonly partition: Partition
  /** The consumer as it was found: another one later means that the streams were wiped. */
  readonly found: ConsumerInfo
  readonly deliveries: Deliveries
  readonly receive: (message: JsMsg) => void
}

/** Pulls a partition's events until the scope closes: through failures, and where the streams are wiped. */
export const pullEvents = Effect.fnUntraced(
  function*(settings: JetStreamSettings, { deliveries, found, partition, receive }: Pull) {
    const { client, flushed } = yield* JetStream
    const stream = streamName(settings.prefix, "IN")
    const request = <A>(attempt: () => Promise<A>) =>
      Effect.tryPromise({ try: attempt, catch: (cause) => faultOf(stream, cause) })
    let { created } = found

    const renew = Effect.gen(function*() {
      const info = yield* ensureConsumer(settings, partition)
      if (info.created !== created) deliveries.abandon()
      created = info.created
    })

    /** Until the consumer is gone or the connection is closed. */
    const consume = Effect.acquireUseRelease(
      request(() =>
        client.consumers.get(stream, consumerName(partition)).then((consumer) =>
          consumer.consume({
            callback: receive,
            max_messages: ahead,
            expires: requestMs,
            abort_on_missing_resource: true
          })
        )
      ),
      (messages) =>
        request(() =>
          messages.closed().then((cause) => {
            if (cause instanceof Error) throw cause
          })
        ),
      // The server goes on handing out events to a pull until it has heard that it is closed.
      (messages) =>
        Effect.promise(() => messages.close()).pipe(Effect.andThen(flushed), Effect.timeoutOption("1 second"))
    )

    yield* consume.pipe(
      Effect.tapError((fault) => Effect.logWarning("Events do not come", fault.message)),
      Effect.ignore,
      Effect.andThen(renew),
      Effect.tapError(() => Effect.sleep(pause)),
      Effect.ignore,
      Effect.forever,
      Effect.annotateLogs({ logger: "JetStream", partition }),
      Effect.forkScoped
    )
  }
)
