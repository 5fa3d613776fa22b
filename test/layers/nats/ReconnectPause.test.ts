import { assert, describe, it } from "@effect/vitest"
import { makeReconnectPause } from "../../../src/layers/nats/ReconnectPause.ts"

describe("the pause before an attempt to reconnect", () => {
  it("is short while nobody is there, longer each time while the user is refused, and short again after that", () => {
    const pause = makeReconnectPause(() => 0)
    assert.deepStrictEqual([pause.next(), pause.next()], [250, 250])
    const pauses = Array.from({ length: 20 }, () => {
      pause.onRefused()
      return pause.next()
    })
    assert.deepStrictEqual(pauses.slice(0, 8), Array.from({ length: 8 }, () => 250))
    assert.deepStrictEqual(pauses.slice(8, 16), [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    pause.onConnected()
    assert.strictEqual(pause.next(), 250)
  })

  it("is somewhat longer at random", () => {
    assert.strictEqual(makeReconnectPause(() => 0.5).next(), 300)
  })
})
