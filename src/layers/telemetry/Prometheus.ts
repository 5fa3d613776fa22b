import * as OtelMetrics from "@effect/opentelemetry/OtelMetrics"
import * as Resource from "@effect/opentelemetry/Resource"
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus"
import { Context, Effect, Layer, Schema } from "effect"
import { version } from "../process/Package.ts"

/** The metrics could not be collected. */
export class MetricsFailed extends Schema.TaggedError<MetricsFailed>()("MetricsFailed", { detail: Schema.String }) {
  override get message() {
    return `metrics could not be collected: ${this.detail}`
  }
}

// The names say their units; UNIT lines belong to another format than the text one.
const withoutUnits = (text: string): string => text.replace(/^# UNIT .*\n/gm, "")

/** The metrics in Prometheus's text format (OPERATIONS, metrics). */
export class Prometheus extends Context.Service<Prometheus, {
  readonly text: Effect.Effect<string, MetricsFailed>
}>()("llm-bot/Prometheus") {
  /** `serviceName` is `telemetry.service_name`. */
  static readonly layer = (serviceName: string): Layer.Layer<Prometheus> =>
    Layer.effect(
      Prometheus,
      Effect.gen(function*() {
        const exporter = new PrometheusExporter({ preventServerStart: true })
        // No target_info and no scope labels: names and labels are exactly the specified ones.
        const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
        const producer = yield* OtelMetrics.makeProducer("cumulative")
        yield* OtelMetrics.registerProducer(producer, () => exporter, { shutdownTimeout: "1 second" })
        return Prometheus.of({
          text: Effect.tryPromise({
            try: () =>
              exporter.collect().then(({ resourceMetrics }) => withoutUnits(serializer.serialize(resourceMetrics))),
            catch: (cause) => new MetricsFailed({ detail: cause instanceof Error ? cause.message : "unknown" })
          })
        })
      })
    ).pipe(Layer.provide(Resource.layer({ serviceName, serviceVersion: version })))
}
