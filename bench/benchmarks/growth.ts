import { Effect, Schema } from "effect"
import { alternated, type Benchmark, ratioFigure, type Target } from "../Figure.ts"
import { type InMemory, inMemory } from "../process/InMemory.ts"

const keywords = Array.from({ length: 1000 }, (_, index) => `keyword${index}`)

interface Growth {
  readonly id: string
  readonly what: string
  readonly from: InMemory
  readonly to: InMemory
  readonly target?: Target
}

const grown: ReadonlyArray<Growth> = [
  {
    id: "h.channels",
    what: "10 → 10,000 channels",
    from: { channels: 10 },
    to: { channels: 10_000 },
    target: { kind: "at most", value: 1.2 }
  },
  {
    id: "h.keywords",
    what: "1 → 1,000 keywords",
    from: { channels: 10, sections: { triggers: [{ type: "keyword", keywords: ["keyword"] }] } },
    to: { channels: 10, sections: { triggers: [{ type: "keyword", keywords }] } }
  },
  {
    id: "h.window",
    what: "windows of 50 → 1,000 lines",
    from: { channels: 10 },
    to: { channels: 10, sections: { context_window: { size: 1000 } } }
  },
  {
    id: "h.users",
    what: "100 → 10,000 people",
    from: { channels: 10 },
    to: { channels: 10, users: 10_000 }
  }
]

const growth = Effect.fnUntraced(function*({ from, id, target, to, what }: Growth) {
  const [few, many] = [yield* inMemory(from), yield* inMemory(to)]
  const cpu = (bot: typeof few) => bot.ask({ part: "receive", count: 10_000 }, Schema.Finite)
  yield* cpu(few)
  yield* cpu(many)
  const results = yield* alternated(3, cpu(few), cpu(many))
  return ratioFigure({ id, what: `a line's cost, ${what}`, target }, "cost", {
    baseline: results.map(({ baseline }) => baseline),
    ours: results.map(({ ours }) => ours)
  }, "µs")
}, Effect.scoped)

/** (h) What grows with what there is more of: flat where it should be flat. */
export const growths: Benchmark = { name: "growth", run: () => Effect.forEach(grown, growth) }
