import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, type HttpServerError, HttpServerResponse } from "effect/http"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type { Settings } from "../../domain/settings/Settings.ts"
import { Health } from "../../services/Health.ts"
import { boundedServer } from "../process/HttpServer.ts"
import { version } from "../process/Package.ts"

// The rest of a refused request is not read.
const onlyGet = HttpServerResponse.text("only GET\n", { status: 405, headers: { allow: "GET", connection: "close" } })

const routes = HttpRouter.use((router) =>
  Effect.gen(function*() {
    const health = yield* Health
    const get = (path: HttpRouter.PathInput, answer: Effect.Effect<HttpServerResponse.HttpServerResponse>) =>
      router.add("*", path, ({ method }) => method === "GET" ? answer : Effect.succeed(onlyGet))

    yield* get(
      "/health",
      Effect.map(health.report, (report) => HttpServerResponse.jsonUnsafe({ ...report, version }))
    )
    yield* get("/livez", Effect.succeed(HttpServerResponse.text("alive\n")))
    yield* get(
      "/readyz",
      Effect.map(health.ready, (ready) =>
        ready ? HttpServerResponse.text("ready\n") : HttpServerResponse.text("not ready\n", { status: 503 }))
    )
    yield* get(
      "/metrics",
      Effect.map(
        Effect.andThen(health.gauges, PrometheusMetrics.format()),
        (text) =>
          HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
      )
    )
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

const detailOf = ({ cause }: HttpServerError.ServeError): string => cause instanceof Error ? cause.message : "unknown"

/** `/health`, `/livez`, `/readyz` and `/metrics`, nothing else (OPERATIONS, HTTP). */
export const layer = (
  { host, port }: Settings["health"]
): Layer.Layer<never, HealthServerFailed, Health> =>
  HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(NodeHttpServer.layer(boundedServer, { host, port, gracefulShutdownTimeout: "2 seconds" })),
    Layer.catchTag(
      "ServeError",
      (error) =>
        Layer.effectDiscard(
          Effect.fail(new HealthServerFailed({ address: `${host}:${port}`, detail: detailOf(error) }))
        )
    )
  )
