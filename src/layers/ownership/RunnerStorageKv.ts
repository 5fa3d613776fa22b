import { JetStreamApiError, jetstreamManager, StorageType } from "@nats-io/jetstream"
import type { KV, KvEntry } from "@nats-io/kv"
import type { NatsConnection } from "@nats-io/transport-node"
import { Effect, Layer, Schema } from "effect"
import { PersistenceError } from "effect/cluster/ClusterError"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import { makeBucket } from "../nats/Bucket.ts"
import { NatsClient } from "../nats/NatsClient.ts"

/** The bucket of the leases. */
export interface LeaseBucket {
  readonly name: string
  /** A lease that is not renewed within it is anybody's, ms. */
  readonly ttlMs: number
  /** Copies of the bucket. */
  readonly replicas: number
}

const RunnerEntry = Schema.fromJsonString(Schema.Struct({ runner: Schema.String, healthy: Schema.Boolean }))
type RunnerEntry = typeof RunnerEntry.Type
const encodeRunner = Schema.encodeSync(RunnerEntry)
const decodeRunner = Schema.decodeSync(RunnerEntry)

/** Somebody else wrote first: codes 10071 and, of newer servers, 10164. */
const isTaken = (cause: unknown): boolean => cause instanceof JetStreamApiError && [10071, 10164].includes(cause.code)

const runnersUnder = "runner."
/** Keys are tokens of a subject. */
const runnerKey = (address: string): string => `${runnersUnder}${Buffer.from(address).toString("base64url")}`
const shardKey = (shard: string): string => `shard.${shard.replaceAll(/[^\w-]/g, "_")}`

/** The value of a key, unless it is deleted or expired. */
const valueOf = (entry: KvEntry | null): KvEntry | undefined => entry?.operation === "PUT" ? entry : undefined

/** The keys of all runners, by the stream's own word: `KV.keys` would make a consumer each time. */
const runnerKeys = async ({ name }: LeaseBucket, connection: NatsConnection): Promise<ReadonlyArray<string>> => {
  const under = `$KV.${name}.`
  const { streams } = await jetstreamManager(connection, { checkAPI: false })
  const { state } = await streams.info(`KV_${name}`, { subjects_filter: `${under}${runnersUnder}>` })
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(under.length))
}

/** The bucket; a failure is the cluster's own error. */
const makeLeaseBucket = ({ name, replicas, ttlMs }: LeaseBucket, connection: NatsConnection) => {
  const options = { ttl: ttlMs, history: 1, storage: StorageType.File, replicas }
  const use = makeBucket({ name, options }, connection)
  return <A>(act: (kv: KV) => Promise<A>): Effect.Effect<A, PersistenceError> =>
    Effect.tryPromise({ try: () => use(act), catch: (cause) => new PersistenceError({ cause }) })
}

/** The leases this replica holds, by revision: who writes with the last one renews, nobody else can. */
const makeLeases = () => {
  // One a shard at most.
  const held = new Map<string, number>()

  const write = async (shard: string, put: () => Promise<number>, mine: () => Promise<number | undefined>) => {
    try {
      held.set(shard, await put())
      return true
    } catch (cause) {
      if (!isTaken(cause)) throw cause
      // The server may have taken an earlier write whose answer was lost.
      const revision = await mine()
      if (revision === undefined) held.delete(shard)
      else held.set(shard, revision)
      return revision !== undefined
    }
  }

  const revisionOf = async (kv: KV, address: string, shard: string): Promise<number | undefined> => {
    const entry = valueOf(await kv.get(shardKey(shard)))
    return entry?.string() === address ? entry.revision : undefined
  }

  return {
    held,
    acquire: (kv: KV, address: string, shard: string): Promise<boolean> =>
      write(shard, () => kv.create(shardKey(shard), address), () => revisionOf(kv, address, shard)),
    renew: async (kv: KV, address: string, shard: string): Promise<boolean> => {
      const revision = held.get(shard)
      return revision !== undefined &&
        write(shard, () => kv.update(shardKey(shard), address, revision), () => revisionOf(kv, address, shard))
    },
    release: async (kv: KV, address: string, shard: string): Promise<void> => {
      const revision = held.get(shard)
      held.delete(shard)
      if (revision === undefined) return
      const remove = (previousSeq: number) => kv.delete(shardKey(shard), { previousSeq })
      try {
        await remove(revision)
      } catch (cause) {
        if (!isTaken(cause)) throw cause
        const renewed = await revisionOf(kv, address, shard)
        if (renewed !== undefined) await remove(renewed)
      }
    }
  }
}

const make = (bucket: LeaseBucket, connection: NatsConnection) => {
  const withBucket = makeLeaseBucket(bucket, connection)
  const leases = makeLeases()
  let self: { readonly key: string; readonly entry: RunnerEntry } | undefined

  const announce = (kv: KV): Promise<unknown> =>
    self === undefined ? kv.status() : kv.put(self.key, encodeRunner(self.entry))

  const each = async (shards: ReadonlyArray<string>, act: (shard: string) => Promise<boolean>) => {
    const done = await Promise.all(shards.map(async (shard) => (await act(shard)) ? [shard] : []))
    return done.flat()
  }

  return RunnerStorage.makeEncoded({
    getRunners: withBucket(async (kv) => {
      const keys = await runnerKeys(bucket, connection)
      const entries = await Promise.all(keys.map(async (key) => valueOf(await kv.get(key))))
      return entries.flatMap((entry) => {
        if (entry === undefined) return []
        const { healthy, runner } = decodeRunner(entry.string())
        return [[runner, healthy] as const]
      })
    }),
    register: (address, runner, healthy) =>
      withBucket(async (kv) => {
        self = { key: runnerKey(address), entry: { runner, healthy } }
        // A machine's id has ten bits; nothing here is named by it.
        return (await kv.put(self.key, encodeRunner(self.entry))) % 1024
      }),
    unregister: (address) =>
      withBucket(async (kv) => {
        self = undefined
        await kv.delete(runnerKey(address))
      }),
    setRunnerHealth: (address, healthy) =>
      withBucket(async (kv) => {
        const entry = valueOf(await kv.get(runnerKey(address)))
        if (entry === undefined) return
        await kv.put(runnerKey(address), encodeRunner({ ...decodeRunner(entry.string()), healthy }))
      }),
    acquire: (address, shards) => withBucket((kv) => each(shards, (shard) => leases.acquire(kv, address, shard))),
    refresh: (address, shards) =>
      withBucket(async (kv) => {
        await announce(kv)
        return each(shards, (shard) => leases.renew(kv, address, shard))
      }),
    release: (address, shard) => withBucket((kv) => leases.release(kv, address, shard)),
    releaseAll: (address) =>
      withBucket(async (kv) => {
        await Promise.all([...leases.held.keys()].map((shard) => leases.release(kv, address, shard)))
      })
  })
}

/** Runners and the leases of their shards in a bucket whose keys expire: no other store, no engine of our own. */
export const layer = (bucket: LeaseBucket): Layer.Layer<RunnerStorage.RunnerStorage, never, NatsClient> =>
  Layer.effect(RunnerStorage.RunnerStorage, Effect.map(NatsClient, (connection) => make(bucket, connection)))
