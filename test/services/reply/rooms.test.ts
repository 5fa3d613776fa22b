import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Logger, Metric, Result } from "effect"
import { stringify } from "yaml"
import { bodyOf, type Captured, isEvent, loadCapture, sentCorrelationId, shifted } from "../../support/Capture.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { endOf, settingsOf, Simulation } from "../../support/Simulation.ts"
import { epoch, passTo, VirtualTime } from "../../support/VirtualTime.ts"

// What came over the bus in real rooms, with what the bot answered there; the expectations are written by hand.

const settings = settingsOf(stringify({
  nats: { servers: ["nats://memory"], protocol: "kryten" },
  channels: [{ name: "TestChan", domain: "cytube.test" }],
  bot: { username: "KrytenBot" },
  llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
  triggers: [{ type: "mention" }, { type: "pm" }],
  rate_limits: { global_cooldown_seconds: 0 }
}))

/** The answers that the captured bot gave, in their order. */
const answersIn = (capture: ReadonlyArray<Captured>): ReadonlyArray<string> =>
  capture.flatMap(({ headers, payload }) => {
    const text = /"message":"((?:[^"\\]|\\.)*)"/.exec(JSON.stringify(payload))?.[1]
    return headers?.["Source"] === "llm-bot" && text !== undefined ? [text] : []
  })

/** How long the bot listens before the first of them, ms. */
const startMs = 10_000

/** Plays the room's events at their times; each line of people has what became of its reply, and the own lines their end. */
const played = (name: string) =>
  Effect.gen(function*() {
    const capture = yield* loadCapture(`rooms/${name}`)
    const answers = answersIn(capture)
    return yield* Effect.gen(function*() {
      const nats = yield* Nats
      const events = shifted(capture, epoch + startMs).filter(isEvent)
      const began = events[0]?.ts ?? 0
      for (const event of events) {
        yield* passTo(startMs + (event.ts - began) * 1_000)
        const { subject } = event
        yield* Effect.orDie(nats.publish({ subject, headers: new Map(), body: bodyOf(event), request: false }))
      }
      yield* passTo((yield* Clock.currentTimeMillis) - epoch + 120_000)
      const records = yield* Simulation.use((simulation) => simulation.records)
      return events.flatMap((event) => {
        const record = records.find(({ correlationId }) => correlationId === sentCorrelationId(event))
        if (record === undefined) return []
        const { delivery } = record
        if (delivery === undefined) return [`${record.username}: ${endOf(record)}`]
        const cause = delivery._tag === "Unconfirmed" && delivery.cause !== undefined ? ` (${delivery.cause})` : ""
        return [`${record.username}: ${delivery._tag.toLowerCase()}${cause}`]
      })
    }).pipe(Effect.provide(Simulation.layer(settings, (_, index) => ({
      afterMs: 0,
      says: Result.succeed(answers[index] ?? "There was no further answer in the capture")
    }))))
  }).pipe(
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.scoped
  )

const rooms: ReadonlyArray<readonly [name: string, what: string, expected: ReadonlyArray<string>]> = [
  [
    "kryten-other-service-first",
    "another service's line comes first: its own line, and the reply is seen by its own",
    ["GuestAnn: delivered", "KrytenBot: own_line", "KrytenBot: echo"]
  ],
  [
    "kryten-pm-other-service-first",
    "the same in private",
    ["GuestAnn: delivered", "KrytenBot: echo", "GuestAnn: delivered", "KrytenBot: own_line", "KrytenBot: echo"]
  ],
  [
    "kryten-filter-alters-echo",
    "the room's filter replaces a word of each reply",
    ["GuestAnn: delivered", "GuestBob: delivered", "KrytenBot: echo", "KrytenBot: echo"]
  ],
  [
    "kryten-antiflood-and-filter-mixup",
    "flood control refuses the second: its resend is not seen here; the third left after its captured echo",
    [
      "Ana: delivered",
      "KrytenBot: echo",
      "Bob: unconfirmed (cooldown)",
      "Cleo: unconfirmed",
      "KrytenBot: own_line"
    ]
  ],
  [
    "kryten-foreign-line-after-refusal",
    "a refused reply is not seen by another service's line seconds later",
    [
      "GuestAnn: delivered",
      "KrytenBot: echo",
      "GuestBob: unconfirmed (cooldown)",
      "KrytenBot: own_line",
      "GuestAnn: delivered",
      "KrytenBot: echo"
    ]
  ],
  ["kryten-muted", "the bot is muted, and keeps silent", ["GuestA: muted"]]
]

describe("in rooms as they were", () => {
  it.live.each(rooms)("%s: %s", ([name, , expected]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* played(name), expected)
    }))
})
