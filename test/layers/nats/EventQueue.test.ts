import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Logger, Metric } from "effect"
import { ChannelName } from "../../../src/domain/Ids.ts"
import type { WireMessage } from "../../../src/domain/wire/Wire.ts"
import { makeEventQueue } from "../../../src/layers/nats/EventQueue.ts"
import { total } from "../../../src/services/telemetry/Metrics.ts"
import { readingOf } from "../../../src/services/Time.ts"

/** A clock on which each look takes 1 ms. */
const slowClock = (real: Clock.Clock): Clock.Clock => {
  let millis = 0n
  return Object.assign(Object.create(real), { monotonicTimeNanosUnsafe: () => ++millis * 1_000_000n })
}

const onSlowClock = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Clock.Clock, (real) => Effect.provideService(effect, Clock.Clock, slowClock(real)))

/** Waits, a turn of the event loop at a time, until something is so. */
const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const look = (): void => {
      if (isSo()) resume(Effect.void)
      else setImmediate(look)
    }
    look()
  })

const channel = ChannelName.make("lobby")

const messageOf = (bytes: number): WireMessage => ({
  subject: "cytube.events.lobby.chatMsg",
  headers: new Map(),
  body: new Uint8Array(bytes)
})

describe("a flood of events", () => {
  it.live("is handled in the order in which it came, a slice in each turn of the event loop", () =>
    onSlowClock(Effect.gen(function*() {
      const queue = yield* makeEventQueue
      const clock = yield* Clock.Clock
      const handled: Array<number> = []
      const slices = new Set<number>()
      let loops = 0
      const loop = setInterval(() => void 0, 1_000)
      const counting = (): void => {
        loops++
        if (handled.length < 1_000) setImmediate(counting)
      }
      setImmediate(counting)
      for (let id = 0; id < 1_000; id++) {
        const handle = (): void => {
          handled.push(id)
          slices.add(loops)
        }
        queue.offer({ channel, isExpendable: () => true, handle }, messageOf(100), readingOf(clock))
      }
      assert.isBelow(handled.length, 20)
      yield* until(() => handled.length === 1_000)
      clearInterval(loop)
      assert.deepStrictEqual(handled, Array.from({ length: 1_000 }, (_, id) => id))
      assert.isAbove(slices.size, 50)
      assert.strictEqual(yield* total("eventsDropped"), 0)
    })).pipe(Effect.provideService(Metric.MetricRegistry, new Map()), Effect.scoped))

  it.live("beyond the bound in bytes drops what cannot trigger, counts it and says so once", () => {
    const lines: Array<unknown> = []
    const logger = Logger.layer([Logger.make(({ message }) => void lines.push(message))])
    return onSlowClock(Effect.gen(function*() {
      const queue = yield* makeEventQueue
      const clock = yield* Clock.Clock
      const handled: Array<number> = []
      for (let id = 0; id < 1_000; id++) {
        const handle = (): void => void handled.push(id)
        queue.offer({ channel, isExpendable: () => id % 50 !== 0, handle }, messageOf(100_000), readingOf(clock))
      }
      const dropped = yield* total("eventsDropped")
      assert.isAbove(dropped, 600)
      yield* until(() => handled.length + dropped === 1_000)
      assert.lengthOf(handled.filter((id) => id % 50 === 0), 20)
      assert.deepStrictEqual(handled, handled.toSorted((one, other) => one - other))
      yield* until(() => lines.length > 1)
      assert.lengthOf(lines, 2)
    })).pipe(Effect.provide(logger), Effect.provideService(Metric.MetricRegistry, new Map()), Effect.scoped)
  })
})
