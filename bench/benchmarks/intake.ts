import { Effect } from "effect"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { alternated, type Benchmark, type Figure, ratioFigure, type Target } from "../Figure.ts"
import { makeStage, quietLines } from "../process/Stage.ts"

const targets: ReadonlyMap<number, Target> = new Map([
  [1000, { kind: "at least", value: 0.15 }],
  [10_000, { kind: "at least", value: 0.12 }]
])

/** A line that triggers nothing, against receiving and parsing it: how many of the limit's events a second of CPU carries. */
const atChannels = Effect.fnUntraced(
  function*(channels: number, count: number, rounds: number) {
    const { bot, say } = yield* makeStage(channels)
    const lines = quietLines(channels, count)
    yield* say("bare", lines)
    yield* say("cytube", lines)
    const results = yield* alternated(rounds, say("bare", lines), say("cytube", lines))
    const dropped = yield* bot.counted("events_dropped_total")
    if (dropped > 0) return yield* Effect.die(new Error(`${dropped} lines were dropped, not decided`))
    const about = {
      id: `a.${channels}`,
      what: `a line that triggers nothing, ${channels.toLocaleString("en")} channels`,
      target: targets.get(channels)
    }
    return ratioFigure(about, "efficiency", {
      baseline: results.map(({ baseline }) => baseline.cpu),
      ours: results.map(({ ours }) => ours.cpu)
    }, "µs")
  },
  Effect.provide(NatsServer.layer),
  Effect.scoped
)

/** (a) Core intake up to the closed decision. */
export const intake: Benchmark = {
  name: "intake",
  run: (extent) => {
    const sizes = extent === "short" ? [100] : [1, 100, 1000, 10_000]
    const [count, rounds] = extent === "short" ? [6000, 3] : [10_000, 3]
    return Effect.forEach(sizes, (channels): Effect.Effect<Figure> => atChannels(channels, count, rounds))
  }
}
