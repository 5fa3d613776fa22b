import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Schedule, Stream } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type DecisionRecord, encodeRecord } from "../domain/Decision.ts"
import { deliveryText, eventText, outcomeText, stepText } from "../domain/DecisionStory.ts"
import { DecisionLog } from "../services/DecisionLog.ts"
import { packageFile } from "./Package.ts"
import { PlaygroundRoom, Saying } from "./PlaygroundRoom.ts"

const host = "127.0.0.1"

// Nothing from elsewhere, and nothing of this page elsewhere.
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; " +
  "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const error = (status: number, message: string) => HttpServerResponse.jsonUnsafe({ error: message }, { status })

/** A stream of JSON events; a comment every 15 s keeps proxies and browsers from giving up. */
const events = <A>(stream: Stream.Stream<A>) => {
  const data = Stream.map(stream, (event) => `data: ${JSON.stringify(event)}\n\n`)
  const beats = Stream.fromSchedule(Schedule.spaced("15 seconds")).pipe(Stream.map(() => ": still here\n\n"))
  return HttpServerResponse.stream(Stream.merge(data, beats).pipe(Stream.encodeText), {
    contentType: "text/event-stream",
    headers: { "cache-control": "no-store" }
  })
}

/** A record with its story in words, so that the page only shows it. */
const told = (record: DecisionRecord) => ({
  ...encodeRecord(record),
  story: {
    head: eventText(record),
    outcome: record.outcome === undefined ? "under way" : outcomeText(record.outcome),
    steps: record.steps.map(stepText),
    ...(record.delivery === undefined ? {} : { delivery: deliveryText(record.delivery) })
  }
})

const routes = (model: string) =>
  HttpRouter.use((router) =>
    Effect.gen(function*() {
      const room = yield* PlaygroundRoom
      const decisions = yield* DecisionLog
      const { bot, key, room: { name } } = room.channel

      yield* router.add("GET", "/", Effect.sync(() =>
        HttpServerResponse.html(packageFile("playground/index.html")).pipe(
          HttpServerResponse.setHeaders({ "content-security-policy": policy, "x-content-type-options": "nosniff" })
        )))
      yield* router.add("GET", "/api/room", HttpServerResponse.jsonUnsafe({
        channel: name,
        bot: bot.username,
        model,
        protocol: "memory"
      }))
      yield* router.add("GET", "/api/lines", Effect.sync(() => events(room.lines)))
      yield* router.add("GET", "/api/decisions", Effect.sync(() => events(Stream.map(decisions.follow(key), told))))
      yield* router.add("POST", "/api/messages", Effect.gen(function*() {
        const saying = yield* HttpServerRequest.schemaBodyJson(Saying)
        if (saying.channel.toLowerCase() !== key) return error(400, `there is no channel ${saying.channel} here`)
        return HttpServerResponse.jsonUnsafe({ correlation_id: yield* room.say(saying) }, { status: 202 })
      }).pipe(
        Effect.catchTags({
          SchemaError: () =>
            Effect.succeed(error(400, "needs channel, username (1 to 50 characters) and message (1 to 320)")),
          HttpServerError: () => Effect.succeed(error(400, "needs a JSON body")),
          NatsError: ({ message }) => Effect.succeed(error(503, message))
        })
      ))
    })
  )

// A page elsewhere must not reach the room through somebody's browser: only our own address, only JSON.
const guard = HttpRouter.middleware(
  Effect.succeed((handled) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method }) => {
      if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(headers["host"] ?? "")) {
        return Effect.succeed(error(403, "the playground answers on its own address only"))
      }
      return method === "POST" && !(headers["content-type"] ?? "").startsWith("application/json")
        ? Effect.succeed(error(415, "needs content-type application/json"))
        : handled
    })
  ),
  { global: true }
)

/** The page and its API on the loopback address (OPERATIONS, playground). */
export const layer = (model: string, port: number) =>
  HttpRouter.serve(Layer.mergeAll(routes(model), guard), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(NodeHttpServer.layer(() => createServer(), { host, port, gracefulShutdownTimeout: "1 second" }))
  )
