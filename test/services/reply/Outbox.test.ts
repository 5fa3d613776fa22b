import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Logger, Metric, References, Result, Schema, Scope } from "effect"
import { stringify } from "yaml"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { LogLines } from "../../support/LogLines.ts"
import { FlakyNats } from "../../support/FlakyNats.ts"
import { endOf, settingsOf, Simulation } from "../../support/Simulation.ts"
import { unlimited } from "../../support/unlimited.ts"
import { epoch, passTo, VirtualTime } from "../../support/VirtualTime.ts"

// ---- a room without limits, unless a test says so ----

const withoutLimits = { ...unlimited, media_change_cooldown_seconds: 0 }

interface World {
  readonly nats?: Readonly<Record<string, unknown>>
  readonly limits?: Readonly<Record<string, unknown>>
  readonly response?: Readonly<Record<string, unknown>>
  /** How long the model takes for the nth answer, s; the last one for ever. */
  readonly takes?: ReadonlyArray<number>
}

const settings = ({ limits, nats, response }: World) =>
  settingsOf(stringify({
    nats: { servers: ["nats://memory"], ...nats },
    channels: [{ name: "lobby" }, { name: "second" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
    triggers: [{ type: "mention" }, { type: "pm" }, { type: "keyword", keywords: ["popcorn"] }],
    rate_limits: { ...withoutLimits, ...limits },
    response_processing: { ...response }
  }))

const simulation = (world: World) => {
  const takes = world.takes ?? [0]
  return Simulation.layer(settings(world), (_, index) => ({
    afterMs: (takes[Math.min(index, takes.length - 1)] ?? 0) * 1_000,
    says: Result.succeed(`The answer that has number ${index + 1}`)
  }))
}

const simulated = <A>(world: World, story: Effect.Effect<A, never, Simulation | FlakyNats | VirtualTime>) =>
  Effect.andThen(calmRooms, story).pipe(
    Effect.provide(simulation(world)),
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.scoped
  )

// ---- what happens ----

const until = (seconds: number) => passTo(seconds * 1_000)

const publish = (id: string, type: string, payload: unknown, room = "lobby") =>
  Simulation.use((simulation) => simulation.publish(room, type, payload, id))

/** The rooms tell that they have no flood control: the bot's own pace is left. */
const calmRooms = Effect.forEach(
  ["lobby", "second"],
  (room) => publish("opts", "channelOpts", { chat_antiflood: false }, room),
  { discard: true }
)

const say = Effect.fnUntraced(function*(id: string, msg = `MovieBot, this is ${id}`, room = "lobby") {
  yield* publish(id, "chatMsg", {
    user: { name: `Ana${id}`, rank: 1 },
    msg,
    meta: {},
    time: yield* Clock.currentTimeMillis
  }, room)
})

const whisper = Effect.fnUntraced(function*(id: string) {
  yield* publish(id, "pm", {
    from: { name: "Ana", rank: 1 },
    to: { name: "MovieBot" },
    msg: `this is ${id}`,
    time: yield* Clock.currentTimeMillis
  })
})

/** A line of the bot's account comes from the room. */
const ownLine = Effect.fnUntraced(function*(id: string, msg: string) {
  yield* publish(id, "chatMsg", {
    user: { name: "moviebot", rank: 1 },
    msg,
    meta: {},
    time: yield* Clock.currentTimeMillis
  })
})

const plays = (id: string) => publish(`media-${id}`, "changeMedia", { type: "yt", id, title: id, seconds: 60 })

const begin = FlakyNats.use((outage) => outage.begin)
const end = FlakyNats.use((outage) => outage.end)
const strike = (message: "arrives" | "is lost") => FlakyNats.use((outage) => outage.strike(message))

// ---- what came of it ----

const numberIn = (message: string): number => Number(message.match(/\d+$/)?.[0])

/** The answers that were sent: number and second. */
const sent = Effect.map(
  Simulation.use(({ commands }) => commands),
  (commands) => commands.map(({ at, message }) => [numberIn(message), at / 1_000] as const)
)

const recordOf = (id: string) =>
  Effect.flatMap(Simulation.use(({ records }) => records), (records) => {
    const record = records.find(({ correlationId }) => correlationId === id)
    return record === undefined ? Effect.die(new Error(`no record of ${id}`)) : Effect.succeed(record)
  })

const ends = (...ids: ReadonlyArray<string>) =>
  Effect.map(Effect.forEach(ids, recordOf), (records) => records.map(endOf))
const deliveries = (...ids: ReadonlyArray<string>) =>
  Effect.map(Effect.forEach(ids, recordOf), (records) => records.map(({ delivery }) => delivery))

/** `outbox_dropped_total` by reason. */
const dropped = Effect.map(
  Metric.snapshot,
  (all) =>
    Object.fromEntries(all.flatMap((metric) =>
      metric.type === "Counter" && metric.id === "outbox_dropped_total"
        ? [[metric.attributes?.["reason"] ?? "", Number(metric.state.count)] as const]
        : []
    ))
)

const waits = ({ steps }: DecisionRecord) =>
  steps.flatMap((step) => step._tag === "Waited" ? [[step.for, step.ms / 1_000] as const] : [])

const sayAll = Effect.forEach(["a", "b", "c", "d", "e", "f"], (id) => say(id), { discard: true })

describe("replies that are ready while NATS is away", () => {
  it.live("wait and leave in order after its return, within the pace", () =>
    simulated(
      { takes: [2, 3, 4, 5, 6, 7] },
      Effect.gen(function*() {
        yield* sayAll
        yield* until(1)
        yield* begin
        yield* until(20)
        assert.deepStrictEqual(yield* sent, [])
        yield* end
        yield* until(40)
        assert.deepStrictEqual(yield* sent, [[1, 20], [2, 20], [3, 20], [4, 21], [5, 22], [6, 23]])
        assert.deepStrictEqual(waits(yield* recordOf("d")), [["connection", 15], ["pacing", 1]])
        assert.deepStrictEqual(yield* dropped, {})
      })
    ))

  it.live("wait and leave in order after its return, within the global cooldown", () =>
    simulated(
      { takes: [30], limits: { global_cooldown_seconds: 5 } },
      Effect.gen(function*() {
        yield* say("a")
        yield* until(5)
        yield* say("b")
        yield* until(10)
        yield* say("c")
        yield* until(12)
        yield* begin
        yield* until(45)
        yield* end
        yield* until(80)
        assert.deepStrictEqual(yield* sent, [[1, 45], [2, 50], [3, 55]])
      })
    ))

  it.live("keep their order when one of them already waited for its turn as NATS went", () =>
    simulated(
      { takes: [0, 0, 0, 0, 0.5] },
      Effect.gen(function*() {
        // Three at once empty the pace: d waits for it when NATS goes, e gets ready later and comes to the gate first.
        for (const id of ["a", "b", "c", "d", "e"]) yield* say(id)
        yield* until(0.2)
        yield* begin
        yield* until(8)
        yield* end
        yield* until(20)
        assert.deepStrictEqual(yield* sent, [[1, 0], [2, 0], [3, 0], [4, 8], [5, 8]])
        assert.deepStrictEqual(waits(yield* recordOf("d")), [["pacing", 1], ["connection", 7]])
      })
    ))

  it.live("are dropped when their deadline passes, and counted; the others leave", () =>
    simulated(
      { takes: [20] },
      Effect.gen(function*() {
        yield* say("a")
        yield* until(10)
        yield* say("b")
        yield* until(15)
        yield* begin
        yield* until(61)
        assert.deepStrictEqual(yield* ends("a"), ["deadline"])
        yield* until(65)
        yield* end
        yield* until(80)
        assert.deepStrictEqual(yield* sent, [[2, 65]])
        assert.deepStrictEqual(yield* dropped, { deadline: 1 })
      })
    ))

  it.live("are dropped and counted too when the pace after the return takes them past their deadline", () =>
    simulated(
      { takes: [5], response: { reply_deadline_seconds: 20 } },
      Effect.gen(function*() {
        yield* sayAll
        yield* until(1)
        yield* begin
        yield* until(18)
        yield* end
        yield* until(40)
        assert.deepStrictEqual(yield* sent, [[1, 18], [2, 18], [3, 18], [4, 19], [5, 20]])
        assert.deepStrictEqual(yield* ends("f"), ["deadline"])
        assert.deepStrictEqual(yield* dropped, { deadline: 1 })
      })
    ))

  it.live("wait for ever without a deadline", () =>
    simulated(
      { takes: [1], response: { reply_deadline_seconds: 0 } },
      Effect.gen(function*() {
        yield* say("a")
        yield* begin
        yield* until(7_200)
        yield* end
        yield* until(7_210)
        assert.deepStrictEqual(yield* sent, [[1, 7_200]])
      })
    ))

  it.live("beyond outbox_size, the oldest is dropped and counted", () =>
    simulated(
      { takes: [2, 3, 4, 5], nats: { outbox_size: 2 } },
      Effect.gen(function*() {
        for (const id of ["a", "b", "c", "d"]) yield* say(id)
        yield* begin
        yield* until(10)
        assert.deepStrictEqual(yield* ends("a", "b"), ["outbox_full", "outbox_full"])
        yield* end
        yield* until(20)
        assert.deepStrictEqual(yield* sent, [[3, 10], [4, 10]])
        assert.deepStrictEqual(yield* dropped, { outbox_full: 2 })
      })
    ))

  it.live("with outbox_size 0 are dropped at once", () =>
    simulated(
      { takes: [2, 8], nats: { outbox_size: 0 } },
      Effect.gen(function*() {
        yield* say("a")
        yield* say("b")
        yield* begin
        yield* until(2)
        assert.deepStrictEqual(yield* ends("a"), ["outbox_full"])
        yield* end
        yield* until(20)
        assert.deepStrictEqual(yield* sent, [[2, 8]])
        assert.deepStrictEqual(yield* dropped, { outbox_full: 1 })
      })
    ))

  const media: ReadonlyArray<readonly [rule: string, ends: Array<string>, counted: Readonly<Record<string, number>>]> =
    [
      ["always", ["media_changed", "media_changed"], { media_changed: 2 }],
      ["unprompted", ["replied", "media_changed"], { media_changed: 1 }],
      ["never", ["replied", "replied"], {}]
    ]
  for (const [rule, expected, counted] of media) {
    it.live(`when other media began meanwhile, drop_after_media_change ${rule} decides`, () =>
      simulated(
        { takes: [5], response: { drop_after_media_change: rule } },
        Effect.gen(function*() {
          yield* say("a")
          yield* say("b", "who wants popcorn?")
          yield* until(1)
          yield* plays("another")
          yield* begin
          yield* until(20)
          yield* end
          yield* until(30)
          assert.deepStrictEqual(yield* ends("a", "b"), expected)
          assert.deepStrictEqual(yield* dropped, counted)
        })
      ))
  }

  it.live("other media that begin while a line waits for the pace count as well", () =>
    simulated(
      { takes: [5], response: { drop_after_media_change: "always" } },
      Effect.gen(function*() {
        for (const id of ["a", "b", "c", "d"]) yield* say(id)
        yield* until(5.5)
        yield* plays("another")
        yield* until(10)
        assert.deepStrictEqual(yield* ends("a", "b", "c", "d"), ["replied", "replied", "replied", "media_changed"])
        assert.deepStrictEqual(yield* dropped, {})
      })
    ))

  it.live("a second loss sends them back to wait", () =>
    simulated(
      { takes: [2, 2, 2, 2, 2, 2] },
      Effect.gen(function*() {
        yield* sayAll
        yield* begin
        yield* until(10)
        yield* end
        yield* until(11.5)
        yield* begin
        yield* until(15)
        yield* end
        yield* until(30)
        assert.deepStrictEqual(yield* sent, [[1, 10], [2, 10], [3, 10], [4, 11], [5, 15], [6, 15]])
      })
    ))
})

describe("the pace", () => {
  it.live("three at once, then one a second, each room its own, private lines with the others", () =>
    simulated(
      { takes: [1] },
      Effect.gen(function*() {
        for (const id of ["a", "b"]) yield* say(id)
        yield* whisper("c")
        for (const id of ["d", "e"]) yield* say(id)
        yield* say("f", "MovieBot, over here", "second")
        yield* until(10)
        assert.deepStrictEqual(yield* sent, [[1, 1], [2, 1], [3, 1], [6, 1], [4, 2], [5, 3]])
      })
    ))
})

describe("timers that fire a little early, as those of Node do", () => {
  const early = VirtualTime.use(({ clock }) =>
    Effect.succeed({
      ...clock,
      sleep: (duration: Duration.Duration) =>
        clock.sleep(Duration.subtract(duration, Duration.min(Duration.millis(1), Duration.times(duration, 0.5))))
    })
  )

  it.live("send no line before its time", () =>
    Effect.gen(function*() {
      const services = yield* Effect.provideServiceEffect(Layer.build(simulation({})), Clock.Clock, early)
      yield* Effect.provideContext(
        Effect.gen(function*() {
          yield* sayAll
          yield* until(10)
          const late = (yield* sent).map(([number, at], index) => [number, at >= index - 2] as const)
          assert.deepStrictEqual(late, [[1, true], [2, true], [3, true], [4, true], [5, true], [6, true]])
        }),
        services
      )
    }).pipe(Effect.provide([VirtualTime.layer, Logger.layer([])]), Effect.scoped))
})

describe("a loss in the middle of a publish", () => {
  for (const message of ["arrives", "is lost"] as const) {
    it.live(`where the message ${message}: failed, not sent again, and it counts in the limits`, () =>
      simulated(
        { takes: [1], limits: { max_per_channel_per_minute: 2 } },
        Effect.gen(function*() {
          yield* strike(message)
          yield* say("a")
          yield* until(5)
          yield* end
          yield* until(6)
          assert.deepStrictEqual(yield* ends("a"), ["failed"])
          yield* say("b")
          yield* until(8)
          yield* say("c")
          yield* until(61)
          yield* say("d")
          yield* until(70)
          assert.deepStrictEqual(yield* ends("b", "c", "d"), ["replied", "channel_per_minute", "replied"])
          assert.deepStrictEqual(yield* sent, message === "arrives" ? [[1, 1], [2, 7], [3, 62]] : [[2, 7], [3, 62]])
        })
      ))
  }

  it.live("counts in the pace and in the global cooldown", () =>
    simulated(
      { takes: [1] },
      Effect.gen(function*() {
        yield* strike("arrives")
        yield* sayAll
        yield* until(1.2)
        yield* end
        yield* until(10)
        assert.deepStrictEqual(yield* sent, [[1, 1], [2, 1.2], [3, 1.2], [4, 2.2], [5, 3.2], [6, 4.2]])
      })
    ))
})

describe("an hour of losses", () => {
  const Moment = Schema.Struct({
    afterSeconds: Schema.Literals([0, 0, 0.5, 1, 2, 5, 12, 61]),
    happens: Schema.Literals(["line", "line", "line", "line", "begin", "end", "end", "arrives", "is lost"])
  })
  const Takes = Schema.NonEmptyArray(Schema.Literals([0, 0, 1, 2.5, 7, 40]))
  const Room = Schema.Struct({
    max_per_channel_per_minute: Schema.Literals([2, 5, 30]),
    global_cooldown_seconds: Schema.Literals([0, 0, 2]),
    outbox_size: Schema.Literals([0, 1, 3, 100])
  })

  const live = Effect.fnUntraced(function*(moments: ReadonlyArray<typeof Moment.Type>) {
    let now = 0
    let away = false
    for (const [index, { afterSeconds, happens }] of moments.entries()) {
      now += afterSeconds
      yield* until(now)
      if (happens === "line" && !away) yield* say(`line-${index}`)
      if (happens === "arrives" || happens === "is lost") yield* strike(happens)
      if (happens === "begin") yield* begin
      if (happens === "end") yield* end
      away = !(yield* FlakyNats.use(({ nats }) => nats.connected))
    }
    yield* end
    yield* until(now + 130)
    return yield* Simulation.use(({ commands, records }) => Effect.all([commands, records]))
  })

  it.live.prop(
    "no limit is exceeded, no line is doubled, none too late, and every record is closed",
    [Room, Takes, Schema.Array(Moment).check(Schema.isMinLength(20), Schema.isMaxLength(60))],
    ([{ outbox_size, ...limits }, takes, moments]) =>
      Effect.gen(function*() {
        const [commands, records] = yield* simulated({ takes, limits, nats: { outbox_size } }, live(moments))
        const ids = commands.map(({ headers }) => headers.get("Correlation-Id"))
        assert.strictEqual(new Set(ids).size, ids.length)
        for (const record of records) assert.notStrictEqual(endOf(record), "under way")
        const times = commands.map(({ at }) => at)
        for (const [index, at] of times.entries()) {
          const inMinute = times.filter((other) => other > at - 60_000 && other <= at)
          assert.isAtMost(inMinute.length, limits.max_per_channel_per_minute)
          if (index > 0) assert.isAtLeast(at - (times[index - 1] ?? 0), limits.global_cooldown_seconds * 1_000)
          if (index > 2) assert.isAtLeast(at - (times[index - 3] ?? 0), 1_000)
          const record = records.find(({ correlationId }) => correlationId === ids[index])
          assert.isAtMost(at + epoch - (record?.arrivedAt ?? 0), 60_000)
        }
      }),
    { timeout: 60_000, arbitrary: { runs: 25, seed: "an hour of losses" } }
  )
})

describe("the places of replies that wait", () => {
  it.live("are held while they wait and given back when they are dropped", () =>
    simulated(
      { takes: [1], nats: { outbox_size: 1 }, limits: { max_per_channel_per_minute: 2 } },
      Effect.gen(function*() {
        yield* say("a")
        yield* say("b")
        yield* say("c")
        yield* begin
        yield* until(5)
        yield* end
        yield* until(6)
        yield* say("d")
        yield* until(7)
        yield* say("e")
        yield* until(20)
        assert.deepStrictEqual(
          yield* ends("a", "b", "c", "d", "e"),
          ["outbox_full", "replied", "channel_per_minute", "replied", "channel_per_minute"]
        )
      })
    ))
})

describe("stopping while NATS is away", () => {
  it.live("waits 30 s for the replies, then gives them up", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(simulation({ takes: [1] }), scope)
      yield* Effect.provideContext(
        Effect.gen(function*() {
          yield* say("a")
          yield* begin
        }),
        services
      )
      yield* until(3)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* until(32.9)
      assert.isUndefined(closing.pollUnsafe())
      yield* until(33.1)
      yield* Fiber.join(closing)
      const log = yield* LogLines.use(({ all }) => all)
      assert.includeMembers(log.map(({ message }) => message), ["Intake stopped", "Replies in flight abandoned"])
      const stopped = log.find(({ annotations }) => annotations["filter_type"] === "stopped")
      assert.strictEqual(stopped?.annotations["correlation_id"], "a")
    }).pipe(
      Effect.provide([VirtualTime.layer, LogLines.layer]),
      Effect.provideService(References.MinimumLogLevel, "All")
    ))

  it.live("sends what still can be sent when it comes back in time", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(simulation({ takes: [1] }), scope)
      yield* Effect.provideContext(Effect.andThen(say("a"), begin), services)
      yield* until(3)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* until(10)
      yield* Effect.provideContext(end, services)
      yield* until(11)
      assert.isDefined(closing.pollUnsafe())
      const log = yield* LogLines.use(({ all }) => all)
      assert.includeMembers(log.map(({ message }) => message), ["Replies finished", "Command sent"])
    }).pipe(Effect.provide([VirtualTime.layer, LogLines.layer])))
})

describe("delivery", () => {
  it.live("is confirmed by the echo's text, blanks and order aside", () =>
    simulated(
      {},
      Effect.gen(function*() {
        yield* say("a")
        yield* say("b")
        yield* until(2)
        yield* ownLine("echo-of-b", " The  answer that\nhas number 2 ")
        yield* until(3.5)
        yield* ownLine("echo-of-a", "The answer that has number 1")
        assert.deepStrictEqual(yield* deliveries("a", "b"), [
          { _tag: "Delivered", afterMs: 3_500 },
          { _tag: "Delivered", afterMs: 2_000 }
        ])
        assert.deepStrictEqual(yield* ends("a", "b", "echo-of-a"), ["replied", "replied", "echo"])
      })
    ))

  it.live("is confirmed by order when the room changed the text", () =>
    simulated(
      {},
      Effect.gen(function*() {
        yield* say("a")
        yield* say("b")
        yield* until(1)
        yield* ownLine("echo", "The answer that has <em>another</em> number")
        assert.deepStrictEqual(yield* deliveries("a", "b"), [{ _tag: "Delivered", afterMs: 1_000 }, undefined])
      })
    ))

  it.live("in private is confirmed by the private echo only", () =>
    simulated(
      {},
      Effect.gen(function*() {
        yield* whisper("a")
        yield* until(1)
        yield* ownLine("in-the-room", "The answer that has number 1")
        assert.deepStrictEqual(yield* deliveries("a"), [undefined])
        const from = { name: "MovieBot", rank: 1 }
        yield* publish("echo", "pm", {
          from,
          to: { name: "ANA" },
          msg: "The answer that has number 1",
          time: yield* Clock.currentTimeMillis
        })
        assert.deepStrictEqual(yield* deliveries("a"), [{ _tag: "Delivered", afterMs: 1_000 }])
      })
    ))

  it.live("is confirmed up to 10 s after it was sent, and not later", () =>
    simulated(
      {},
      Effect.gen(function*() {
        yield* say("a")
        yield* until(9.999)
        yield* ownLine("echo-of-a", "The answer that has number 1")
        yield* say("b")
        yield* until(20)
        yield* ownLine("too-late", "The answer that has number 2")
        assert.deepStrictEqual(yield* deliveries("a", "b"), [
          { _tag: "Delivered", afterMs: 9_999 },
          { _tag: "Unconfirmed" }
        ])
      })
    ))

  const refusals = [["noflood", { action: "chat", msg: "slow down" }], ["spamFiltered", {
    reason: "spam"
  }], [
    "errorMsg",
    { msg: "no" }
  ]] as const
  for (const [kind, payload] of refusals) {
    it.live(`is unconfirmed after 10 s because of ${kind}`, () =>
      simulated(
        {},
        Effect.gen(function*() {
          yield* say("a")
          yield* until(1)
          yield* publish("refusal", kind, payload)
          yield* publish("elsewhere", "cooldown", 5, "second")
          yield* until(9.9)
          assert.deepStrictEqual(yield* deliveries("a"), [undefined])
          yield* until(10)
          assert.deepStrictEqual(yield* deliveries("a"), [{ _tag: "Unconfirmed", cause: kind }])
        })
      ))
  }

  it.live("each refusal is the cause of one reply, the oldest without", () =>
    simulated(
      {},
      Effect.gen(function*() {
        for (const id of ["a", "b", "c"]) yield* say(id)
        yield* publish("first", "noflood", { action: "chat", msg: "slow down" })
        yield* publish("second", "spamFiltered", { reason: "spam" })
        yield* until(11)
        assert.deepStrictEqual(
          (yield* deliveries("a", "b", "c")).map((delivery) =>
            delivery?._tag === "Unconfirmed" ? delivery.cause : "delivered"
          ),
          ["noflood", "spamFiltered", undefined]
        )
      })
    ))
})
