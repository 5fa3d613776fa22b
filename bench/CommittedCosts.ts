import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Schema } from "effect"
import type { Figure } from "./Figure.ts"

const file = resolve(import.meta.dirname, "costs.json")

/** How many times worse than committed is too much. Machines differ, and so do days. */
const tolerance = 3

const Costs = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Finite))

/** Says of each figure that has become much worse than committed in `bench/costs.json` by how much. */
export const regressions = (figures: ReadonlyArray<Figure>): ReadonlyArray<string> => {
  const costs = Schema.decodeSync(Costs)(readFileSync(file, "utf8"))
  return figures.flatMap(({ cost, id, what }) => {
    const committed = costs[id]
    return committed !== undefined && cost > committed * tolerance
      ? [`${what}: ${cost.toFixed(2)} where ${committed} is committed (${id})`]
      : []
  })
}
