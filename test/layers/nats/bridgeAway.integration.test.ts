import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Schedule } from "effect"
import { Nats } from "../../../src/services/Nats.ts"
import { Bridge, type BridgeOptions } from "../../support/Bridge.ts"
import { eventually } from "../../support/eventually.ts"
import { answerTo, askedLine, completionOf, LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { everythingOff, runningBot } from "../../support/RunningBot.ts"

const world = (bridge: BridgeOptions) =>
  runningBot(bridge.protocol, everythingOff).pipe(
    Layer.provideMerge(Bridge.layer(bridge)),
    Layer.provideMerge(Layer.mergeAll(NatsServer.layer, LlmDouble.layer, Logger.layer([])))
  )

/** How long NATS is away. */
const awayMs = 5_000

/** What the bot is asked, a line each. */
const asked = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `KrytenBot, what about the film that has number ${index}?`)

/** Replies get ready while NATS is away; the bridge hears again only some time after its return. */
const readyWhileAway = Effect.fnUntraced(function*(count: number) {
  const [bridge, server, nats, llm] = yield* Effect.all([Bridge, NatsServer, Nats, LlmDouble])
  yield* llm.behave({ delayMs: () => awayMs / 2, body: (call) => completionOf(answerTo(askedLine(call))) })
  for (const line of asked(count)) yield* bridge.chat("Ana", line)
  yield* eventually("every line is asked", llm.calls, ({ length }) => length >= count)
  const away = yield* Effect.forkChild(Effect.sleep(awayMs), { startImmediately: true })
  yield* server.kill
  yield* eventually("the loss is noticed", nats.connected, (up) => !up)
  yield* Fiber.join(away)
  yield* server.restart
  const said = yield* Effect.repeat(bridge.said, {
    until: ({ length }) => length >= count,
    schedule: Schedule.spaced("50 millis")
  }).pipe(Effect.timeout("55 seconds"), Effect.orDie)
  return said.map(({ text }) => text)
})

// Each waits for the pace of its lines, all of them at once.
describe.concurrent("replies that get ready while NATS is away", () => {
  const rows = [
    ["kryten", "100 millis", 8],
    ["kryten", "2 seconds", 20],
    ["kryten", "20 seconds", 8],
    ["kryten-legacy", "2 seconds", 12],
    ["cytube", "2 seconds", 12]
  ] as const
  for (const [protocol, hearsAfter, count] of rows) {
    it.live(
      `${protocol}, a bridge that hears ${hearsAfter} after NATS is back: ${count} of ${count} reach the room, once`,
      () =>
        Effect.gen(function*() {
          const said = yield* readyWhileAway(count)
          assert.sameMembers(said, asked(count).map(answerTo))
        }).pipe(Effect.provide(world({ protocol, hearsAfter })), Effect.scoped),
      { timeout: 90_000 }
    )
  }
})
