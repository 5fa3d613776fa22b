import { Effect } from "effect"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { type Benchmark, valueFigure } from "../Figure.ts"
import { makeStage } from "../process/Stage.ts"

const count = 60_000
const mentions = 20

/** (j) A flood in one channel, a few mentions in it: each of them has to be decided. */
export const burst: Benchmark = {
  name: "burst",
  run: Effect.fnUntraced(
    function*() {
      const { bot, say } = yield* makeStage(1)
      const lines = { channels: 1, count, rate: 0, mentionEvery: count / mentions, patienceMs: 1000 }
      yield* say("cytube", lines)
      const fired = yield* bot.counted("triggers_fired_total")
      const suppressed = yield* bot.counted("triggers_suppressed_total")
      const dropped = yield* bot.counted("events_dropped_total")
      const about = {
        id: "j.flood",
        what: `${count.toLocaleString("en")} lines at once, ${mentions} of them mentions: mentions decided`,
        target: { kind: "at least", value: mentions }
      } as const
      return [{
        ...valueFigure(about, { baseline: [], ours: [Math.min(mentions, fired + suppressed)] }, `of ${mentions}`),
        // Grows when mentions are lost.
        cost: 1 + mentions - Math.min(mentions, fired + suppressed),
        detail: `${dropped.toLocaleString("en")} lines that mention nobody dropped`
      }]
    },
    Effect.provide(NatsServer.layer),
    Effect.scoped
  )
}
