import { spawnSync } from "node:child_process"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { debianBinary } from "../support/debianBinary.ts"
import { scrape, series, shapes, stable } from "../support/Exposition.ts"
import { failedReload, flood, measuredBot, say, story } from "../support/MetricsStory.ts"

/** OPERATIONS, metrics: each with exactly these labels. */
const specified = [
  "active_channels{}",
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
  "rate_limit_remaining{channel,limit_type}",
  "reply_duration_seconds{channel}",
  "response_length_characters{channel}",
  "responses_filtered_total{channel,reason}",
  "responses_sent_total{channel,target_type}",
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

/** The value of one series. */
const valueOf = (text: string, labels: string): number =>
  Number(text.split("\n").find((line) => line.startsWith(`${labels} `))?.split(" ").at(-1))

describe("the metrics", () => {
  it.effect("are those of OPERATIONS, with exactly those labels", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(shapes(yield* everything), specified)
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))

  it.effect("come out as the golden exposition: names, help, types, labels, buckets", () =>
    Effect.gen(function*() {
      const text = stable(yield* everything)
      yield* Effect.promise(() => expect(text).toMatchFileSnapshot("../fixtures/golden/metrics.txt"))
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))

  it.effect("please promtool", () =>
    Effect.gen(function*() {
      const promtool = debianBinary("promtool", "prometheus", "usr/bin/promtool")
      if (promtool === undefined) return
      const { status, stderr, stdout } = spawnSync(promtool, ["check", "metrics"], {
        input: yield* everything,
        encoding: "utf8"
      })
      assert.deepStrictEqual({ status, stderr, stdout }, { status: 0, stderr: "", stdout: "" })
    }).pipe(Effect.provide(measuredBot(1)), Effect.scoped))
})
