import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { unlimited } from "../support/unlimited.ts"
import { report, shared, world } from "./support/Cluster.ts"
import { channels } from "./support/Load.ts"
import { startReplica } from "./support/Replica.ts"
import { Rooms } from "./support/Rooms.ts"

const minuteMs = 60_000

/** The most of the moments that lie within one minute. */
const mostInAMinute = (moments: ReadonlyArray<number>): number =>
  Math.max(0, ...moments.map((end) => moments.filter((at) => at > end - minuteMs && at <= end).length))

describe("limits across replicas", () => {
  it.live("a person who floods rooms of different replicas gets no more than the limit", () =>
    Effect.gen(function*() {
      const limit = 5
      const { ask, questions } = yield* Rooms
      const limited = {
        rate_limits: { ...unlimited, max_per_user_per_minute: limit, max_user_share: null, max_private_share: null }
      }
      const replicas = yield* Effect.all([
        startReplica("a", limited),
        startReplica("b", limited),
        startReplica("c", limited)
      ], {
        concurrency: "unbounded"
      })
      yield* shared(replicas)
      for (let turn = 0; turn < 10; turn++) {
        for (const channel of channels.slice(0, 20)) ask(channel, { user: "mallory" })
        yield* Effect.sleep("500 millis")
      }
      yield* Effect.sleep("5 seconds")
      const replies = questions().flatMap((question) => question.replies)
      report("one person floods", {
        asked: questions().length,
        replies: replies.length,
        limit,
        "most in a minute": mostInAMinute(replies)
      })
      assert.isAtMost(mostInAMinute(replies), limit)
      assert.isAbove(replies.length, 0)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("a room hears no more than its limit, also when its owner changes", () =>
    Effect.gen(function*() {
      const limit = 4
      const { ask, spoken } = yield* Rooms
      const limited = {
        rate_limits: { ...unlimited, max_per_channel_per_minute: limit, max_user_share: null, max_private_share: null }
      }
      const a = yield* startReplica("a", limited)
      const b = yield* startReplica("b", limited)
      yield* shared([a, b])
      const flood = Effect.gen(function*() {
        for (let turn = 0; turn < 8; turn++) {
          for (const channel of channels.slice(0, 20)) ask(channel)
          yield* Effect.sleep("500 millis")
        }
      })
      yield* flood
      yield* a.end("SIGKILL")
      yield* shared([b])
      yield* flood
      const c = yield* startReplica("c", limited)
      yield* shared([b, c])
      yield* flood
      yield* Effect.sleep("3 seconds")
      const most = channels.map((channel) =>
        mostInAMinute(spoken().filter((line) => line.channel === channel).map(({ at }) => at))
      )
      report("rooms under flood, owners change twice", {
        rooms: 20,
        commands: spoken().length,
        limit,
        "most in a minute": Math.max(...most)
      })
      assert.isAtMost(Math.max(...most), limit)
      assert.isAbove(spoken().length, 0)
    }).pipe(Effect.scoped, Effect.provide(world)))
})
