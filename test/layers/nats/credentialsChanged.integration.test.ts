import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { eventually } from "../../support/eventually.ts"
import { LogLines } from "../../support/LogLines.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { natsSettings } from "../../support/natsSettings.ts"
import { emptyFolder } from "../../support/Program.ts"

/** A server that knows one user, whose password changes under way. */
const world = Effect.gen(function*() {
  const folder = yield* emptyFolder
  const [file, log] = [join(folder, "nats.conf"), join(folder, "nats.log")]
  const write = (password: string) =>
    Effect.sync(() =>
      writeFileSync(file, `log_file: "${log}"\nauthorization { users = [{ user: bot, password: ${password} }] }`)
    )
  yield* write("right")
  const server = yield* Effect.provideContext(NatsServer, yield* Layer.build(NatsServer.layerWith(["-c", file])))
  const { url } = server
  const nats = yield* Effect.provideContext(
    Nats,
    yield* Layer.build(NatsConnection.layer(natsSettings({ servers: [url], user: "bot", password: "right" })))
  )
  const refusals = Effect.sync(() => readFileSync(log, "utf8").split("authentication error").length - 1)
  return { nats, refusals, change: (password: string) => Effect.andThen(write(password), server.signal("SIGHUP")) }
})

describe("a password that is changed and changed back while the bot runs", () => {
  it.live("nats-io/nats.node#533, nats-io/nats.js#89: is told once, tried again, and the bot hears as before", () =>
    Effect.gen(function*() {
      const { change, nats, refusals } = yield* world
      const states: Array<boolean> = []
      const heard: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(nats.connection, (up) => Effect.sync(() => void states.push(up))),
        { startImmediately: true }
      )
      yield* nats.subscribe("room", ({ body }) => void heard.push(new TextDecoder().decode(body)))
      yield* change("another")
      yield* eventually("four refusals", refusals, (count) => count > 3)
      yield* change("right")
      yield* eventually("the connection", nats.connected, (up) => up)
      const body = "still there?"
      yield* nats.publish({ subject: "room", headers: new Map(), body, request: false })
      yield* eventually("the message", Effect.succeed(heard), ({ length }) => length > 0)
      assert.deepStrictEqual(heard, [body])
      assert.deepStrictEqual(states, [true, false, true])
      assert.deepStrictEqual(
        (yield* LogLines.use(({ all }) => all)).map(({ level, message }) => `${level} ${message}`),
        [
          "Error NATS error; NATS refuses this user (Authorization Violation); check its credentials and docs/nats-permissions.md",
          "Error NATS disconnected",
          "Info NATS reconnected"
        ]
      )
    }).pipe(Effect.scoped, Effect.provide(LogLines.layer)))
})
