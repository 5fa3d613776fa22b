import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, HashMap, Layer, Logger, Metric, Option, Result, Schema } from "effect"
import { stringify } from "yaml"
import { channelKey, EntryKey, userKey, Username } from "../../src/domain/Ids.ts"
import type { AdmissionRequest } from "../../src/domain/limits/LimitState.ts"
import { admit, confirm, emptyLimiter, type LimiterState, release } from "../support/Limiter.ts"
import { RateLimits } from "../../src/domain/settings/LimitSettings.ts"
import { TriggerEntry } from "../../src/domain/triggers/TriggerEntry.ts"
import { freshPace } from "../../src/domain/limits/FloodControl.ts"
import { ChannelStates } from "../../src/services/state/ChannelStates.ts"
import { ContextStore } from "../../src/services/state/ContextStore.ts"
import { total } from "../../src/services/telemetry/Metrics.ts"
import { endOf, settingsOf, Simulation } from "../support/Simulation.ts"
import { epoch, passTo, VirtualTime } from "../support/VirtualTime.ts"
import { unlimited } from "../support/unlimited.ts"

/** Simulated time without log lines. */
const quiet = () => Layer.merge(VirtualTime.layer, Logger.layer([]))

const hour = 3_600_000
const day = 24 * hour

const settings = (more: Readonly<Record<string, unknown>> = {}) =>
  settingsOf(stringify({
    nats: { servers: ["nats://memory"] },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
    triggers: [{ type: "mention" }, { type: "pm" }],
    rate_limits: {
      ...unlimited
    },
    ...more
  }))

type Play = Effect.Effect<void, never, Simulation | VirtualTime>

/** Plays on the whole bot and says how every decision ended, in order. */
const endsAfter = (play: Play, configured = settings()): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    yield* play
    return (yield* (yield* Simulation).records).map(endOf)
  }).pipe(Effect.provide(simulation(configured).pipe(Layer.provideMerge(quiet()))), Effect.scoped)

const simulation = (configured: ReturnType<typeof settings>) =>
  Simulation.layer(
    configured,
    (_, index) => ({ afterMs: 0, says: Result.succeed(`Answer number ${index + 1} of the script`) })
  )

interface Line {
  readonly from?: string
  readonly msg?: string
  /** ms since the beginning, or anything a broken bridge may send. */
  readonly time?: unknown
}

const payload = ({ from = "Ana", msg = "MovieBot?", time = epoch }: Line) => ({
  user: { name: from, rank: 1 },
  msg,
  meta: {},
  time
})

const says = (...lines: ReadonlyArray<Line>): Play =>
  Effect.gen(function*() {
    const { publish } = yield* Simulation
    for (const line of lines) yield* publish("lobby", "chatMsg", payload(line))
  })

const whispers = (...lines: ReadonlyArray<Line>): Play =>
  Effect.gen(function*() {
    const { publish } = yield* Simulation
    for (const { from = "Ana", msg = "hi", time = epoch } of lines) {
      yield* publish("lobby", "pm", { from: { name: from }, to: { name: "MovieBot" }, msg, meta: {}, time })
    }
  })

describe("the time of a line", () => {
  const impossible: ReadonlyArray<readonly [what: string, time: unknown]> = [
    ["more than a day ahead", epoch + day + 1],
    ["in the year 10,000", Date.UTC(10_000, 0, 1)],
    ["zero", 0],
    ["negative", -1],
    ["a fraction", epoch + 0.5],
    ["beyond what a number counts", 2 ** 53],
    ["a text", String(epoch)],
    ["nothing", null]
  ]

  it.live.each(impossible)(
    "%s: no decision, counted, and the next line is answered",
    ([, time]) =>
      Effect.gen(function*() {
        const ends = yield* endsAfter(says({ time }, { msg: "MovieBot again" }))
        assert.deepStrictEqual(ends, ["replied"])
        assert.strictEqual(yield* total("eventsInvalid"), 1)
      }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  const possible: ReadonlyArray<readonly [what: string, time: number, end: string]> = [
    ["exactly a day ahead counts as now", epoch + day, "replied"],
    ["a moment ahead counts as now", epoch + 1, "replied"],
    ["now", epoch, "replied"],
    ["a moment before the bot listened", epoch - 1, "before_start"],
    ["in 1970", 1, "before_start"]
  ]

  it.live.each(possible)(
    "%s",
    ([, time, end]) => Effect.map(endsAfter(says({ time })), (ends) => assert.deepStrictEqual(ends, [end]))
  )

  it.live("too old by a moment, old enough by none", () =>
    Effect.map(
      endsAfter(Effect.andThen(passTo(90_000), says({ time: epoch + 30_000 }, { time: epoch + 29_999 }))),
      (ends) => assert.deepStrictEqual(ends, ["replied", "stale"])
    ))

  it.live("equal times: only the same person's same line is the same event", () =>
    Effect.map(
      endsAfter(
        says({ msg: "MovieBot 1" }, { msg: "MovieBot 2" }, { from: "Ben", msg: "MovieBot 1" }, {
          from: "ANA",
          msg: "MovieBot 1"
        })
      ),
      (ends) => assert.deepStrictEqual(ends, ["replied", "replied", "replied", "duplicate"])
    ))
})

describe("names", () => {
  const letters = ["a", "Я", "字", "ش", "ก", "é", "😀", "İ"]

  it.live.each(letters)("of 50 times %s are people, of 51 are not", (letter) =>
    Effect.gen(function*() {
      const ends = yield* endsAfter(says({ from: letter.repeat(50) }, { from: letter.repeat(51) }))
      assert.deepStrictEqual(ends, ["replied"])
    }))

  it.live("need a character that is left", () =>
    Effect.map(
      endsAfter(says({ from: "" }, { from: "   " }, { from: "\u0000" })),
      (ends) => assert.deepStrictEqual(ends, [])
    ))

  it.live("in any case are one person to limits", () =>
    Effect.map(
      endsAfter(
        says({ from: "ÄNNA", msg: "MovieBot 1" }, { from: "änna", msg: "MovieBot 2" }),
        settings({ rate_limits: { max_per_user_per_minute: 1, global_cooldown_seconds: 0 } })
      ),
      (ends) => assert.deepStrictEqual(ends, ["replied", "user_per_minute"])
    ))
})

describe("lines without text", () => {
  const nothing = ["", " ", "\t\n\r ", "\u0000\u0007", "\u00A0\u3000", "<b></b>", "&nbsp;", "<img src=x>", "\u2028"]

  it.live.each(nothing)("%j is empty, in the room and in private", (msg) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* endsAfter(says({ msg })), ["empty"])
      assert.deepStrictEqual(yield* endsAfter(whispers({ msg })), ["empty"])
    }))
})

describe("a wall clock that is set back", () => {
  /** The bot's clock: its wall part is off by `skew`, its monotonic part runs on. */
  const skewed = Effect.fnUntraced(function*() {
    const { clock } = yield* VirtualTime
    let skew = 0
    const millis = () => clock.currentTimeMillisUnsafe() + skew
    const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(skew) * 1_000_000n
    return {
      set: (ms: number) => Effect.sync(() => void (skew = ms)),
      bots: {
        ...clock,
        currentTimeMillisUnsafe: millis,
        currentTimeMillis: Effect.sync(millis),
        currentTimeNanosUnsafe: nanos,
        currentTimeNanos: Effect.sync(nanos)
      }
    }
  })

  /** A line every so often (s) while the clock is set back by `backMs` after the first; how each ended. */
  const endsOf = Effect.fnUntraced(
    function*(backMs: number, seconds: ReadonlyArray<number>, more: Readonly<Record<string, unknown>>) {
      const clock = yield* skewed()
      return yield* Effect.gen(function*() {
        const { publish, records } = yield* Simulation
        for (const [index, at] of seconds.entries()) {
          yield* passTo(at * 1000)
          if (index === 1) yield* clock.set(-backMs)
          yield* publish("lobby", "chatMsg", payload({ msg: `MovieBot ${index}`, time: epoch + at * 1000 }))
        }
        return (yield* records).map(endOf)
      }).pipe(Effect.provide(simulation(settings(more))), Effect.provideService(Clock.Clock, clock.bots))
    },
    Effect.provide(quiet()),
    Effect.scoped
  )

  const limits = (more: typeof RateLimits.Encoded) => ({ rate_limits: { global_cooldown_seconds: 0, ...more } })
  const holds: ReadonlyArray<
    readonly [
      what: string,
      more: Readonly<Record<string, unknown>>,
      seconds: ReadonlyArray<number>,
      ends: ReadonlyArray<string>
    ]
  > = [
    ["a minute's limit", limits({ max_per_user_per_minute: 1 }), [100, 130, 159.999, 160], [
      "replied",
      "user_per_minute",
      "user_per_minute",
      "replied"
    ]],
    ["the global cooldown", limits({ global_cooldown_seconds: 5 }), [100, 101, 104.999, 105], [
      "replied",
      "global_cooldown",
      "global_cooldown",
      "replied"
    ]],
    ["an entry's cooldown", { triggers: [{ type: "mention", cooldown_seconds: 10 }] }, [100, 105, 109.999, 110], [
      "replied",
      "cooldown",
      "cooldown",
      "replied"
    ]]
  ]

  it.live.each(holds)(
    "by some seconds: %s runs on",
    ([, more, seconds, ends]) => Effect.map(endsOf(40_000, seconds, more), (got) => assert.deepStrictEqual(got, ends))
  )

  it.live("by an hour, to before the start of the bot: what is said now is not before it", () =>
    Effect.map(
      endsOf(hour, [100, 130, 3_800], {}),
      (got) => assert.deepStrictEqual(got, ["replied", "replied", "replied"])
    ))

  it.live("the silence after a media change runs on", () =>
    Effect.gen(function*() {
      const clock = yield* skewed()
      const ends = yield* Effect.gen(function*() {
        const { publish, records } = yield* Simulation
        const at = (seconds: number) => passTo(seconds * 1000)
        yield* at(100)
        yield* publish("lobby", "changeMedia", { type: "yt", id: "a", title: "a film", seconds: 60 })
        yield* clock.set(-40_000)
        for (const seconds of [101, 129.999, 130]) {
          yield* at(seconds)
          yield* publish("lobby", "chatMsg", payload({ msg: `MovieBot ${seconds}`, time: epoch + seconds * 1000 }))
        }
        return (yield* records).map(endOf)
      }).pipe(Effect.provide(simulation(settings())), Effect.provideService(Clock.Clock, clock.bots))
      assert.deepStrictEqual(ends, ["media_event", "media_silence", "media_silence", "replied"])
    }).pipe(Effect.provide(quiet()), Effect.scoped))
})

describe("10,000 people", () => {
  const withoutLimits = Schema.decodeSync(RateLimits)(unlimited)
  const entry = Schema.decodeSync(TriggerEntry)({ type: "pm", cooldown_seconds: 5 })
  const request = (user: number): AdmissionRequest => ({
    channel: channelKey(`room ${user % 10}`),
    user: Option.some(userKey(`Person ${user}`)),
    entryKey: EntryKey.make("pm"),
    entry,
    channelLimits: withoutLimits,
    userLimits: withoutLimits,
    maxConcurrent: 10,
    pace: freshPace,
    deadlineMs: Infinity
  })

  /** A line to each of so many people, one a second; every second one is sent, the others are given back. */
  const serve = (people: number): LimiterState => {
    let state = emptyLimiter
    for (let user = 0; user < people; user++) {
      const [admission, held] = admit(state, request(user), user * 1000)
      assert(admission._tag === "Admitted")
      state = user % 2 === 0 ? confirm(held, admission.reservation, user * 1000) : release(held, admission.reservation)
    }
    return state
  }

  it("the limiter remembers those of the last hour, and nobody an hour later", () => {
    const state = serve(10_000)
    const channelWindows = ({ channels }: LimiterState): number =>
      HashMap.reduce(channels, 0, (sum, { windows }) => sum + HashMap.size(windows))
    // Each of the 1,800 people answered in an hour has two windows and a cooldown; each of the 10 rooms three, and
    // one for each of its people.
    assert.isAtMost(HashMap.size(state.users.windows), 2 * 1_860)
    assert.isAtMost(channelWindows(state), 1_860 + 120 + 30)
    const rooms = Array.from({ length: 10 }, (_, room) => room)
    const later = rooms.reduce((all, room) => admit(all, request(room), 10_000_000 + hour)[1], state)
    assert.isAtMost(HashMap.size(later.users.windows), 20)
    assert.isAtMost(channelWindows(later), 50)
    assert.strictEqual(HashMap.size(later.channels), 10)
  })

  const contextStore = ContextStore.layerNoDeps.pipe(Layer.provide(ChannelStates.layer))

  it.effect("a channel's list of members is bounded, also when it is longer", () =>
    Effect.gen(function*() {
      const store = yield* ContextStore
      const members = Array.from(
        { length: 10_001 },
        (_, index) => ({ username: Username.make(`Person ${index}`), rank: 1 })
      )
      store.presence(channelKey("lobby"), { _tag: "UserList", members, unreadable: 0 })
      const rank = (index: number) => store.rank(channelKey("lobby"), userKey(`person ${index}`))
      assert.deepStrictEqual([rank(0), rank(9_999), rank(10_000)], [1, 1, undefined])
    }).pipe(Effect.provide(contextStore)))

  it.effect("when it is full, a member's rank still changes", () =>
    Effect.gen(function*() {
      const store = yield* ContextStore
      const members = Array.from(
        { length: 10_000 },
        (_, index) => ({ username: Username.make(`Person ${index}`), rank: 1 })
      )
      store.presence(channelKey("lobby"), { _tag: "UserList", members, unreadable: 0 })
      store.presence(channelKey("lobby"), {
        _tag: "SetUserRank",
        member: { username: Username.make("Person 5"), rank: 3 }
      })
      assert.strictEqual(store.rank(channelKey("lobby"), userKey("Person 5")), 3)
    }).pipe(Effect.provide(contextStore)))

  it.effect("200 private conversations are kept, the least recently used go", () =>
    Effect.gen(function*() {
      const store = yield* ContextStore
      const channel = channelKey("lobby")
      const { context_window } = settings()
      const lines = (user: number) =>
        store.context({ channel, with: userKey(`Person ${user}`) }, context_window, 0).lines.length
      for (let user = 0; user < 10_000; user++) {
        const line = {
          username: Username.make(`Person ${user}`),
          text: "psst",
          time: 0,
          bot: false,
          key: undefined
        }
        store.append({ channel, with: userKey(line.username) }, line, context_window)
      }
      assert.deepStrictEqual([lines(9_999), lines(9_800), lines(9_799)], [1, 1, 0])
    }).pipe(Effect.provide(contextStore)))

  it.live("one after the other are all heard", () =>
    Effect.gen(function*() {
      const people = Array.from({ length: 300 }, (_, index) => index)
      const ends = yield* endsAfter(Effect.forEach(people, (index) =>
        Effect.andThen(
          passTo(index * 2000),
          whispers({ from: `Person ${index}`, msg: `hello number ${index}`, time: epoch + index * 2000 })
        ), { discard: true }))
      assert.deepStrictEqual([ends.length, ...new Set(ends)], [300, "replied"])
    }))
})

describe("a flood", () => {
  it.live("that is handled in time loses nothing", () =>
    Effect.gen(function*() {
      const lines = Array.from({ length: 1_000 }, (_, index) => ({ msg: `line ${index}` }))
      const ends = yield* endsAfter(says(...lines))
      assert.deepStrictEqual([ends.length, ...new Set(ends)], [1_000, "no_match"])
      assert.strictEqual(yield* total("eventsDropped"), 0)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})
