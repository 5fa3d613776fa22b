import { spawnSync } from "node:child_process"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { promtool } from "../../support/promtool.ts"
import { scrape, series, shapes, stable } from "../../support/Exposition.ts"
import { failedReload, flood, measuredBot, say, story } from "../../support/MetricsStory.ts"
import { pass, passTo } from "../../support/VirtualTime.ts"

/** OPERATIONS, metrics: each with exactly these labels. */
const specified = [
  "active_channels{}",
  "bridge_faults{channel}",
  "channels_muted{}",
  "config_last_reload_successful{}",
  "config_reloads_total{result}",
  "context_window_size{channel}",
  "event_processing_duration_seconds{channel}",
  "events_dropped_total{channel}",
  "events_invalid_total{channel,reason}",
  "events_received_total{channel,event_type}",
  "llm_api_available{model}",
  "llm_request_duration_seconds{model}",
  "llm_requests_total{model,status}",
  "llm_tokens_total{direction,model}",
  "nats_connected{}",
  "outbox_dropped_total{reason}",
  "ownership_changes_total{change}",
  "partitions_owned{}",
  "rate_limit_remaining{channel,limit_type}",
  "reply_duration_seconds{channel}",
  "response_length_characters{channel}",
  "responses_delivered_total{channel}",
  "responses_filtered_total{channel,reason}",
  "responses_resent_total{channel,reason}",
  "responses_sent_total{channel,target_type}",
  "responses_unconfirmed_total{channel,reason}",
  "triggers_evaluated_total{channel,trigger_type}",
  "triggers_fired_total{channel,trigger_type}",
  "triggers_suppressed_total{channel,reason,trigger_type}"
]

const everything = Effect.gen(function*() {
  yield* story("room0")
  yield* flood("room0")
  yield* failedReload
  return yield* scrape
})

/** 500 lines, every other one for the bot. */
const crowd = Effect.fnUntraced(function*(nameOf: (index: number) => string) {
  for (let index = 0; index < 500; index++) {
    yield* say("room0", nameOf(index), index % 2 === 0 ? "@MovieBot hello" : "popcorn for everybody")
    yield* pass(100)
  }
  yield* pass(60_000)
})

const rooms = (count: number) => Array.from({ length: count }, (_, index) => `room${index}`)

/** The value of one series. */
const valueOf = (text: string, labels: string): number =>
  Number(text.split("\n").find((line) => line.startsWith(`${labels} `))?.split(" ").at(-1))

describe("the metrics", () => {
  it.effect("are those specified (OPERATIONS, metrics), labels included, as in the golden exposition; promtool agrees", () =>
    Effect.gen(function*() {
      const text = yield* everything
      assert.deepStrictEqual(shapes(text), specified)
      yield* Effect.promise(() => expect(stable(text)).toMatchFileSnapshot("../../fixtures/golden/metrics.txt"))
      const { status, stderr, stdout } = spawnSync(promtool(), ["check", "metrics"], { input: text, encoding: "utf8" })
      assert.deepStrictEqual({ status, stderr, stdout }, { status: 0, stderr: "", stdout: "" })
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))

  it.effect("are there from the start, each documented series of a known channel at 0", () =>
    Effect.gen(function*() {
      const before = yield* scrape
      // The program sets that one when it begins to listen for reloads.
      assert.deepStrictEqual(shapes(before), specified.filter((one) => one !== "config_last_reload_successful{}"))
      const counted = before.split("\n").filter((line) => /^\w+_(?:total|count|sum|bucket)[{ ]/.test(line))
      const events = [/^events_received_total\{.*"changeMedia"/, /^triggers_suppressed_total\{.*"pm".*"cooldown"/]
      for (const event of events) assert.isTrue(counted.some((line) => event.test(line)), String(event))
      assert.deepStrictEqual(counted.filter((line) => !line.endsWith(" 0")), [])
      assert.include(before, "events_dropped_total{channel=\"room0\"} 0")
      yield* story("room0")
      // Nothing that happens later is a channel's series that was not there: only other events and the model's.
      const born = [...series(yield* scrape)].filter((one) => !series(before).has(one) && one.includes("room0"))
      assert.deepStrictEqual(born.filter((one) => !one.startsWith("events_received_total")), [])
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))

  it.effect("hold what happened: each bucket counts itself and all below", () =>
    Effect.gen(function*() {
      yield* say("room0", "Ana", "@MovieBot hello")
      yield* passTo(40_000)
      const text = yield* scrape
      const held = (labels: string) => valueOf(text, labels)
      assert.strictEqual(held("events_received_total{channel=\"room0\",event_type=\"chatMsg\"}"), 1)
      assert.strictEqual(held("responses_sent_total{channel=\"room0\",target_type=\"chat\"}"), 1)
      assert.strictEqual(held("response_length_characters_sum{channel=\"room0\"}"), 28)
      assert.deepStrictEqual(
        ["0.1", "0.5", "60", "+Inf"].map((le) => held(`reply_duration_seconds_bucket{channel="room0",le="${le}"}`)),
        [1, 1, 1, 1]
      )
      assert.deepStrictEqual(
        ["10", "50", "+Inf"].map((le) => held(`response_length_characters_bucket{channel="room0",le="${le}"}`)),
        [0, 1, 1]
      )
      assert.strictEqual(held("rate_limit_remaining{channel=\"room0\",limit_type=\"channel_per_minute\"}"), 7)
      assert.strictEqual(held("context_window_size{channel=\"room0\"}"), 2)
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))

  it.effect("count each trigger that matched and was refused, also where the next one fires", () =>
    Effect.gen(function*() {
      yield* say("room0", "Ana", "popcorn")
      yield* passTo(5_000)
      yield* say("room0", "Bob", "rarely popcorn")
      yield* passTo(40_000)
      const text = yield* scrape
      const refused = (reason: string) =>
        valueOf(text, `triggers_suppressed_total{channel="room0",trigger_type="keyword",reason="${reason}"}`)
      assert.deepStrictEqual([refused("probability"), refused("cooldown")], [1, 1])
      assert.strictEqual(valueOf(text, "triggers_fired_total{channel=\"room0\",trigger_type=\"keyword\"}"), 1)
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))

  it.effect("stay under 1,000 label combinations in 20 busy channels", () =>
    Effect.gen(function*() {
      for (const channel of rooms(20)) yield* story(channel)
      const found = series(yield* scrape).size
      assert.isAbove(found, 20 * 20)
      assert.isBelow(found, 1_000)
    }).pipe(Effect.provide(measuredBot(20)), Effect.scoped))

  it.effect("name no channel where there are more than telemetry.channel_label_limit, and add up what is so now", () =>
    Effect.gen(function*() {
      for (const channel of rooms(1_000)) yield* say(channel, `fan${channel}`, `@MovieBot hello ${channel}`)
      yield* passTo(1_000)
      const text = yield* scrape
      assert.notInclude(text, "room")
      assert.isBelow(series(text).size, 120)
      assert.strictEqual(valueOf(text, "events_received_total{channel=\"_all\",event_type=\"chatMsg\"}"), 1_000)
      assert.strictEqual(valueOf(text, "context_window_size{channel=\"_all\"}"), 1_996)
      assert.strictEqual(valueOf(text, "active_channels"), 1_000)
    }).pipe(Effect.provide(measuredBot(1_000)), Effect.scoped))

  it.effect("have no series more after 500 people spoke", () =>
    Effect.gen(function*() {
      yield* crowd((index) => `regular${index % 10}`)
      const before = series(yield* scrape)
      yield* crowd((index) => `person${(index * 7_919).toString(36)}`)
      const text = yield* scrape
      assert.deepStrictEqual([...series(text)].filter((one) => !before.has(one)), [])
      assert.notInclude(text, "person")
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))
})
