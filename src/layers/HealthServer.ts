import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, type HttpServerError, HttpServerResponse } from "effect/http"
import type { Settings } from "../domain/settings/Settings.ts"
import { Health } from "../services/Health.ts"
import { version } from "./Package.ts"
import { Prometheus } from "./Prometheus.ts"

/** Nobody needs long here: whoever is slow or sends much is cut off. */
const limits = { requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192, keepAliveTimeout: 5_000 }

const routes = HttpRouter.use((router) =>
  Effect.gen(function*() {
    const health = yield* Health
    const prometheus = yield* Prometheus
    yield* router.add(
      "GET",
      "/health",
      Effect.map(health.report, (report) => HttpServerResponse.jsonUnsafe({ ...report, version }))
    )
    yield* router.add("GET", "/livez", HttpServerResponse.text("alive\n"))
    yield* router.add(
      "GET",
      "/readyz",
      Effect.map(health.ready, (ready) =>
        ready ? HttpServerResponse.text("ready\n") : HttpServerResponse.text("not connected\n", { status: 503 }))
    )
    const refused = HttpServerResponse.text("only GET\n", { status: 405, headers: { allow: "GET" } })
    yield* router.add("GET", "/metrics", Effect.andThen(health.gauges, prometheus.text).pipe(
      Effect.map((text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })),
      Effect.catchTag("MetricsFailed", ({ message }) =>
        Effect.succeed(HttpServerResponse.text(`${message}\n`, { status: 500 })))
    ))
    for (const path of ["/health", "/livez", "/readyz", "/metrics"] as const) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const) yield* router.add(method, path, refused)
    }
  })
)

/** The health server cannot listen. */
export class HealthServerFailed extends Schema.TaggedError<HealthServerFailed>()("HealthServerFailed", {
  address: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `cannot listen on ${this.address} (${this.detail}); set another health.host or health.port`
  }
}

const detailOf = ({ cause }: HttpServerError.ServeError): string =>
  cause instanceof Error ? cause.message : "unknown"

/** `/health`, `/livez`, `/readyz` and `/metrics`, nothing else (OPERATIONS, HTTP). */
export const layer = ({ host, port }: Settings["health"]): Layer.Layer<never, HealthServerFailed, Health | Prometheus> =>
  HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(NodeHttpServer.layer(() => createServer(limits), { host, port, gracefulShutdownTimeout: "2 seconds" })),
    Layer.catchTag("ServeError", (error) =>
      Layer.effectDiscard(Effect.fail(new HealthServerFailed({ address: `${host}:${port}`, detail: detailOf(error) }))))
  )
