import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Scheduler } from "effect"
import { makeSettlingScheduler } from "../../../src/layers/time/SettlingScheduler.ts"

const steps = (count: number) => Effect.repeat(Effect.yieldNow, { times: count })

describe("a scheduler that settles", () => {
  it("runs nothing before it is told to, then all until all wait", () => {
    const { scheduler, settle } = makeSettlingScheduler()
    const done: Array<string> = []
    const note = (what: string) => Effect.sync(() => void done.push(what))
    const program = Effect.gen(function*() {
      const handed = yield* Deferred.make<string>()
      yield* Effect.forkChild(Effect.flatMap(Deferred.await(handed), note))
      yield* Effect.forkChild(steps(500).pipe(Effect.andThen(note("long"))))
      yield* steps(100)
      yield* Deferred.succeed(handed, "short")
      yield* note("first")
      return yield* Effect.never
    })
    Effect.runFork(program, { scheduler })
    assert.deepStrictEqual(done, [])
    settle()
    assert.deepStrictEqual(done, ["short", "first", "long"])
  })

  it.live("those who wait for it go on one after the other, when all others wait", () => {
    const { scheduler, settled } = makeSettlingScheduler((round) => void setImmediate(round))
    const done: Array<string> = []
    const note = (what: string) => Effect.sync(() => void done.push(what))
    return Effect.gen(function*() {
      yield* Effect.forkChild(Effect.andThen(steps(300), note("long")))
      const clock = (name: string) => Effect.andThen(settled, Effect.andThen(steps(50), note(name)))
      yield* Effect.all([clock("one"), clock("other")], { concurrency: 2 })
      assert.deepStrictEqual(done, ["long", "one", "other"])
    }).pipe(Effect.provideService(Scheduler.Scheduler, scheduler))
  })

  it.live("who is interrupted while waiting is not called any more", () => {
    const { scheduler, settled } = makeSettlingScheduler((round) => void setImmediate(round))
    return Effect.gen(function*() {
      const gone = yield* Effect.timeoutOption(Effect.andThen(settled, Effect.never), 0)
      assert.strictEqual(gone._tag, "None")
      yield* settled
    }).pipe(Effect.provideService(Scheduler.Scheduler, scheduler))
  })
})
