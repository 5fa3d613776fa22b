import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { Duration, Effect, Layer, Option, Stream, SubscriptionRef } from "effect"
import * as EntityId from "effect/cluster/EntityId"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import { type Partition, partitionsOf } from "../../domain/ownership/Partition.ts"
import type { JetStreamSettings } from "../../domain/settings/JetStreamSettings.ts"
import { Ownership, type Tend } from "../../services/ownership/Ownership.ts"
import { makeMeter } from "../../services/telemetry/Metrics.ts"
import type { NatsClient } from "../nats/NatsClient.ts"
import * as RunnerStorageKv from "./RunnerStorageKv.ts"

const shardGroup = "default"
/** How often the replicas are counted. */
const refreshAssignments = "500 millis"
/** Changes of ownership come in bursts: one line tells of all that come within it. */
const settled = "1 second"

/** A name for a partition's singleton that lands in the shard of the same number: the cluster spreads shards evenly. */
const nameOf = (sharding: Sharding.Sharding["Service"], partition: Partition): string => {
  for (let salt = 0;; salt++) {
    const name = `partition/${partition}/${salt}`
    if (sharding.getShardId(EntityId.make(name), shardGroup).id === partition + 1) return name
  }
}

const make = Effect.fnUntraced(function*(count: number) {
  const sharding = yield* Sharding.Sharding
  const owned = yield* SubscriptionRef.make<ReadonlySet<Partition>>(new Set())
  const meter = yield* makeMeter
  const gain = (partition: Partition) =>
    SubscriptionRef.update(owned, (before) => {
      meter.count("ownershipChanges", { change: "gained" })
      return new Set([...before, partition])
    })
  const lose = (partition: Partition) =>
    SubscriptionRef.update(owned, (before) => {
      meter.count("ownershipChanges", { change: "lost" })
      return new Set([...before].filter((other) => other !== partition))
    })

  yield* SubscriptionRef.changes(owned).pipe(
    Stream.drop(1),
    Stream.debounce(settled),
    Stream.runForEach(({ size }) =>
      Effect.logInfo("Ownership changed").pipe(Effect.annotateLogs({ partitions_owned: size, partitions: count }))
    ),
    Effect.forkScoped
  )

  const tendWhileOwned = (partition: Partition, tend: Tend) =>
    Effect.andThen(Effect.acquireRelease(gain(partition), () => lose(partition)), tend(partition)).pipe(
      Effect.tapDefect((defect) => Effect.logError("A partition's channels did not open", defect))
    )

  return Ownership.of({
    count,
    shared: true,
    tend: (tend) =>
      Effect.forEach(
        partitionsOf(count),
        (partition) => sharding.registerSingleton(nameOf(sharding, partition), tendWhileOwned(partition, tend)),
        { discard: true }
      ),
    owned: Effect.map(SubscriptionRef.get(owned), (now) => [...now])
  })
})

const sharding = ({ lease_seconds, partitions, prefix, replicas }: JetStreamSettings) => {
  const lease = Duration.seconds(lease_seconds)
  const address = RunnerAddress.make(`${hostname()}.${randomUUID()}`, 1)
  return Sharding.layer.pipe(
    Layer.provide(Runners.layerNoop),
    Layer.provide(MessageStorage.layerNoop),
    Layer.provide(RunnerHealth.layerNoop),
    Layer.provide(RunnerStorageKv.layer({ name: `${prefix}_LEASES`, ttlMs: Duration.toMillis(lease), replicas })),
    Layer.provide(ShardingConfig.layer({
      runnerAddress: Option.some(address),
      shardsPerGroup: partitions,
      shardLockExpiration: lease,
      shardLockRefreshInterval: Duration.divideUnsafe(lease, 3),
      refreshAssignmentsInterval: refreshAssignments,
      entityMessagePollInterval: refreshAssignments
    }))
  )
}

/** Partitions spread over all replicas of the prefix: each is a singleton of the cluster, leased in a bucket (N2). */
export const layer = (settings: JetStreamSettings): Layer.Layer<Ownership, never, NatsClient> =>
  Layer.effect(Ownership, make(settings.partitions).pipe(Effect.annotateLogs({ logger: "Ownership" }))).pipe(
    Layer.provide(sharding(settings))
  )
