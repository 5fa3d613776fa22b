import { StorageType } from "@nats-io/jetstream"
import type { KV, KvEntry } from "@nats-io/kv"
import { Effect, Layer, Option, Result, Schema } from "effect"
import type { JetStreamSettings } from "../../domain/settings/JetStreamSettings.ts"
import { StateName, StateStore, StateUnreadable, StateUnsaved } from "../../services/state/StateStore.ts"
import { makeBucket } from "../nats/Bucket.ts"
import { NatsClient } from "../nats/NatsClient.ts"
import { detailOf } from "../nats/NatsFaults.ts"
import { makeSavingLog } from "./SavingLog.ts"

/** What all values may take, bytes: they are small and few. */
const mostBytes = 16 * 1024 * 1024

const isName = Schema.is(StateName)
/** Where a value is put aside: no name has a slash. */
const asideOf = (name: StateName): string => `${name}/bad`

const bytesOf = new TextEncoder()
const parse = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

/** The entry of a key, unless there is none any more. */
const entryOf = async (kv: KV, key: string): Promise<KvEntry | undefined> => {
  const entry = await kv.get(key)
  return entry?.operation === "PUT" ? entry : undefined
}

const keysOf = async (kv: KV): Promise<ReadonlyArray<string>> => {
  const keys: Array<string> = []
  for await (const key of await kv.keys()) keys.push(key)
  return keys
}

/**
 * Keeps values in a bucket that all replicas share, each under its name (N2, F13). Who wrote last wins: a value is for
 * whoever owns what it is about. The bucket is made when it is first needed.
 */
export const layer = ({ prefix, replicas }: JetStreamSettings): Layer.Layer<StateStore, never, NatsClient> =>
  Layer.effect(
    StateStore,
    Effect.gen(function*() {
      const name = `${prefix}_STATE`
      const options = { history: 1, storage: StorageType.File, replicas, max_bytes: mostBytes }
      const withBucket = makeBucket({ name, options }, yield* NatsClient)
      const log = makeSavingLog(`the bucket ${name}`)

      const writing = (act: (kv: KV) => Promise<unknown>): Effect.Effect<void, StateUnsaved> =>
        Effect.tryPromise({
          try: () => withBucket(act),
          catch: (cause) => new StateUnsaved({ detail: detailOf(cause) })
        }).pipe(
          Effect.tapError(({ detail }) => log.failed(detail)),
          Effect.andThen(log.saved),
          Effect.annotateLogs({ logger: "State" })
        )
      const reading = <A>(act: (kv: KV) => Promise<A>): Effect.Effect<A, StateUnreadable> =>
        Effect.tryPromise({
          try: () => withBucket(act),
          catch: (cause) => new StateUnreadable({ detail: `the bucket ${name}: ${detailOf(cause)}` })
        })

      const putAside = (key: StateName, why: string): Effect.Effect<void> => {
        const move = async (kv: KV) => {
          const entry = await entryOf(kv, key)
          if (entry === undefined) return
          await kv.put(asideOf(key), entry.value)
          // What another replica wrote meanwhile stays.
          await kv.delete(key, { previousSeq: entry.revision })
        }
        return writing(move).pipe(
          Effect.andThen(
            Effect.logWarning(`${key} in ${name} is not used: ${why}; it is kept as ${asideOf(key)}`)
          ),
          Effect.catch(() => Effect.logWarning(`${key} in ${name} is not used: ${why}`)),
          Effect.annotateLogs({ logger: "State" })
        )
      }

      const load = Effect.fnUntraced(function*(key: StateName) {
        const entry = yield* reading((kv) => entryOf(kv, key))
        if (entry === undefined) return Option.none()
        const value = parse(entry.string())
        if (Result.isSuccess(value)) return Option.some(value.success)
        yield* putAside(key, "it is no JSON")
        return Option.none()
      })

      return StateStore.of({
        reach: "replicas",
        load,
        save: (key, value) => writing((kv) => kv.put(key, bytesOf.encode(JSON.stringify(value)))),
        remove: (key) => writing((kv) => kv.delete(key)),
        names: Effect.map(reading(keysOf), (keys) => keys.filter(isName)),
        putAside
      })
    })
  )
