import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { NatsServer } from "../support/NatsServer.ts"
import { modelMs, roomsOf, shared, world } from "./support/Cluster.ts"
import { type Load, startLoad } from "./support/Load.ts"
import { nothingLost } from "./support/nothingLost.ts"
import { type Replica, startReplica } from "./support/Replica.ts"
import { type Question, Rooms } from "./support/Rooms.ts"
import { within } from "./support/within.ts"

/** Three replicas, their shares taken, and load on all rooms. */
interface UnderLoad {
  readonly replicas: readonly [Replica, Replica, Replica]
  readonly load: Load
}

const startThree = Effect.gen(function*() {
  const replicas = yield* Effect.all([startReplica("a"), startReplica("b"), startReplica("c")], {
    concurrency: "unbounded"
  })
  yield* shared(replicas)
  const load = yield* startLoad
  yield* Effect.sleep("3 seconds")
  return { replicas, load } satisfies UnderLoad
})

/** One question in each of the rooms, now. */
const askIn = (rooms: ReadonlyArray<string>) =>
  Rooms.use(({ ask }) => Effect.sync(() => rooms.map((room) => ask(room))))

/** Waits for the replies; how long each took, without the model, sorted, ms. */
const repliesTo = Effect.fnUntraced(function*(questions: ReadonlyArray<Question>) {
  yield* within(
    30,
    "a reply in each room",
    Effect.sync(() => questions.filter(({ replies }) => replies.length === 0).length),
    (left) => left === 0
  )
  return questions.map(({ askedAt, replies: [first = Infinity] }) => first - askedAt - modelMs).toSorted((a, b) =>
    a - b
  )
})

const quantile = (sorted: ReadonlyArray<number>, part: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)

describe("three replicas under load", () => {
  it.live("one is killed: nothing lost or doubled, its rooms are handled elsewhere within 5 s", () =>
    Effect.gen(function*() {
      const { load, replicas: [victim, b, c] } = yield* startThree
      const rooms = yield* roomsOf(victim)
      yield* victim.end("SIGKILL")
      const times = yield* repliesTo(yield* askIn(rooms))
      yield* shared([b, c])
      yield* nothingLost("kill -9", load, {
        "its rooms": rooms.length,
        "p50 ms": quantile(times, 0.5),
        "max ms": quantile(times, 1)
      })
      assert.isAtMost(quantile(times, 1), 5_000)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("one is stopped: within 2 s", () =>
    Effect.gen(function*() {
      const { load, replicas: [victim, b, c] } = yield* startThree
      const rooms = yield* roomsOf(victim)
      yield* Effect.forkChild(victim.end("SIGTERM"))
      const times = yield* repliesTo(yield* askIn(rooms))
      yield* shared([b, c])
      yield* nothingLost("SIGTERM", load, {
        "its rooms": rooms.length,
        "p50 ms": quantile(times, 0.5),
        "max ms": quantile(times, 1)
      })
      assert.isAtMost(quantile(times, 1), 2_000)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("one is frozen for 8 s and wakes: nothing doubled", () =>
    Effect.gen(function*() {
      const { load, replicas } = yield* startThree
      const [victim] = replicas
      const rooms = yield* roomsOf(victim)
      yield* victim.program.signal("SIGSTOP")
      yield* Effect.sleep("8 seconds")
      yield* victim.program.signal("SIGCONT")
      yield* Effect.sleep("2 seconds")
      yield* shared(replicas)
      yield* nothingLost("frozen 8 s", load, { "its rooms": rooms.length })
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("the server is killed and back after 8 s: all recover, nothing doubled", () =>
    Effect.gen(function*() {
      const server = yield* NatsServer
      const { ask, flushed } = yield* Rooms
      const { load, replicas } = yield* startThree
      // What the bridge publishes while the server is away is lost there.
      yield* load.stop
      yield* server.kill
      yield* Effect.sleep("8 seconds")
      yield* server.restart
      yield* within(20, "the bridge is back", Effect.timeoutOption(flushed, "1 second"), ({ _tag }) => _tag === "Some")
      const again = yield* startLoad
      yield* shared(replicas)
      yield* Effect.sleep("3 seconds")
      ask("room0")
      yield* nothingLost("server away 8 s", again)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("all are restarted, one after the other: nothing lost or doubled", () =>
    Effect.gen(function*() {
      const { load, replicas } = yield* startThree
      const renewed: Array<Replica> = [...replicas]
      for (const [index, old] of replicas.entries()) {
        const code = yield* old.end("SIGTERM")
        assert.strictEqual(code, 0)
        renewed[index] = yield* startReplica(`${old.name}2`)
        yield* shared(renewed)
      }
      yield* nothingLost("rolling restart", load)
    }).pipe(Effect.scoped, Effect.provide(world)))
})
