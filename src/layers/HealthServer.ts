import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer } from "effect"
import { HttpRouter, type HttpServerError, HttpServerResponse } from "effect/http"
import type { Settings } from "../domain/settings/Settings.ts"
import { Health } from "../services/Health.ts"
import { version } from "./Package.ts"

const routes = HttpRouter.use((router) =>
  Effect.gen(function*() {
    const health = yield* Health
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
    for (const path of ["/health", "/livez", "/readyz"] as const) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const) yield* router.add(method, path, refused)
    }
  })
)

/** `/health`, `/livez` and `/readyz`, nothing else (OPERATIONS, HTTP). */
export const layer = ({ host, port }: Settings["health"]): Layer.Layer<never, HttpServerError.ServeError, Health> =>
  HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(NodeHttpServer.layer(() => createServer(), { host, port, gracefulShutdownTimeout: "2 seconds" }))
  )
