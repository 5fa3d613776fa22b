import { Effect } from "effect"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { alternated, type Benchmark, type Figure, ratioFigure, valueFigure } from "../Figure.ts"
import { type Lines, makeStage } from "../process/Stage.ts"

const channels = 100

/** (b) The cost of a reply, and of a line where one in a hundred is answered; the model takes no time. */
export const replies: Benchmark = {
  name: "replies",
  run: Effect.fnUntraced(
    function*(extent) {
      const { say } = yield* makeStage(channels)
      const mentions: Lines = { channels, count: extent === "short" ? 100 : 200, rate: 80, mentionEvery: 1 }
      const mixed: Lines = { channels, count: 6000, rate: 4000, mentionEvery: 100 }
      yield* say("asks", mentions)
      yield* say("cytube", mentions)
      const rounds = extent === "short" ? 2 : 3
      const single = yield* alternated(rounds, say("asks", mentions), say("cytube", mentions))
      const about = { id: "b.reply", what: "a reply at 80 a second", target: { kind: "at most", value: 0.5 } } as const
      const reply: Figure = valueFigure(about, {
        baseline: single.map(({ baseline }) => baseline.cpu / 1000),
        ours: single.map(({ ours }) => ours.cpu / 1000)
      }, "ms")
      if (extent === "short") return [reply]
      yield* say("cytube", mixed)
      const mix = yield* alternated(rounds, say("asks", mixed), say("cytube", mixed))
      return [
        reply,
        ratioFigure({ id: "b.mixed", what: "a line, one in a hundred answered", target: undefined }, "efficiency", {
          baseline: mix.map(({ baseline }) => baseline.cpu),
          ours: mix.map(({ ours }) => ours.cpu)
        }, "µs")
      ]
    },
    Effect.provide(NatsServer.layer),
    Effect.scoped
  )
}
