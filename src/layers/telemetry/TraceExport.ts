import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import * as Resource from "@effect/opentelemetry/Resource"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler
} from "@opentelemetry/sdk-trace-base"
import { Effect, Option, type Tracer } from "effect"
import type { Settings } from "../../domain/settings/Settings.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { version } from "../process/Package.ts"
import { exportTracer } from "./ExportTracer.ts"

/** The time limit of the last export on shutdown. */
const shutdownWithin = "1 second"
/** The least time between two warnings of a failed export, ms. */
const warnEvery = 60_000

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

const ratioSampler = ({ sample_ratio }: Settings["telemetry"]) =>
  new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample_ratio) })

/** What the standard variables leave to the configuration. */
interface Export {
  /** The endpoint; none where a variable names it. */
  readonly url: Option.Option<string>
  /** Whether a variable says which traces are sampled. */
  readonly sampledByVariable: boolean
}

const makeProvider = Effect.fnUntraced(function*(
  telemetry: Settings["telemetry"],
  { sampledByVariable, url }: Export
) {
  const exporter = new OTLPTraceExporter(Option.match(url, { onNone: () => ({}), onSome: (url) => ({ url }) }))
  return new BasicTracerProvider({
    resource: yield* resource(telemetry),
    // Its queue is bounded: what a slow collector does not take is dropped.
    spanProcessors: [new BatchSpanProcessor(yield* warnOnFailure(exporter))],
    ...(sampledByVariable ? {} : { sampler: ratioSampler(telemetry) })
  })
})

/** The tracer that exports by OTLP over HTTP until the scope closes. */
export const makeTracer = Effect.fnUntraced(function*(telemetry: Settings["telemetry"], to: Export) {
  const provider = yield* Effect.acquireRelease(makeProvider(telemetry, to), shutdown)
  const tracer = provider.getTracer("llm-bot", version)
  const exporter: Tracer.Tracer = yield* Effect.provideService(OtelTracer.make, OtelTracer.OtelTracer, tracer)
  return exportTracer(exporter)
})
