import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { version } from "../../../src/layers/process/Package.ts"
import { Bus } from "../../support/Bus.ts"
import { Collector } from "../../support/Collector.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { freePort, type Program } from "../../support/Program.ts"
import { commands, configOnDisk, say, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer, Collector.layer).pipe(Layer.provideMerge(NatsServer.layer))

/** The program answers one line and stops. */
const oneReply = Effect.fnUntraced(
  function*(telemetry: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>>) {
    const config = yield* configOnDisk({ telemetry })
    const program = yield* startWith(config, [], env)
    yield* say("lobby", "ana", "MovieBot hello")
    yield* commands(1)
    yield* program.logged("Command sent")
    yield* program.signal("SIGTERM")
    assert.strictEqual(yield* program.exit, 0)
    return program
  }
)

/** Nothing but lines of the log was said, and the traces stopped last. */
const endedWell = Effect.fnUntraced(function*(program: Program) {
  const lines = yield* program.logs
  const output = yield* program.output
  assert.lengthOf(lines, output.trim().split("\n").length)
  assert.strictEqual(lines.at(-1)?.["message"], "Telemetry stopped")
  return lines.filter(({ logger }) => logger === "Tracing")
})

const spanNames = Effect.map(Effect.flatMap(Collector, ({ spans }) => spans), (all) => all.map(({ name }) => name))
const oneTrace = ["process cytube.events.{channel}.chatMsg", "chat double", "send cytube.commands.{channel}.chat"]

describe.concurrent("the program's traces", () => {
  it.live("leave before it ends, to the endpoint of the configuration", () =>
    Effect.gen(function*() {
      const { url, exported, resource } = yield* Collector
      const program = yield* oneReply({ otlp_endpoint: url, service_name: "movie-bot" }, {})
      assert.deepStrictEqual(yield* spanNames, oneTrace)
      assert.deepStrictEqual([...new Set((yield* exported).map(({ path }) => path))], ["/v1/traces"])
      assert.deepInclude(yield* resource, { "service.name": "movie-bot", "service.version": version })
      assert.deepStrictEqual(yield* endedWell(program), [])
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("variables that are not heeded are told once, at the start, and their values never", () =>
    Effect.gen(function*() {
      const program = yield* oneReply({}, {
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
        OTEL_EXPORTER_ZIPKIN_ENDPOINT: "http://me:hidden@zipkin"
      })
      const told = yield* endedWell(program)
      assert.deepStrictEqual(told.map(({ error, level }) => [level, error]), [
        ["WARNING", "OTEL_EXPORTER_OTLP_PROTOCOL (only http/json), OTEL_EXPORTER_ZIPKIN_ENDPOINT"]
      ])
      assert.notInclude(yield* program.output, "hidden")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("a collector that is down delays neither a reply nor the stop, and is told of once", () =>
    Effect.gen(function*() {
      const program = yield* oneReply(
        { otlp_endpoint: `http://127.0.0.1:${yield* freePort}` },
        { OTEL_BSP_SCHEDULE_DELAY: "50", OTEL_EXPORTER_OTLP_TIMEOUT: "300" }
      )
      const told = yield* endedWell(program)
      assert.deepStrictEqual(told.map(({ message }) => message), ["Trace export failed; is the collector up?"])
      assert.match(String(told[0]?.["error"]), /ECONNREFUSED/)
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("a collector that never answers delays neither a reply nor, for long, the stop", () =>
    Effect.gen(function*() {
      const collector = yield* Collector
      yield* collector.hang
      const program = yield* oneReply(
        { otlp_endpoint: collector.url },
        // Longer than this test may take: whoever waits for the collector fails it.
        { OTEL_EXPORTER_OTLP_TIMEOUT: "120000", OTEL_BSP_EXPORT_TIMEOUT: "120000", OTEL_BSP_SCHEDULE_DELAY: "50" }
      )
      const told = yield* endedWell(program)
      assert.deepStrictEqual(told.map(({ message }) => message), [
        "Final trace export timed out; is the collector up?"
      ])
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("standard variables win over the configuration", () =>
    Effect.gen(function*() {
      const { url, exported, resource } = yield* Collector
      const configured = { otlp_endpoint: "http://127.0.0.1:9", service_name: "configured", sample_ratio: 0 }
      const program = yield* oneReply(configured, {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer of-the-test",
        OTEL_SERVICE_NAME: "from-the-variable",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "1"
      })
      assert.deepStrictEqual(yield* spanNames, oneTrace)
      assert.deepStrictEqual((yield* exported).map(({ headers }) => headers.authorization), ["Bearer of-the-test"])
      assert.deepInclude(yield* resource, {
        "service.name": "from-the-variable",
        "deployment.environment.name": "test"
      })
      assert.deepStrictEqual(yield* endedWell(program), [])
      assert.notInclude(yield* program.output, "of-the-test")
    }).pipe(Effect.provide(world), Effect.scoped))

  for (
    const [name, env] of Object.entries({
      "OTEL_SDK_DISABLED": { OTEL_SDK_DISABLED: "true" },
      "OTEL_TRACES_SAMPLER": { OTEL_TRACES_SAMPLER: "always_off" },
      "OTEL_TRACES_EXPORTER": { OTEL_TRACES_EXPORTER: "none" }
    })
  ) {
    it.live(`${name} turns them off`, () =>
      Effect.gen(function*() {
        const { url, exported } = yield* Collector
        yield* oneReply({ otlp_endpoint: url }, env)
        assert.deepStrictEqual(yield* exported, [])
        const [command] = yield* Effect.flatMap(Bus, (bus) => bus.commands)
        assert.notProperty(command?.headers, "traceparent")
      }).pipe(Effect.provide(world), Effect.scoped))
  }
})
