import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { NatsServer } from "../support/NatsServer.ts"
import { report, settled, shared, world } from "./support/Cluster.ts"
import { startLoad } from "./support/Load.ts"
import { startReplica } from "./support/Replica.ts"
import { Rooms } from "./support/Rooms.ts"
import { within } from "./support/within.ts"

const withManager = <A>(use: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<A>) =>
  Effect.flatMap(NatsServer, ({ url }) =>
    Effect.acquireUseRelease(
      Effect.promise(() => connect({ servers: url.replace("nats://", "") })),
      (client) => Effect.promise(async () => use(await jetstreamManager(client))),
      (client) => Effect.promise(() => client.close())
    ))

const consumers = withManager(async (manager) => {
  let found = 0
  for await (const _ of manager.consumers.list("llmbot_IN")) found++
  return found
})

/** How many requests for events wait at the server: one a consumer, and none of a replica that has left. */
const asking = withManager(async (manager) => {
  let found = 0
  for await (const { num_waiting } of manager.consumers.list("llmbot_IN")) found += num_waiting
  return found
})

/** A number of a process's `/metrics`. */
const value = (metrics: string, series: string): number => {
  const line = metrics.split("\n").find((text) => text.startsWith(`${series} `))
  if (line === undefined) throw new Error(`no ${series} in /metrics`)
  return Number(line.split(" ")[1])
}

describe("recovery", () => {
  it.live("streams that are deleted under running bots are made again, and the log says so", () =>
    Effect.gen(function*() {
      const { ask, questions } = yield* Rooms
      const replicas = yield* Effect.all([startReplica("a"), startReplica("b")], { concurrency: "unbounded" })
      yield* shared(replicas)
      ask("room0")
      yield* settled(questions)
      yield* withManager(async (manager) => {
        for await (const name of manager.streams.names()) await manager.streams.delete(name)
      })
      yield* shared(replicas)
      yield* within(
        60,
        "a reply again",
        Effect.sync(() => {
          ask("room0")
          return questions().slice(1).some(({ replies }) => replies.length > 0)
        }).pipe(Effect.delay("500 millis")),
        (answered) => answered
      )
      const logs = (yield* Effect.forEach(replicas, ({ program }) => program.logs)).flat()
      const told = logs.filter(({ message }) => /[Ss]tream/.test(String(message)))
      report("streams deleted", {
        "lines in the log": [...new Set(told.map(({ message }) => String(message)))].join(" | ")
      })
      assert.isNotEmpty(told)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("ten changes of ownership in a row leave nothing behind", () =>
    Effect.gen(function*() {
      const { questions } = yield* Rooms
      const stays = yield* startReplica("stays")
      yield* shared([stays])
      const load = yield* startLoad
      const facts = Effect.gen(function*() {
        const metrics = yield* stays.metrics
        return {
          consumers: yield* consumers,
          partitions: value(metrics, "partitions_owned"),
          channels: value(metrics, "active_channels")
        }
      })
      const before = yield* facts
      const askingBefore = yield* asking
      for (let n = 0; n < 5; n++) {
        const other = yield* startReplica(`guest${n}`)
        yield* shared([stays, other])
        yield* other.end("SIGTERM")
        yield* shared([stays])
      }
      // The server lets go of a reader that was broken off within 10 s.
      yield* within(20, `${before.consumers} consumers`, consumers, (now) => now <= before.consumers)
      const after = yield* facts
      yield* load.stop
      const askingAfter = yield* within(20, `${askingBefore} requests for events`, asking, (now) => now <= askingBefore)
      const counted = yield* settled(questions)
      report("ten changes of ownership", {
        ...counted,
        "consumers before": before.consumers,
        "after": after.consumers,
        "rooms before": before.channels,
        "rooms after": after.channels,
        "requests for events before": askingBefore,
        "and after": askingAfter
      })
      assert.deepStrictEqual({ ...counted, asked: 0 }, { asked: 0, lost: 0, doubled: 0 })
      assert.deepStrictEqual(after, before)
    }).pipe(Effect.scoped, Effect.provide(world)))
})
