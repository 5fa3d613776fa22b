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

/** How long the last spans may take to leave when the bot stops. */
const shutdownWithin = "1 second"
/** A collector that is away is told of at most this often, ms. */
const tellEvery = 60_000

/** A standard variable; an empty one is none, as OpenTelemetry wants it. */
const variable = (name: string): Effect.Effect<Option.Option<string>> =>
  Config.option(Config.String(name)).pipe(
    Effect.orDie,
    Effect.map(Option.filter((value) => value.trim() !== ""))
  )

/** What the standard variables leave to the configuration; the exporter reads the rest of them itself. */
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

/** Where traces go: below the collector's address, unless that is the place itself. */
const tracesUrl = (endpoint: string): string => {
  const base = endpoint.replace(/\/+$/, "")
  return base.endsWith("/v1/traces") ? base : `${base}/v1/traces`
}

/** Several addresses tried in vain make an error without a message of its own. */
const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join(", ")
  return error instanceof Error && error.message !== "" ? error.message : "unknown"
}

/** An exporter whose failures are lines of our own log, few of them. */
const telling = Effect.fnUntraced(function*(exporter: SpanExporter) {
  const run = Effect.runForkWith(yield* Effect.context<never>())
  let toldAt = Number.NEGATIVE_INFINITY
  const tell = Effect.fnUntraced(function*(error: unknown) {
    const now = yield* monotonicMillis
    if (now - toldAt < tellEvery) return
    toldAt = now
    yield* Effect.logWarning("Trace export failed; is the collector up?", reasonOf(error))
  })
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== 0) run(tell(result.error))
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

/** Ends in time whatever the collector does; what fails there is told by the exporter. */
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
    spanProcessors: [new BatchSpanProcessor(yield* telling(exporter))],
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
 * Exports traces by OTLP over HTTP where an endpoint is set, else makes nothing at all (OPERATIONS, traces). The standard
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
