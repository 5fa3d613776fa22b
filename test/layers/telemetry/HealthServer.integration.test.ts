import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { Bus } from "../../support/Bus.ts"
import { eventually } from "../../support/eventually.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { configOnDisk, get, health, say, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

/** Sends bytes as they are and waits until the server closes, well before Node itself would after 60 s: its answer. */
const raw = (port: number, text: string) =>
  Effect.callback<string>((resume) => {
    const socket = connect(port, "127.0.0.1", () => void socket.write(text))
    let answer = ""
    socket.on("data", (part) => {
      answer += part.toString("utf8")
    })
    socket.on("error", () => socket.destroy())
    socket.on("close", () => resume(Effect.succeed(answer)))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeout("20 seconds"), Effect.orDie)

const medianOf = (values: ReadonlyArray<number>): number =>
  [...values].toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** The median time of so many requests, one after the other. */
const timed = (port: number, path: string, count: number) =>
  Effect.map(
    Effect.forEach(Array.from({ length: count }), () =>
      Effect.map(Effect.timed(get(port, path)), ([duration]) => duration)),
    (durations) =>
      medianOf(durations.map(Duration.toMillis))
  )

const methods = ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

describe.concurrent("the HTTP server", () => {
  it.live("serves four paths to GET alone, and nothing else", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.tap(configOnDisk(), (config) => startWith(config))
      for (const path of ["/health", "/livez", "/readyz", "/metrics", "/health?verbose=1"]) {
        assert.strictEqual((yield* get(port, path)).status, 200, path)
        for (const method of methods) {
          const { headers, status } = yield* get(port, path, { method })
          assert.deepStrictEqual([method, status, headers.get("allow")], [method, 405, "GET"])
        }
      }
      for (const path of ["/", "/elsewhere", "/health/more", "/healthz", "/metrics.txt"]) {
        assert.strictEqual((yield* get(port, path)).status, 404, path)
        assert.strictEqual((yield* get(port, path, { method: "POST" })).status, 404, path)
      }
      assert.include((yield* get(port, "/metrics")).headers.get("content-type"), "text/plain; version=0.0.4")
      assert.include((yield* get(port, "/health")).headers.get("content-type"), "application/json")
      const { last_event_timestamp, metrics, ...rest } = yield* health(port)
      assert.deepInclude(rest, {
        status: "healthy",
        nats_connected: true,
        llm_api_available: true,
        channels: { lobby: "active" }
      })
      assert.isNull(last_event_timestamp)
      assert.deepStrictEqual(metrics, { events_received: 0, triggers_fired: 0, responses_sent: 0 })
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("tells of an endpoint that is left alone, and why", () =>
    Effect.gen(function*() {
      const llm = yield* LlmDouble
      const { port } = yield* Effect.tap(configOnDisk(), (config) => startWith(config))
      yield* llm.behave({ status: 429, headers: { "retry-after": "60" } })
      yield* say("lobby", "ana", "MovieBot hello")
      const text = yield* eventually(
        "the closed endpoint",
        Effect.map(get(port, "/health"), ({ text }) => text),
        (text) => text.includes("llm_endpoints_closed")
      )
      assert.match(text, /"llm_endpoints_closed":\[\{"model":"double","for_seconds":\d+,"reason":"rate_limit"\}\]/)
      assert.include(text, "\"status\":\"degraded\"")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("cuts off large headers, bodies and whoever is slow", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.tap(configOnDisk(), (config) => startWith(config))
      const [header, body, slow] = yield* Effect.all([
        raw(port, `GET /health HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`),
        raw(port, `POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n${"x".repeat(100_000)}`),
        raw(port, "GET /health HTTP/1.1\r\nHost:")
      ], { concurrency: "unbounded" })
      assert.include(header, "431")
      assert.include(body, "405")
      assert.include(slow, "408")
      assert.strictEqual((yield* health(port)).status, "healthy")
    }).pipe(Effect.provide(world), Effect.scoped))
})

describe("the HTTP server under load", () => {
  it.live("answers nearly as fast as at rest", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.tap(configOnDisk({ rate_limits: { max_per_channel_per_minute: 2 } }), (config) =>
        startWith(config))
      yield* timed(port, "/metrics", 30)
      const rest = yield* timed(port, "/health", 50)
      const load = Effect.forever(
        Effect.andThen(
          Effect.forEach(Array.from({ length: 20 }), (_, index) =>
            say("lobby", `user${index}`, "MovieBot hello")),
          Effect.sleep("20 millis")
        )
      )
      const busy = yield* Effect.raceFirst(timed(port, "/health", 150), load)
      assert.isAbove((yield* health(port)).metrics.events_received, 200)
      assert.isBelow(busy, 20 * Math.max(rest, 1))
    }).pipe(Effect.provide(world), Effect.scoped))
})
