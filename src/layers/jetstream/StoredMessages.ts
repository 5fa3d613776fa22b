import { randomUUID } from "node:crypto"
import { AckPolicy, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { Effect } from "effect"
import { faultOf } from "./ApiFaults.ts"
import { JetStream } from "./JetStream.ts"

/** Messages of one request. */
const batch = 500
/** How long the server keeps a reader that nobody asks, ns. */
const readerKept = 10e9

/** What to read of a stream. */
interface Extent {
  readonly stream: string
  readonly subject: string
  /** Epoch ms. */
  readonly since: number
  /** Nothing behind this sequence; absent: up to the end. */
  readonly last?: number
}

/** Reads what a stream holds of a subject, oldest first, by a reader of its own that acknowledges nothing. */
export const readStored = Effect.fnUntraced(
  function*({ last = Number.POSITIVE_INFINITY, since, stream, subject }: Extent, take: (message: JsMsg) => void) {
    const { client, manager } = yield* JetStream
    const request = <A>(attempt: () => Promise<A>) =>
      Effect.tryPromise({ try: attempt, catch: (cause) => faultOf(stream, cause) })
    const reader = yield* Effect.acquireRelease(
      request(() =>
        manager.consumers.add(stream, {
          // A name of its own: then the server's permissions can say of which stream and subject it may be.
          name: `reader-${randomUUID()}`,
          ack_policy: AckPolicy.None,
          deliver_policy: DeliverPolicy.StartTime,
          opt_start_time: new Date(since).toISOString(),
          filter_subject: subject,
          inactive_threshold: readerKept
        })
      ),
      ({ name }) =>
        request(() => manager.consumers.delete(stream, name)).pipe(Effect.timeoutOption("1 second"), Effect.ignore)
    )
    if (reader.num_pending === 0) return
    const consumer = yield* request(() => client.consumers.get(stream, reader.name))
    let left = reader.num_pending
    while (left > 0) {
      const before = left
      left = yield* request(async () => {
        let pending = before
        for await (const message of await consumer.fetch({ max_messages: Math.min(batch, before), expires: 2_000 })) {
          pending = message.seq >= last ? 0 : message.info.pending
          if (message.seq <= last) take(message)
          if (pending === 0) break
        }
        return pending
      })
      // Nothing more comes, although more was there: it grew too old meanwhile.
      if (left === before) return
    }
  },
  Effect.scoped
)
