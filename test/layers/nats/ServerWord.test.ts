import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { makeServerWord } from "../../../src/layers/nats/ServerWord.ts"

/** A connection whose server is slow: its answers come when the test says so. */
const slowServer = () => {
  const asked: Array<PromiseWithResolvers<void>> = []
  return {
    asked,
    flush: () => {
      const answer = Promise.withResolvers<void>()
      asked.push(answer)
      return answer.promise
    }
  }
}

const begin = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

describe("the server's word that it has everything", () => {
  it.live("is asked for at once, and once for all who wait for an answer that is under way", () =>
    Effect.gen(function*() {
      const server = slowServer()
      const word = makeServerWord(server)
      const first = yield* begin(word)
      const others = yield* Effect.all([begin(word), begin(word)])
      assert.strictEqual(server.asked.length, 1)
      server.asked[0]?.resolve()
      yield* Fiber.join(first)
      assert.strictEqual(server.asked.length, 2)
      assert.deepStrictEqual(others.map((fiber) => fiber.pollUnsafe()), [undefined, undefined])
      server.asked[1]?.resolve()
      yield* Fiber.joinAll(others)
      assert.strictEqual(server.asked.length, 2)
    }))

  it.live("fails whoever waits when the connection is lost, and is asked for anew after that", () =>
    Effect.gen(function*() {
      const server = slowServer()
      const word = makeServerWord(server)
      const waiting = yield* Effect.all([begin(Effect.flip(word)), begin(Effect.flip(word))])
      server.asked[0]?.reject(new Error("the socket was closed"))
      const errors = yield* Fiber.joinAll(waiting)
      assert.deepStrictEqual(errors.map(({ detail }) => detail), ["the socket was closed", "the socket was closed"])
      assert.strictEqual(server.asked.length, 1)
      const next = yield* begin(word)
      server.asked[1]?.resolve()
      yield* Fiber.join(next)
    }))

  it.live("fails when it does not come in time; what comes later proves nothing of what was sent meanwhile", () =>
    Effect.gen(function*() {
      const server = slowServer()
      const word = makeServerWord(server, 10)
      assert.include((yield* Effect.flip(word)).detail, "no word from the server within 0.01 seconds")
      const late = yield* Deferred.make<void, unknown>()
      const next = yield* begin(Deferred.into(word, late))
      server.asked[0]?.resolve()
      yield* Effect.promise(() => Promise.resolve(server.asked[0]?.promise))
      assert.isUndefined(next.pollUnsafe())
      server.asked[1]?.resolve()
      assert.deepStrictEqual(yield* Effect.exit(Deferred.await(late)), Exit.void)
    }))
})
