import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import * as Resource from "@effect/opentelemetry/Resource"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler
} from "@opentelemetry/sdk-trace-base"
import process from "node:process"
import { Config, Effect, Layer, Option, References, Tracer } from "effect"
import { unheededVariables } from "../../domain/telemetry/OtelVariables.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { version } from "../process/Package.ts"
import { exportTracer } from "./ExportTracer.ts"

/** The time limit of the last export on shutdown. */
const shutdownWithin = "1 second"
/** The least time between two warnings of a failed export, ms. */
const warnEvery = 60_000

/** A standard variable; an empty one counts as unset, as OpenTelemetry specifies. */
const variable = (name: string): Effect.Effect<Option.Option<string>> =>
  Config.option(Config.String(name)).pipe(
    Effect.orDie,
    Effect.map(Option.filter((value) => value.trim() !== ""))
  )

/** The standard variables that override the configuration; the exporter reads the rest itself. */
const standard = Effect.gen(function*() {
  const disabled = Option.exists(yield* variable("OTEL_SDK_DISABLED"), (value) => value.toLowerCase() === "true")
  const noExporter = Option.contains(yield* variable("OTEL_TRACES_EXPORTER"), "none")
  const endpoint = yield* variable("OTEL_EXPORTER_OTLP_ENDPOINT")
  const tracesEndpoint = yield* variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
  return {
    off: disabled || noExporter,
    endpoint: Option.isSome(tracesEndpoint) || Option.isSome(endpoint),
    sampler: Option.isSome(yield* variable("OTEL_TRACES_SAMPLER"))
  }
})

/** The traces endpoint: below the collector's address, unless that is the endpoint itself. */
const tracesUrl = (endpoint: string): string => {
  const base = endpoint.replace(/\/+$/, "")
  return base.endsWith("/v1/traces") ? base : `${base}/v1/traces`
}

/** Several failed addresses make an error without its own message. */
const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join(", ")
  return error instanceof Error && error.message !== "" ? error.message : "unknown"
}

/** An exporter that logs its failures, at a limited rate. */
const warnOnFailure = Effect.fnUntraced(function*(exporter: SpanExporter) {
  const run = Effect.runForkWith(yield* Effect.context<never>())
  let warnedAt = Number.NEGATIVE_INFINITY
  const warn = Effect.fnUntraced(function*(error: unknown) {
    const now = yield* monotonicMillis
    if (now - warnedAt < warnEvery) return
    warnedAt = now
    yield* Effect.logWarning("Trace export failed; is the collector up?", reasonOf(error))
  })
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== 0) run(warn(result.error))
        done(result)
      }),
    shutdown: () => exporter.shutdown()
  } satisfies SpanExporter
})

const resource = ({ service_name: serviceName }: Settings["telemetry"]) =>
  Effect.gen(function*() {
    const configured = yield* Effect.provide(
      Resource.Resource,
      Resource.layer({ serviceName, serviceVersion: version })
    )
    return configured.merge(yield* Effect.provide(Resource.Resource, Resource.layerFromEnv()))
  })

/** Ends in time even if the collector hangs; the exporter logs failures. */
const shutdown = (provider: BasicTracerProvider): Effect.Effect<void> =>
  Effect.promise(() => provider.shutdown().catch(() => undefined)).pipe(
    Effect.timeoutOrElse({
      duration: shutdownWithin,
      orElse: () => Effect.logWarning("Final trace export timed out; is the collector up?")
    })
  )

const makeProvider = Effect.fnUntraced(function*(
  telemetry: Settings["telemetry"],
  url: Option.Option<string>,
  sampler: Option.Option<Sampler>
) {
  const exporter = new OTLPTraceExporter(Option.match(url, { onNone: () => ({}), onSome: (url) => ({ url }) }))
  return new BasicTracerProvider({
    resource: yield* resource(telemetry),
    // Its queue is bounded: what a slow collector does not take is dropped.
    spanProcessors: [new BatchSpanProcessor(yield* warnOnFailure(exporter))],
    ...Option.match(sampler, { onNone: () => ({}), onSome: (sampler) => ({ sampler }) })
  })
})

const make = Effect.fnUntraced(function*(telemetry: Settings["telemetry"]) {
  const { endpoint, off, sampler } = yield* standard
  const unheeded = off ? [] : unheededVariables(process.env)
  if (unheeded.length > 0) {
    const what = "OpenTelemetry variables are set that the bot does not heed; traces go by OTLP over HTTP as JSON"
    yield* Effect.logWarning(what, unheeded.join(", "))
  }
  if (off || (!endpoint && Option.isNone(telemetry.otlp_endpoint))) return Option.none()
  const url = endpoint ? Option.none() : Option.map(telemetry.otlp_endpoint, tracesUrl)
  if (Option.exists(url, (url) => !URL.canParse(url))) {
    yield* Effect.logWarning(
      "telemetry.otlp_endpoint is not a URL, so tracing is off; expected something like http://collector:4318"
    )
    return Option.none()
  }
  const ratioSampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(telemetry.sample_ratio) })
  const configured = sampler ? Option.none() : Option.some(ratioSampler)
  const provider = yield* Effect.acquireRelease(makeProvider(telemetry, url, configured), shutdown)
  const tracer = provider.getTracer("llm-bot", version)
  return Option.some(exportTracer(yield* Effect.provideService(OtelTracer.make, OtelTracer.OtelTracer, tracer)))
})

/**
 * Exports traces by OTLP over HTTP where an endpoint is set; otherwise tracing is disabled. The standard
 * `OTEL_*` variables win over the configuration (OPERATIONS, traces).
 */
export const layer = (telemetry: Settings["telemetry"]): Layer.Layer<never> =>
  make(telemetry).pipe(
    Effect.annotateLogs({ logger: "Tracing" }),
    Effect.map(Option.match({
      onNone: () => Layer.succeed(References.TracerEnabled, false),
      onSome: (tracer) => Layer.succeed(Tracer.Tracer, tracer)
    })),
    Layer.unwrap
  )
