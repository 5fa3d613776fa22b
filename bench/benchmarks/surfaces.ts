import { Effect, Fiber } from "effect"
import { connect } from "@nats-io/transport-node"
import { explainSubject } from "../../src/domain/decision/Explain.ts"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { type Benchmark, type Figure, valueFigure } from "../Figure.ts"
import { makeStage } from "../process/Stage.ts"
import { percentile } from "../Statistics.ts"

const channels = 1000
const seconds = 5

/** How long each of many questions waits for its answer, in ms. */
const waits = (times: number, ask: () => Promise<unknown>) =>
  Effect.forEach(Array.from({ length: times }), () =>
    Effect.gen(function*() {
      const began = performance.now()
      yield* Effect.promise(ask)
      const took = performance.now() - began
      yield* Effect.sleep(Math.max(0, 100 - took))
      return took
    }))

/** (i) What operators and people ask while 2,000 lines a second come; the same at rest is the baseline. */
export const surfaces: Benchmark = {
  name: "surfaces",
  run: Effect.fnUntraced(
    function*() {
      const { bot, nats, say } = yield* makeStage(channels)
      const client = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: nats })),
        (client) => Effect.promise(() => client.close())
      )
      const lines = { channels, count: 2000 * seconds, rate: 2000, mentionEvery: 0 }
      const questions = {
        health: () => fetch(`${bot.http}/health`).then((response) => response.text()),
        metrics: () => fetch(`${bot.http}/metrics`).then((response) => response.text()),
        explain: () => client.request(explainSubject, JSON.stringify({ last: 5 }), { timeout: 10_000 })
      }
      yield* say("cytube", { ...lines, rate: 0 })
      const figures: Array<Figure> = []
      for (const [name, ask] of Object.entries(questions)) {
        const quiet = yield* waits(10, ask)
        const talk = yield* Effect.forkChild(say("cytube", lines))
        const busy = yield* waits(seconds * 10 - 5, ask)
        yield* Fiber.join(talk)
        const about = { id: `i.${name}`, what: `${name} at 2,000 lines a second, 99th percentile` }
        const baseline = [percentile(quiet, 0.99)]
        const target = { kind: "at most", value: 100 } as const
        figures.push(valueFigure({ ...about, target }, { baseline, ours: [percentile(busy, 0.99)] }, "ms"))
      }
      return figures
    },
    Effect.provide(NatsServer.layer),
    Effect.scoped
  )
}
