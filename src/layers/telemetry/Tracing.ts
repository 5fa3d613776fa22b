import process from "node:process"
import { Config, Effect, Layer, Option, References, Tracer } from "effect"
import { unheededVariables } from "../../domain/telemetry/OtelVariables.ts"
import type { Settings } from "../../domain/settings/Settings.ts"

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
  // Loaded where it is used: it takes memory, and time to start.
  const { makeTracer } = yield* Effect.promise(() => import("./TraceExport.ts"))
  return Option.some(yield* makeTracer(telemetry, { url, sampledByVariable: sampler }))
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
