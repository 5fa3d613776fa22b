import { assert, describe, it } from "@effect/vitest"
import { unheededVariables } from "../../../src/domain/telemetry/OtelVariables.ts"

describe("OpenTelemetry's variables", () => {
  it("that are heeded, or empty, or of others, are no matter", () =>
    assert.deepStrictEqual(
      unheededVariables({
        PATH: "/bin",
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: "authorization=secret",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_LOG_LEVEL: " "
      }),
      []
    ))

  for (
    const [name, value, told] of [
      ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL (only http/json)"],
      ["OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL (only http/json)"],
      ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "GRPC", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL (only http/json)"],
      ["OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER (only otlp, none)"],
      ["OTEL_METRICS_EXPORTER", "otlp", "OTEL_METRICS_EXPORTER (only none)"],
      ["OTEL_PROPAGATORS", "tracecontext,b3", "OTEL_PROPAGATORS (only tracecontext)"],
      ["OTEL_EXPORTER_OTLP_INSECURE", "true", "OTEL_EXPORTER_OTLP_INSECURE"],
      ["OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://me:secret@zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT"],
      ["OTEL_METRIC_EXPORT_INTERVAL", "1000", "OTEL_METRIC_EXPORT_INTERVAL"]
    ] as const
  ) {
    it(`${name}=${value} is named, without its value`, () =>
      assert.deepStrictEqual(unheededVariables({ [name]: value }), [told]))
  }
})
