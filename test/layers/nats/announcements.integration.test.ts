import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Bus, isQuestion } from "../../support/Bus.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { eventually } from "../../support/eventually.ts"
import { configOnDisk, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

const Body = Schema.fromJsonString(Schema.Struct({
  service: Schema.Literal("llm"),
  version: Schema.NonEmptyString,
  hostname: Schema.NonEmptyString,
  timestamp: Schema.String,
  uptime_seconds: Schema.Finite,
  metadata: Schema.Struct({
    endpoints: Schema.Struct({
      health: Schema.Struct({ port: Schema.Int, path: Schema.Literal("/health") }),
      metrics: Schema.Struct({ port: Schema.Int, path: Schema.Literal("/metrics") })
    })
  })
}))
const decodeBody = Schema.decodeUnknownSync(Body, { onExcessProperty: "error" })

/** What services of the bridge see, in order. */
const watch = Effect.gen(function*() {
  const { url } = yield* NatsServer
  const client = yield* Effect.acquireRelease(
    Effect.promise(() => connect({ servers: url.replace("nats://", "") })),
    (client) => Effect.promise(() => client.close())
  )
  const seen: Array<{ readonly subject: string; readonly body: string }> = []
  const take = {
    callback: (_: unknown, message: { readonly subject: string; readonly string: () => string }) =>
      void seen.push({ subject: message.subject, body: message.string() })
  }
  client.subscribe("kryten.lifecycle.llm.*", take)
  client.subscribe("kryten.robot.command", {
    callback: (error, message) => isQuestion(message) ? undefined : take.callback(error, message)
  })
  yield* Effect.promise(() => client.flush())
  return { seen, client, subjects: Effect.sync(() => seen.map(({ subject }) => subject)) }
})

describe("the program among the bridge's services", () => {
  it.live("announces itself, answers a poll, and says goodbye after its last reply", () =>
    Effect.gen(function*() {
      const { url: nats } = yield* NatsServer
      const { client, seen, subjects } = yield* watch
      const config = yield* configOnDisk({ nats: { servers: [nats], protocol: "kryten" } })
      const program = yield* startWith(config)
      const startup = "kryten.lifecycle.llm.startup"
      yield* eventually("a startup", subjects, (all) => all.length === 1)
      client.publish("kryten.service.discovery.poll", "{}")
      yield* eventually("a second startup", subjects, (all) => all.length === 2)

      yield* LlmDouble.use(({ behave }) => behave({ delayMs: 400 }))
      const line = { username: "ana", msg: "MovieBot hello", meta: {}, time: Date.now() }
      client.publish("kryten.events.cytube.lobby.chatmsg", JSON.stringify(line))
      yield* program.logged("Trigger fired")
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
      yield* Effect.promise(() => client.flush())
      assert.deepStrictEqual(yield* subjects, [
        startup,
        startup,
        "kryten.robot.command",
        "kryten.lifecycle.llm.shutdown"
      ])
      const bodies = seen.filter(({ subject }) => subject.includes("lifecycle")).map(({ body }) => decodeBody(body))
      assert.deepStrictEqual(
        bodies.map(({ metadata }) => metadata.endpoints.health.port),
        bodies.map(() => config.port)
      )
    }).pipe(Effect.provide(world), Effect.scoped))
})
