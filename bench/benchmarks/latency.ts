import { Effect } from "effect"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { alternated, type Benchmark, type Figure, valueFigure } from "../Figure.ts"
import { makeStage } from "../process/Stage.ts"
import { median } from "../Statistics.ts"

/** A room's own pace lets one reply a second through; half of that leaves air. */
const channelsFor = (rate: number): number => Math.min(4000, 2 * rate)

const atRate = Effect.fnUntraced(
  function*(rate: number, seconds: number, rounds: number) {
    const channels = channelsFor(rate)
    const { say } = yield* makeStage(channels)
    const lines = { channels, count: rate * seconds, rate, mentionEvery: 1 }
    yield* say("cytube", { ...lines, count: Math.min(lines.count, 1000) })
    const results = yield* alternated(rounds, say("echo", lines), say("cytube", lines))
    const limit = 2 * median(results.map(({ baseline }) => baseline.p99)) + 1
    const unanswered = results.reduce((sum, { ours }) => sum + ours.unanswered, 0)
    const middle = median(results.map(({ ours }) => ours.p50)).toFixed(1)
    const figure = valueFigure({
      id: `d.${rate}`,
      what: `a mention until its answer leaves, 99th percentile, ${rate.toLocaleString("en")} a second`,
      target: rate === 500 ? { kind: "at most", value: Number(limit.toFixed(1)) } : undefined
    }, {
      baseline: results.map(({ baseline }) => baseline.p99),
      ours: results.map(({ ours }) => ours.p99)
    }, "ms")
    return { ...figure, detail: `${figure.detail}; median ${middle} ms; ${unanswered} unanswered` }
  },
  Effect.provide(NatsServer.layer),
  Effect.scoped
)

/** (d) What the bot adds to the way of a line and its answer, against an echo. */
export const latency: Benchmark = {
  name: "latency",
  run: (extent) =>
    Effect.forEach(
      extent === "short" ? [100] : [100, 500, 2000],
      (rate): Effect.Effect<Figure> => rate > 1000 ? atRate(rate, 1, 1) : atRate(rate, 2, extent === "short" ? 1 : 2)
    )
}
