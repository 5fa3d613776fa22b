import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { AdjustableClock } from "../../../src/layers/time/AdjustableClock.ts"
import { monotonicMillis } from "../../../src/services/Time.ts"

const hour = 3_600_000
const jump = (ms: number) => Effect.flatMap(AdjustableClock, (clock) => clock.jump(ms))

/** Notes what happened, and how many ms after it began. */
const diary = Effect.gen(function*() {
  const began = yield* monotonicMillis
  const entries: Array<readonly [what: string, at: number]> = []
  const note = (what: string) =>
    Effect.map(monotonicMillis, (now) => void entries.push([what, Math.floor((now - began) / 1000) * 1000]))
  return { entries, note }
})

describe("a clock that jumps", () => {
  it.live("moves both clocks on and says what time it is", () =>
    Effect.gen(function*() {
      const [wall, monotonic] = [yield* Clock.currentTimeMillis, yield* monotonicMillis]
      const said = yield* jump(hour)
      assert.approximately(said - wall, hour, 500)
      assert.approximately((yield* Clock.currentTimeMillis) - wall, hour, 500)
      assert.approximately((yield* monotonicMillis) - monotonic, hour, 500)
      assert.approximately(Number((yield* Clock.currentTimeNanos) / 1_000_000n) - wall, hour, 500)
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("waits for a request on its way, so that its answer comes in time", () =>
    Effect.gen(function*() {
      const { entries, note } = yield* diary
      const { outside } = yield* AdjustableClock
      const request = outside(
        Effect.callback<string>((resume) => void setTimeout(resume, 300, Effect.succeed("an answer")))
      )
      const asking = request.pipe(
        Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.succeed("too late") })
      )
      yield* Effect.forkChild(Effect.flatMap(Effect.andThen(Effect.sleep(2000), asking), note), {
        startImmediately: true
      })
      yield* Effect.forkChild(Effect.andThen(Effect.sleep(9000), note("later")), { startImmediately: true })
      yield* jump(60_000)
      assert.deepStrictEqual(entries, [["an answer", 2000], ["later", 9000]])
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("wakes who is due on the way, in order, each at its time", () =>
    Effect.gen(function*() {
      const { entries, note } = yield* diary
      const sleeper = (what: string, ms: number) =>
        Effect.forkChild(Effect.andThen(Effect.sleep(ms), note(what)), { startImmediately: true })
      yield* sleeper("third", 3000)
      yield* sleeper("first", 1000)
      yield* sleeper("second", 2000)
      yield* sleeper("second, too", 2000)
      yield* sleeper("later", 11_000)
      yield* jump(10_000)
      assert.deepStrictEqual(entries, [["first", 1000], ["second", 2000], ["second, too", 2000], ["third", 3000]])
      yield* jump(10_000)
      assert.deepStrictEqual(entries.at(-1), ["later", 11_000])
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("lets those who wake do what they do next before the time of the next", () =>
    Effect.gen(function*() {
      const { entries, note } = yield* diary
      const beats = Effect.sleep(1000).pipe(Effect.andThen(note("beat")), Effect.repeat({ times: 3 }))
      yield* Effect.forkChild(beats, { startImmediately: true })
      const slow = Effect.sleep(2500).pipe(
        Effect.andThen(Effect.yieldNow),
        Effect.andThen(Effect.forkChild(note("child"), { startImmediately: false })),
        Effect.andThen(Effect.sleep(1000)),
        Effect.andThen(note("slow"))
      )
      yield* Effect.forkChild(slow, { startImmediately: true })
      yield* jump(60_000)
      assert.deepStrictEqual(entries, [
        ["beat", 1000],
        ["beat", 2000],
        ["child", 2000],
        ["beat", 3000],
        ["slow", 3000],
        ["beat", 4000]
      ])
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("waits for those who wake however many steps they take before they wait again", () =>
    Effect.gen(function*() {
      const { entries, note } = yield* diary
      const busy = Effect.sleep(1000).pipe(
        Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 1000 })),
        Effect.andThen(note("after a thousand steps"))
      )
      yield* Effect.forkChild(busy, { startImmediately: true })
      yield* Effect.forkChild(Effect.andThen(Effect.sleep(2000), note("later")), { startImmediately: true })
      yield* jump(10_000)
      assert.deepStrictEqual(entries, [["after a thousand steps", 1000], ["later", 2000]])
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("a timeout passes with the jump", () =>
    Effect.gen(function*() {
      const waiting = yield* Effect.forkChild(Effect.timeoutOption(Effect.never, "5 minutes"), {
        startImmediately: true
      })
      yield* jump(hour)
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "None")
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("who slept through it has only the rest to wait", () =>
    Effect.gen(function*() {
      const waiting = yield* Effect.forkChild(Effect.sleep(hour), { startImmediately: true })
      yield* jump(hour - 30)
      const { unmoved } = yield* AdjustableClock
      yield* unmoved(Effect.timeout(Fiber.join(waiting), "2 seconds"))
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("who is interrupted is not woken", () =>
    Effect.gen(function*() {
      const { entries, note } = yield* diary
      const sleeping = yield* Effect.forkChild(Effect.andThen(Effect.sleep(1000), note("woken")), {
        startImmediately: true
      })
      yield* Fiber.interrupt(sleeping)
      yield* jump(hour)
      assert.deepStrictEqual(entries, [])
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("one timer serves all who sleep, and who is interrupted leaves none behind", () =>
    Effect.gen(function*() {
      const timers = Effect.sync(() => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length)
      const before = yield* timers
      const sleeping = yield* Effect.forEach(
        Array.from({ length: 100 }),
        () => Effect.forkChild(Effect.sleep(hour), { startImmediately: true })
      )
      assert.isBelow(yield* timers, before + 50)
      yield* Fiber.interruptAll(sleeping)
      yield* jump(1000)
      assert.isBelow(yield* timers, before + 50)
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("jumps come one after the other", () =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      yield* Effect.forkChild(Effect.forever(Effect.sleep("10 minutes")), { startImmediately: true })
      const said = yield* Effect.all([jump(hour), jump(hour)], { concurrency: "unbounded" })
      assert.deepStrictEqual(said.map((now) => Math.round((now - before) / hour)), [1, 2])
    }).pipe(Effect.provide(AdjustableClock.layer)))

  it.live("what falls due without end does not hold a jump up for ever", () =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      let wakes = 0
      const beat = Effect.andThen(Effect.sleep("1 millis"), Effect.sync(() => wakes++))
      yield* Effect.forkChild(Effect.forever(beat), { startImmediately: true })
      assert.approximately((yield* jump(24 * hour)) - before, 24 * hour, 30_000)
      assert.isAtLeast(wakes, 20_000)
    }).pipe(Effect.provide(AdjustableClock.layer)), 30_000)

  it.live("the world's time does not move", () =>
    Effect.gen(function*() {
      const { unmoved } = yield* AdjustableClock
      const before = yield* unmoved(Clock.currentTimeMillis)
      const resting = yield* Effect.forkChild(unmoved(Effect.sleep(hour)), { startImmediately: true })
      yield* jump(2 * hour)
      assert.approximately((yield* unmoved(Clock.currentTimeMillis)) - before, 0, 1000)
      assert.isUndefined(resting.pollUnsafe())
      yield* Fiber.interrupt(resting)
    }).pipe(Effect.provide(AdjustableClock.layer)))
})
