import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber } from "effect"
import { monotonicMillis, sleepFully } from "../../src/services/Time.ts"
import { passTo, VirtualTime } from "../support/VirtualTime.ts"

describe("sleepFully", () => {
  for (const earlyMs of [0, 0.4, 0.9]) {
    it.live(`is never short, where timers ring ${earlyMs} ms early`, () =>
      Effect.gen(function*() {
        const clock = yield* Clock.Clock
        const early: Clock.Clock = {
          ...clock,
          sleep: (duration) => clock.sleep(Duration.millis(Duration.toMillis(duration) - earlyMs))
        }
        const began = yield* monotonicMillis
        const slept = yield* sleepFully(250).pipe(
          Effect.andThen(monotonicMillis),
          Effect.provideService(Clock.Clock, early),
          Effect.forkChild
        )
        yield* passTo(10_000)
        const took = (yield* Fiber.join(slept)) - began
        assert.isAtLeast(took, 250 - 0.001)
        assert.isBelow(took, 251)
      }).pipe(Effect.provide(VirtualTime.layer)))
  }
})
