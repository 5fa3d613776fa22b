import { Effect, Schema } from "effect"
import { alternated, type Benchmark, ratioFigure, valueFigure } from "../Figure.ts"
import { inMemory } from "../process/InMemory.ts"

const Shares = Schema.Record(Schema.String, Schema.Finite)

/** The features that take most of a profile, in words. */
const told = (shares: typeof Shares.Type): string =>
  Object.entries(shares).slice(0, 12).map(([room, share]) => `${room} ${(share * 100).toFixed(0)} %`).join(", ")

/** (e) One decision in memory: no bus, no bytes on a socket. */
export const decision: Benchmark = {
  name: "decision",
  run: Effect.fnUntraced(function*(extent) {
    const bot = yield* inMemory({ channels: 100 })
    const count = extent === "short" ? 5000 : 20_000
    const cpu = (part: string) => bot.ask({ part, count }, Schema.Finite)
    yield* cpu("receive")
    yield* cpu("decide")
    yield* cpu("floor")
    const rounds = extent === "short" ? 3 : 5
    const results = yield* alternated(
      rounds,
      cpu("parse"),
      Effect.all({ decode: cpu("decode"), decide: cpu("decide") })
    )
    const baseline = results.map(({ baseline }) => baseline)
    const decide = valueFigure(
      { id: "e.decide", what: "a decoded line to its closed decision", target: { kind: "at most", value: 5 } },
      { baseline, ours: results.map(({ ours }) => ours.decide) },
      "µs"
    )
    if (extent === "short") return [decide]
    const whole = yield* alternated(rounds, cpu("floor"), cpu("receive"))
    const shares = yield* bot.ask({ part: "profile", count: 2 * count }, Shares)
    return [
      { ...decide, detail: `${decide.detail} to parse` },
      {
        ...valueFigure(
          { id: "e.decode", what: "the bytes to a decoded line", target: undefined },
          { baseline, ours: results.map(({ ours }) => ours.decode) },
          "µs"
        ),
        detail: `both by feature: ${told(shares)}`
      },
      ratioFigure(
        {
          id: "e.floor",
          what: "the bytes to the closed decision, the least plain code that does it",
          target: undefined
        },
        "efficiency",
        { baseline: whole.map(({ baseline }) => baseline), ours: whole.map(({ ours }) => ours) },
        "µs"
      )
    ]
  }, Effect.scoped)
}
