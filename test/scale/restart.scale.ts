import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { LlmDouble, promptOf } from "../support/LlmDouble.ts"
import { unlimited } from "../support/unlimited.ts"
import { count, report, settled, shared, unacknowledged, world } from "./support/Cluster.ts"
import { channels } from "./support/Load.ts"
import { startReplica } from "./support/Replica.ts"
import { Rooms } from "./support/Rooms.ts"
import { within } from "./support/within.ts"

const [room = ""] = channels
/** Lines while nobody listens. */
const lines = 1_000
/** One in so many of them asks. */
const oneIn = 20

describe("a bot that is stopped and started", () => {
  it.live("handles what was said meanwhile: nothing lost, nothing answered late, the context is there", () =>
    Effect.gen(function*() {
      const { ask, flushed, questions, say } = yield* Rooms
      const llm = yield* LlmDouble
      // However few rooms there are, what was said before the stop is still among the lines.
      const remembers = { context_window: { size: 200 } }
      const before = yield* startReplica("before", remembers)
      yield* shared([before])
      say(room, "the lighthouse keeper wears a green hat")
      ask(room)
      yield* settled(questions)
      assert.strictEqual(yield* before.end("SIGTERM"), 0)

      // Half of the questions are too old to answer when the bot is back.
      const known = questions().length
      for (let n = 0; n < lines; n++) {
        const at = channels[n % channels.length] ?? ""
        const turn = Math.floor(n / oneIn)
        if (n % oneIn === 0) ask(at, turn % 2 === 0 ? {} : { ageMs: 120_000 })
        else say(at, `line ${n} while the bot is away`)
      }
      yield* flushed
      const asked = () => questions().slice(known)
      const fresh = () => asked().filter((_, n) => n % 2 === 0)
      const late = () => asked().filter((_, n) => n % 2 === 1)

      const after = yield* startReplica("after", remembers)
      yield* shared([after])
      const answered = yield* settled(fresh)
      const left = yield* within(60, "all acknowledged", unacknowledged(), (open) => open === 0)
      const answeredLate = late().filter(({ replies }) => replies.length > 0).length
      ask(room)
      yield* settled(questions, 10)
      const prompt = (yield* llm.calls).map(promptOf).at(-1) ?? ""
      report("stopped and started", {
        "lines meanwhile": lines,
        ...answered,
        "answered late": answeredLate,
        unacknowledged: left,
        "known from before": prompt.includes("green hat")
      })
      assert.deepStrictEqual({ ...answered, asked: 0, answeredLate }, {
        asked: 0,
        lost: 0,
        doubled: 0,
        answeredLate: 0
      })
      assert.include(prompt, "green hat")
      assert.include(prompt, "while the bot is away")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.live("does not begin its limits anew", () =>
    Effect.gen(function*() {
      const { ask, questions } = yield* Rooms
      const limited = {
        rate_limits: { ...unlimited, max_per_channel_per_minute: 3, max_user_share: null, max_private_share: null }
      }
      const before = yield* startReplica("before", limited)
      yield* shared([before])
      for (let n = 0; n < 3; n++) {
        ask(room)
        yield* within(20, "a reply", Effect.sync(() => count(questions()).lost), (lost) => lost === 0)
      }
      yield* before.end("SIGKILL")
      const after = yield* startReplica("after", limited)
      yield* shared([after])
      for (let n = 0; n < 5; n++) ask(room)
      yield* within(60, "all acknowledged", unacknowledged(), (open) => open === 0)
      yield* Effect.sleep("3 seconds")
      const replies = questions().flatMap((question) => question.replies).toSorted((a, b) => a - b)
      const inOneMinute = replies.filter((at) => at - (replies[0] ?? 0) < 60_000).length
      report("limits after kill -9", { "replies in a minute": inOneMinute, limit: 3 })
      assert.isAtMost(inOneMinute, 3)
    }).pipe(Effect.scoped, Effect.provide(world)))
})
