import type { IncomingHttpHeaders } from "node:http"
import { Context, Effect, Layer, Schema } from "effect"
import { listen, readBody } from "./HttpListener.ts"

const Scalar = Schema.Struct({
  stringValue: Schema.optionalKey(Schema.String),
  intValue: Schema.optionalKey(Schema.Union([Schema.Finite, Schema.FiniteFromString])),
  doubleValue: Schema.optionalKey(Schema.Finite),
  boolValue: Schema.optionalKey(Schema.Boolean)
})
const Value = Schema.Struct({
  ...Scalar.fields,
  arrayValue: Schema.optionalKey(Schema.Struct({ values: Schema.Array(Scalar) }))
})
const KeyValues = Schema.Array(Schema.Struct({ key: Schema.String, value: Value }))

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optionalKey(Schema.String),
  name: Schema.String,
  kind: Schema.Finite,
  startTimeUnixNano: Schema.BigIntFromString,
  endTimeUnixNano: Schema.BigIntFromString,
  attributes: KeyValues,
  events: Schema.Array(
    Schema.Struct({ name: Schema.String, timeUnixNano: Schema.BigIntFromString, attributes: KeyValues })
  ),
  links: Schema.Array(Schema.Struct({ traceId: Schema.String, spanId: Schema.String })),
  status: Schema.Struct({ code: Schema.Finite, message: Schema.optionalKey(Schema.String) })
})
const Export = Schema.fromJsonString(Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    resource: Schema.Struct({ attributes: KeyValues }),
    scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) }))
  }))
}))
const decodeExport = Schema.decodeUnknownSync(Export)

const scalar = ({ boolValue, doubleValue, intValue, stringValue }: typeof Scalar.Type): unknown =>
  stringValue ?? intValue ?? doubleValue ?? boolValue
const values = (list: typeof KeyValues.Type): Readonly<Record<string, unknown>> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value.arrayValue?.values.map(scalar) ?? scalar(value)]))

const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"]
const statuses = ["unset", "ok", "error"]

const receivedOf = (span: typeof Span.Type) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parent: span.parentSpanId,
  name: span.name,
  kind: kinds[span.kind],
  /** Epoch ns. */
  start: span.startTimeUnixNano,
  end: span.endTimeUnixNano,
  attributes: values(span.attributes),
  events: span.events.map(({ attributes, name, timeUnixNano }) => ({
    name,
    at: timeUnixNano,
    attributes: values(attributes)
  })),
  links: span.links.map(({ spanId, traceId }) => ({ traceId, spanId })),
  status: statuses[span.status.code],
  message: span.status.message
})

/** A span as it reached the collector. */
export type ReceivedSpan = ReturnType<typeof receivedOf>

/** One request of an exporter. */
export interface Exported {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A real receiver of traces: OTLP over HTTP, as JSON. */
export class Collector extends Context.Service<Collector, {
  /** Without a path, as an operator writes it. */
  readonly url: string
  readonly exported: Effect.Effect<ReadonlyArray<Exported>>
  /** Every span so far, in order of its beginning. */
  readonly spans: Effect.Effect<ReadonlyArray<ReceivedSpan>>
  /** What the exporter says of itself. */
  readonly resource: Effect.Effect<Readonly<Record<string, unknown>>>
  /** From now on accepts and never answers. */
  readonly hang: Effect.Effect<void>
}>()("test/Collector") {
  static readonly layer: Layer.Layer<Collector> = Layer.effect(
    Collector,
    Effect.gen(function*() {
      const exported: Array<Exported> = []
      let hangs = false
      const url = yield* listen((request, response) =>
        readBody(request, (body) => {
          exported.push({ path: request.url ?? "", headers: request.headers, body })
          if (!hangs) response.writeHead(200, { "content-type": "application/json" }).end("{}")
        })
      )
      const decoded = Effect.sync(() => exported.flatMap(({ body }) => decodeExport(body).resourceSpans))
      return Collector.of({
        url,
        exported: Effect.sync(() => [...exported]),
        spans: Effect.map(
          decoded,
          (all) =>
            all.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(receivedOf)))
              .toSorted((one, other) => Number(one.start - other.start))
        ),
        resource: Effect.map(decoded, ([first]) => values(first?.resource.attributes ?? [])),
        hang: Effect.sync(() => {
          hangs = true
        })
      })
    })
  )
}
