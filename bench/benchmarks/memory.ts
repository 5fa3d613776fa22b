import { Effect, Schema } from "effect"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { type Benchmark, type Figure, type Target, valueFigure } from "../Figure.ts"
import { configFile, startBot, unlimited } from "../process/Bot.ts"
import { inMemory } from "../process/InMemory.ts"
import { measured } from "../process/Measured.ts"
import { residentMemory } from "../process/ProcessTimes.ts"
import { makeStage, quietLines, type Stage } from "../process/Stage.ts"

const Heap = Schema.Struct({ heapUsed: Schema.Finite, external: Schema.Finite, rss: Schema.Finite })
const Held = Schema.Record(Schema.String, Schema.Finite)

const tellsOfHeap = ["--expose-gc", "--import", "./bench/children/memory.ts"]
/** So many lines are said in one go: a flood would be dropped in part. */
const atOnce = 20_000

const plain = (
  id: string,
  what: string,
  unit: string,
  result: number,
  target: Target | undefined,
  detail = ""
): Figure => ({
  ...valueFigure({ id, what, target }, { ours: [result], baseline: [] }, unit),
  detail
})

/** The bundle, ready, with one channel and nothing said; Node alone beside it. */
const idle = Effect.gen(function*() {
  const { url } = yield* NatsServer
  const node = yield* measured(["-e", "setInterval(() => {}, 1e6)"])
  const bot = yield* startBot(yield* configFile(url, "http://127.0.0.1:9/v1", 1, unlimited))
  yield* bot.rest
  const [alone, ours] = [residentMemory(node.pid).now, residentMemory(bot.pid).now]
  return plain(
    "f.idle",
    "memory, idle",
    "MB",
    ours,
    { kind: "at most", value: 90 },
    `Node alone ${alone.toFixed(0)} MB`
  )
}).pipe(Effect.provide(NatsServer.layer), Effect.scoped)

const fill = Effect.fnUntraced(function*({ say }: Stage, channels: number, lines: number) {
  for (let said = 0; said < channels * lines; said += atOnce) {
    yield* say("cytube", quietLines(channels, Math.min(atOnce, channels * lines - said)))
  }
})

/** The heap that a channel takes with so many lines said, every window full. */
const perChannel = Effect.fnUntraced(
  function*(channels: number, lines: number, most: number) {
    const stage = yield* makeStage(channels, { ...unlimited, context_window: { size: lines } }, tellsOfHeap)
    const before = yield* stage.bot.ask({}, Heap)
    yield* fill(stage, channels, lines)
    const after = yield* stage.bot.ask({}, Heap)
    const grew = (after.heapUsed + after.external - before.heapUsed - before.external) / channels / 1024
    const detail = `${channels.toLocaleString("en")} channels: heap ${(after.heapUsed / 1e6).toFixed(0)} MB`
    const target: Target = { kind: "at most", value: most }
    return plain(
      `f.channel.${lines}`,
      `memory of a channel, ${lines.toLocaleString("en")} lines`,
      "KiB",
      grew,
      target,
      detail
    )
  },
  Effect.provide(NatsServer.layer),
  Effect.scoped
)

/** What the process holds after many lines in a hundred channels, as shipped: nobody collects by hand. */
const after = Effect.fnUntraced(
  function*(lines: number) {
    const stage = yield* makeStage(100)
    yield* fill(stage, 100, lines / 100)
    const { now, peak } = residentMemory(stage.bot.pid)
    const target: Target = { kind: "at most", value: 110 }
    const what = `memory after ${lines.toLocaleString("en")} lines in 100 channels`
    return plain("f.after", what, "MB", now, target, `at most ${peak.toFixed(0)} MB`)
  },
  Effect.provide(NatsServer.layer),
  Effect.scoped
)

const byPart = Effect.gen(function*() {
  const bot = yield* inMemory({ channels: 100 })
  const held = yield* bot.ask({ part: "memory", count: 20_000 }, Held)
  const parts = Object.entries(held).filter(([, bytes]) => bytes > 100).toSorted(([, one], [, other]) => other - one)
  const all = parts.reduce((sum, [, bytes]) => sum + bytes, 0) / 1024
  const detail = parts.map(([part, bytes]) => `${part} ${(bytes / 1024).toFixed(1)}`).join(", ")
  return plain("f.parts", "a channel's state, 200 lines said, by part", "KiB", all, undefined, detail)
}).pipe(Effect.scoped)

/** (f) Memory: idle, a channel's, and after a long evening. */
export const memory: Benchmark = {
  name: "memory",
  run: (extent) =>
    extent === "short"
      ? Effect.map(idle, (figure) => [figure])
      : Effect.all([idle, byPart, perChannel(1000, 200, 20), perChannel(100, 1000, 60), after(1_000_000)])
}
