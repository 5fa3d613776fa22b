import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { type Partition, partitionOfToken, partitionsOf } from "../../../src/domain/ownership/Partition.ts"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import * as OwnershipCluster from "../../../src/layers/ownership/OwnershipCluster.ts"
import { Ownership } from "../../../src/services/ownership/Ownership.ts"
import { eventually } from "../../support/eventually.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { natsSettings } from "../../support/natsSettings.ts"

const count = 32
const server = Layer.unwrap(
  Effect.sync(() => NatsServer.layerWith(["-js", "-sd", mkdtempSync(join(tmpdir(), "llm-bot-jetstream-"))]))
)
const world = Layer.provideMerge(server, Logger.layer([]))

/** What happened to a partition. */
interface Change {
  readonly replica: string
  readonly partition: Partition
  readonly what: "opened" | "closed"
}

/** Starts a replica, which notes what it tends; `stop` is its end. */
const startReplica = Effect.fnUntraced(function*(replica: string, changes: Array<Change>) {
  const { url } = yield* NatsServer
  const settings = natsSettings({ servers: [url], jetstream: { enabled: true } })
  const scope = yield* Scope.fork(yield* Effect.scope)
  const note = (partition: Partition, what: Change["what"]) =>
    Effect.sync(() => void changes.push({ replica, partition, what }))
  const tend = (partition: Partition) =>
    Effect.acquireRelease(note(partition, "opened"), () =>
      // What closes takes its time, and the partition waits for it.
      Effect.andThen(Effect.sleep("50 millis"), note(partition, "closed")))
  const services = yield* Layer.buildWithScope(
    OwnershipCluster.layer(settings.jetstream).pipe(Layer.provide(NatsConnection.layer(settings))),
    scope
  )
  const ownership = Context.get(services, Ownership)
  yield* Scope.provide(ownership.tend(tend), scope)
  return { owned: ownership.owned, stop: Scope.close(scope, Exit.void) }
})

/** Who has each partition open, by what was noted; a partition that two have open at once is a defect. */
const owners = (changes: ReadonlyArray<Change>): ReadonlyMap<Partition, string> => {
  const open = new Map<Partition, string>()
  for (const { partition, replica, what } of changes) {
    if (what === "opened") {
      assert.isUndefined(open.get(partition), `partition ${partition} is opened by ${replica} and still open`)
      open.set(partition, replica)
    } else open.delete(partition)
  }
  return open
}

const shares = (changes: ReadonlyArray<Change>): ReadonlyArray<number> => {
  const open = owners(changes)
  const names = [...new Set(open.values())]
  return names.map((name) => [...open.values()].filter((owner) => owner === name).length)
}

/** Waits until so many replicas have all partitions, each its even share at least. */
const sharedBy = (changes: ReadonlyArray<Change>, replicas: number) =>
  eventually(
    `shared by ${replicas}`,
    Effect.sync(() => shares(changes)),
    (now) =>
      now.length === replicas && now.reduce((sum, share) => sum + share, 0) === count &&
      now.every((share) => share >= Math.floor(count / replicas))
  )

describe("ownership in a cluster", () => {
  it.live(
    "is evenly shared, moves when replicas come and go, and no two ever have the same",
    () =>
      Effect.gen(function*() {
        const changes: Array<Change> = []
        const a = yield* startReplica("a", changes)
        yield* sharedBy(changes, 1)
        assert.sameMembers([...yield* a.owned], [...partitionsOf(count)])
        const b = yield* startReplica("b", changes)
        yield* sharedBy(changes, 2)
        yield* startReplica("c", changes)
        yield* sharedBy(changes, 3)
        yield* a.stop
        yield* sharedBy(changes, 2)
        yield* b.stop
        yield* sharedBy(changes, 1)
        const opened = changes.filter(({ what }) => what === "opened").length
        assert.strictEqual(opened - changes.filter(({ what }) => what === "closed").length, count)
      }).pipe(Effect.scoped, Effect.provide(world)),
    60_000
  )

  it.live("is had again after the bucket was deleted", () =>
    Effect.gen(function*() {
      const changes: Array<Change> = []
      const { url } = yield* NatsServer
      yield* startReplica("a", changes)
      yield* sharedBy(changes, 1)
      const nc = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: url })),
        (open) => Effect.promise(() => open.close())
      )
      const manager = yield* Effect.promise(() => jetstreamManager(nc))
      yield* Effect.promise(() => manager.streams.delete("KV_llmbot_LEASES"))
      yield* eventually(
        "all given up",
        Effect.sync(() => changes.filter(({ what }) => what === "closed").length),
        (closed) => closed >= count
      )
      yield* sharedBy(changes, 1)
    }).pipe(Effect.scoped, Effect.provide(world)), 60_000)

  it.live("has a channel in the partition that the server would put it in", () =>
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      const nc = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: url })),
        (open) => Effect.promise(() => open.close())
      )
      const manager = yield* Effect.promise(() => jetstreamManager(nc))
      yield* Effect.promise(() =>
        manager.streams.add({
          name: "PARTED",
          subjects: ["room.*"],
          republish: { src: "room.*", dest: `parted.{{partition(${count},1)}}.{{wildcard(1)}}` }
        })
      )
      const seen: Array<string> = []
      nc.subscribe("parted.>", { callback: (_, { subject }) => void seen.push(subject) })
      const rooms = Array.from({ length: 200 }, (_, n) => `room-${n}_x`)
      for (const room of rooms) nc.publish(`room.${room}`)
      yield* eventually("all republished", Effect.sync(() => seen.length), (length) => length === rooms.length)
      assert.sameMembers(seen, rooms.map((room) => `parted.${partitionOfToken(room, count)}.${room}`))
    }).pipe(Effect.scoped, Effect.provide(world)))
})
