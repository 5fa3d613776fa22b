import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { ByteSize, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest } from "effect/http"
import { boundedServer } from "../process/HttpServer.ts"
import { api, refusal } from "./PlaygroundApi.ts"
import { assets } from "./PlaygroundAssets.ts"

const host = "127.0.0.1"

// Another site must not reach the room through a person's browser: only our own address, only JSON.
const guard = HttpRouter.middleware(
  Effect.succeed((handled) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method }) => {
      if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(headers["host"] ?? "")) {
        return Effect.succeed(refusal(403, "the playground answers on its own address only; open http://127.0.0.1"))
      }
      return method === "POST" && !(headers["content-type"] ?? "").startsWith("application/json")
        ? Effect.succeed(refusal(415, "needs content-type application/json"))
        : handled
    })
  ),
  { global: true }
)

/** The page and its API on the loopback address (OPERATIONS, playground). `real`: whether a real model answers. */
export const layer = (real: boolean, port: number) =>
  HttpRouter.serve(Layer.mergeAll(assets, api(real), guard), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(NodeHttpServer.layer(boundedServer, { host, port, gracefulShutdownTimeout: "1 second" })),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.megabytes(1)))
  )
