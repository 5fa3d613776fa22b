import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Logger, Metric, Result, Schema } from "effect"
import { stringify } from "yaml"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import type { WireMessage } from "../../../src/domain/wire/Wire.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { FlakyNats } from "../../support/FlakyNats.ts"
import { endOf, settingsOf, Simulation } from "../../support/Simulation.ts"
import { passTo, VirtualTime } from "../../support/VirtualTime.ts"
import { unlimited } from "../../support/unlimited.ts"

const settings = (protocol: string, response: Readonly<Record<string, unknown>>) =>
  settingsOf(stringify({
    nats: { servers: ["nats://memory"], protocol },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script", max_concurrent_per_channel: 100 },
    triggers: [{ type: "mention" }, { type: "pm" }],
    rate_limits: unlimited,
    response_processing: response
  }))

const numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

/** The answer to a line of somebody: no two are alike. */
const answerTo = (index: number): string => `Reply ${numbers[index % 12]} of ${numbers[Math.floor(index / 12)]} dozen`

/** What a room does with a line of the bot; it comes back unseen where the bot loses NATS for a moment. */
type Mood = "shows" | "shows unseen" | "refuses" | "swallows"

const isMood = (happens: string): happens is Mood => ["shows", "shows unseen", "refuses", "swallows"].includes(happens)

interface Room {
  /** What people in the room read of the bot. */
  readonly shown: ReadonlyArray<string>
  readonly mood: (mood: Mood) => void
  /** The bridge joins again: the last 15 lines come once more, then its login. */
  readonly rejoin: Effect.Effect<void>
}

const Body = Schema.fromJsonString(Schema.Struct({
  data: Schema.optionalKey(Schema.Struct({ message: Schema.String, to: Schema.optionalKey(Schema.String) })),
  args: Schema.optionalKey(Schema.Struct({ message: Schema.String, to: Schema.optionalKey(Schema.String) }))
}))

const openRoom = Effect.gen(function*() {
  const nats = yield* Nats
  const clock = yield* Clock.Clock
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const simulation = yield* Simulation
  const shown: Array<string> = []
  const history: Array<object> = []
  let mood: Mood = "shows"
  const cutOff = yield* FlakyNats.use(({ begin, end }) => Effect.succeed(Effect.andThen(begin, end)))
  const event = (name: string, payload: unknown) => simulation.publish("lobby", name, payload)
  const take = ({ body }: WireMessage): void => {
    const { args, data } = Schema.decodeSync(Body)(new TextDecoder().decode(body))
    const { message, to } = data ?? args ?? { message: "" }
    if (mood === "swallows") return
    if (mood === "refuses") return void run(event("cooldown", 1_000))
    shown.push(message)
    const line = { msg: message, meta: {}, time: clock.currentTimeMillisUnsafe() }
    const said = { user: { name: "MovieBot", rank: 1 }, ...line }
    if (to === undefined) history.push(said)
    if (mood === "shows unseen") return void run(cutOff)
    run(
      to === undefined
        ? event("chatMsg", said)
        : event("pm", { from: { name: "MovieBot", rank: 1 }, to: { name: to }, ...line })
    )
  }
  for (const subject of ["cytube.commands.*.*", "kryten.robot.command"]) {
    yield* Effect.orDie(nats.subscribe(subject, take))
  }
  return {
    shown,
    mood: (next) => {
      mood = next
    },
    rejoin: Effect.gen(function*() {
      for (const line of history.slice(-15)) yield* event("chatMsg", line)
      yield* event("login", { success: true, name: "MovieBot" })
    })
  } satisfies Room
})

const simulated = <A>(
  story: (room: Room) => Effect.Effect<A, never, Simulation | FlakyNats | VirtualTime>,
  { protocol = "cytube", response = {} }: { protocol?: string; response?: Readonly<Record<string, unknown>> } = {}
) =>
  Effect.flatMap(openRoom, story).pipe(
    Effect.provide(Simulation.layer(settings(protocol, response), (_, index) => ({
      afterMs: 0,
      says: Result.succeed(answerTo(index))
    }))),
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.scoped
  )

const until = (seconds: number) => passTo(seconds * 1_000)
const bridge = (there: boolean) => FlakyNats.use((nats) => nats.bridge(there))

const say = Effect.fnUntraced(function*(id: string) {
  const time = yield* Clock.currentTimeMillis
  const line = { user: { name: `Ana${id}`, rank: 1 }, msg: `MovieBot, this is ${id}`, meta: {}, time }
  yield* Simulation.use(({ publish }) => publish("lobby", "chatMsg", line, id))
})
const whisper = Effect.fnUntraced(function*(id: string) {
  const time = yield* Clock.currentTimeMillis
  const line = { from: { name: "Ana", rank: 1 }, to: { name: "MovieBot" }, msg: `this is ${id}`, time }
  yield* Simulation.use(({ publish }) => publish("lobby", "pm", line, id))
})
const event = (name: string, payload: unknown) => Simulation.use(({ publish }) => publish("lobby", name, payload))

const recordOf = (id: string) =>
  Effect.map(Simulation.use(({ records }) => records), (records): DecisionRecord => {
    const record = records.find(({ correlationId }) => correlationId === id)
    assert.isDefined(record, id)
    return record
  })

const waits = ({ steps }: DecisionRecord) =>
  steps.flatMap((step) => step._tag === "Waited" && step.for === "bridge" ? [step.ms / 1_000] : [])
const resent = ({ steps }: DecisionRecord) => steps.flatMap((step) => step._tag === "Resent" ? [step.cause] : [])

describe("a reply that nobody hears", () => {
  for (const protocol of ["cytube", "kryten"]) {
    it.live(`waits for the bridge, and leaves once it listens (${protocol})`, () =>
      simulated((room) =>
        Effect.gen(function*() {
          yield* bridge(false)
          yield* say("a")
          yield* say("b")
          yield* until(2)
          assert.deepStrictEqual(room.shown, [])
          yield* bridge(true)
          yield* until(5)
          assert.deepStrictEqual(room.shown, [answerTo(0), answerTo(1)])
          const record = yield* recordOf("a")
          assert.strictEqual(endOf(record), "replied")
          assert.deepStrictEqual(waits(record).map((seconds) => seconds.toFixed(2)), ["2.75"])
          assert.deepStrictEqual((yield* recordOf("b")).delivery?._tag, "Delivered")
        }), { protocol }))
  }

  it.live("is dropped at its deadline for that reason, and its places are given back", () =>
    simulated((room) =>
      Effect.gen(function*() {
        yield* bridge(false)
        yield* say("a")
        yield* until(59)
        assert.isUndefined((yield* Simulation.use(({ records }) => records)).find((record) => record.outcome))
        yield* until(61)
        assert.deepStrictEqual((yield* recordOf("a")).outcome, {
          _tag: "Skipped",
          reason: "deadline",
          waitedFor: "bridge"
        })
        yield* bridge(true)
        yield* until(70)
        assert.deepStrictEqual(room.shown, [])
      })
    ))

  it.live("does not stand in the context before somebody heard it", () =>
    simulated((room) =>
      Effect.gen(function*() {
        yield* bridge(false)
        yield* say("a")
        yield* until(1)
        yield* say("b")
        yield* until(10)
        const [, second] = yield* Simulation.use(({ requests }) => requests)
        assert.notInclude(JSON.stringify(second?.messages), answerTo(0))
        yield* bridge(true)
        yield* until(20)
        assert.deepStrictEqual(room.shown, [answerTo(0), answerTo(1)])
      })
    ))

  it.live("of several lines: only what was not heard is said again", () =>
    Effect.gen(function*() {
      const first = "This is the first sentence of a long answer."
      const second = "And this is the second one of the same answer."
      const world = Simulation.layer(
        settings("cytube", { max_lines: 2, max_response_length: 60 }),
        () => ({ afterMs: 0, says: Result.succeed(`${first} ${second}`) })
      )
      yield* Effect.gen(function*() {
        const room = yield* openRoom
        yield* FlakyNats.use((nats) => nats.bridgeFor(1))
        yield* say("a")
        yield* until(3)
        assert.deepStrictEqual(room.shown, [first])
        yield* bridge(true)
        yield* until(20)
        assert.deepStrictEqual(room.shown, [first, second])
        assert.strictEqual((yield* recordOf("a")).delivery?._tag, "Delivered")
      }).pipe(Effect.provide(world))
    }).pipe(
      Effect.provide([VirtualTime.layer, Logger.layer([])]),
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.scoped
    ))
})

describe("a reply that the room is known not to have shown", () => {
  it.live("because of flood control is sent again once, and seen", () =>
    simulated((room) =>
      Effect.gen(function*() {
        room.mood("refuses")
        yield* say("a")
        room.mood("shows")
        yield* until(10)
        assert.deepStrictEqual(room.shown, [answerTo(0)])
        const record = yield* recordOf("a")
        assert.deepStrictEqual(resent(record), ["cooldown"])
        assert.strictEqual(record.delivery?._tag, "Delivered")
        const ids = (yield* Simulation.use(({ commands }) => commands)).map(({ headers }) => headers.get("Nats-Msg-Id"))
        assert.strictEqual(new Set(ids).size, 2)
      })
    ))

  it.live("because of flood control, twice: it is left at that, for that reason", () =>
    simulated((room) =>
      Effect.gen(function*() {
        room.mood("refuses")
        yield* say("a")
        yield* until(40)
        assert.lengthOf(yield* Simulation.use(({ commands }) => commands), 2)
        assert.deepStrictEqual((yield* recordOf("a")).delivery, { _tag: "Unconfirmed", cause: "cooldown" })
      })
    ))

  it.live("because the bot was kicked, private ones too", () =>
    simulated((room) =>
      Effect.gen(function*() {
        room.mood("swallows")
        yield* say("a")
        yield* whisper("b")
        yield* bridge(false)
        yield* event("kick", { reason: "" })
        yield* until(8)
        room.mood("shows")
        yield* bridge(true)
        yield* until(20)
        assert.sameMembers([...room.shown], [answerTo(0), answerTo(1)])
        for (const id of ["a", "b"]) {
          const record = yield* recordOf(id)
          assert.deepStrictEqual([resent(record), record.delivery?._tag], [["kick"], "Delivered"])
        }
      })
    ))

  for (const after of [4, 30]) {
    it.live(`because the bridge joined again ${after} s later and the history lacks it`, () =>
      simulated((room) =>
        Effect.gen(function*() {
          room.mood("swallows")
          yield* say("a")
          yield* until(after)
          room.mood("shows")
          yield* room.rejoin
          yield* until(after + 10)
          assert.deepStrictEqual(room.shown, [answerTo(0)])
          const record = yield* recordOf("a")
          assert.deepStrictEqual([resent(record), record.delivery?._tag], [["rejoin"], "Delivered"])
        })
      ))
  }

  it.live("is not sent again past its deadline", () =>
    simulated((room) =>
      Effect.gen(function*() {
        room.mood("swallows")
        yield* say("a")
        yield* until(61)
        room.mood("shows")
        yield* room.rejoin
        yield* until(80)
        assert.deepStrictEqual(room.shown, [])
        assert.deepStrictEqual((yield* recordOf("a")).delivery, { _tag: "Unconfirmed" })
      })
    ))
})

describe("a reply that may have been shown is not sent again", () => {
  it.live("when the history holds it", () =>
    simulated((room) =>
      Effect.gen(function*() {
        room.mood("shows unseen")
        yield* say("a")
        yield* until(20)
        room.mood("shows")
        yield* room.rejoin
        yield* until(50)
        assert.deepStrictEqual(room.shown, [answerTo(0)])
        assert.deepStrictEqual(resent(yield* recordOf("a")), [])
      })
    ))

  it.live("when more came after it than the history holds", () =>
    simulated((room) =>
      Effect.gen(function*() {
        room.mood("swallows")
        yield* say("a")
        for (let index = 0; index < 20; index++) {
          yield* until(1 + index / 10)
          const time = yield* Clock.currentTimeMillis
          yield* event("chatMsg", { user: { name: "Bob", rank: 1 }, msg: `talk ${index}`, meta: {}, time })
        }
        room.mood("shows")
        yield* room.rejoin
        yield* until(50)
        assert.deepStrictEqual(room.shown, [])
      })
    ))

  it.live("in private, as no history holds it", () =>
    simulated((room) =>
      Effect.gen(function*() {
        room.mood("swallows")
        yield* whisper("a")
        yield* until(3)
        room.mood("shows")
        yield* room.rejoin
        yield* until(50)
        assert.deepStrictEqual(room.shown, [])
      })
    ))
})

describe("whatever gets lost on the way", () => {
  const Moment = Schema.Struct({
    afterSeconds: Schema.Literals([0, 0.1, 0.5, 1, 2, 5, 11]),
    happens: Schema.Literals([
      "line",
      "line",
      "line",
      "away",
      "back",
      "refuses",
      "swallows",
      "shows unseen",
      "shows",
      "rejoin",
      "kick"
    ])
  })

  it.live.prop(
    "no line is shown twice, none too late, every record is closed, and what is delivered was shown",
    [Schema.Array(Moment).check(Schema.isMinLength(15), Schema.isMaxLength(40))],
    ([moments]) =>
      simulated((room) =>
        Effect.gen(function*() {
          let now = 0
          for (const [index, { afterSeconds, happens }] of moments.entries()) {
            now += afterSeconds
            yield* until(now)
            if (happens === "line") yield* say(`line-${index}`)
            if (happens === "away") yield* bridge(false)
            if (happens === "back") yield* bridge(true)
            if (isMood(happens)) room.mood(happens)
            if (happens === "rejoin") yield* room.rejoin
            if (happens === "kick") yield* event("kick", { reason: "" })
          }
          room.mood("shows")
          yield* bridge(true)
          yield* until(now + 130)
          assert.strictEqual(new Set(room.shown).size, room.shown.length, room.shown.join("\n"))
          const records = yield* Simulation.use(({ records }) => records)
          for (const record of records) {
            assert.notStrictEqual(endOf(record), "under way")
            if (endOf(record) === "replied") assert.isDefined(record.delivery)
          }
          const delivered = records.filter(({ delivery }) => delivery?._tag === "Delivered").length
          assert.isAtMost(delivered, room.shown.length)
        })
      ),
    { timeout: 120_000, arbitrary: { runs: 40, seed: "whatever gets lost" } }
  )
})
