/** What the bot heeds of a variable: any value, or these. */
type Heeded = true | ReadonlyArray<string>

const samplers = ["always_on", "always_off", "traceidratio"]

const ofExporter: Readonly<Record<string, Heeded>> = {
  PROTOCOL: ["http/json"],
  ENDPOINT: true,
  HEADERS: true,
  TIMEOUT: true,
  COMPRESSION: ["gzip", "none"],
  CERTIFICATE: true,
  CLIENT_KEY: true,
  CLIENT_CERTIFICATE: true
}

const heeded = new Map<string, Heeded>([
  ["OTEL_SDK_DISABLED", ["true", "false"]],
  ["OTEL_TRACES_EXPORTER", ["otlp", "none"]],
  // Neither logs nor metrics are exported this way.
  ["OTEL_LOGS_EXPORTER", ["none"]],
  ["OTEL_METRICS_EXPORTER", ["none"]],
  ["OTEL_PROPAGATORS", ["tracecontext"]],
  ["OTEL_SERVICE_NAME", true],
  ["OTEL_SERVICE_VERSION", true],
  ["OTEL_RESOURCE_ATTRIBUTES", true],
  ["OTEL_TRACES_SAMPLER", [...samplers, ...samplers.map((name) => `parentbased_${name}`)]],
  ["OTEL_TRACES_SAMPLER_ARG", true],
  ["OTEL_BSP_SCHEDULE_DELAY", true],
  ["OTEL_BSP_EXPORT_TIMEOUT", true],
  ["OTEL_BSP_MAX_QUEUE_SIZE", true],
  ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", true],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", true],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", true],
  ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", true],
  ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", true],
  ["OTEL_SPAN_EVENT_COUNT_LIMIT", true],
  ["OTEL_SPAN_LINK_COUNT_LIMIT", true],
  ["OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT", true],
  ["OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT", true],
  ...["OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"].flatMap((prefix) =>
    Object.entries(ofExporter).map(([name, values]) => [`${prefix}${name}`, values] as const)
  )
])

/** What is not heeded of one variable, in words; never its value, which may be a secret. */
const unheeded = (name: string, value: string): ReadonlyArray<string> => {
  const known = heeded.get(name)
  if (known === true) return []
  if (known === undefined) return [name]
  const values = name === "OTEL_PROPAGATORS" ? value.split(",") : [value]
  return values.every((one) => known.includes(one.trim().toLowerCase())) ? [] : [`${name} (only ${known.join(", ")})`]
}

/** The OpenTelemetry variables that the bot does not heed as they are set (OPERATIONS, traces). */
export const unheededVariables = (environment: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> =>
  Object.entries(environment)
    .filter(([name, value]) => name.startsWith("OTEL_") && value !== undefined && value.trim() !== "")
    .flatMap(([name, value = ""]) => unheeded(name, value)).toSorted()
