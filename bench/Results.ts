import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Schema } from "effect"

const Target = Schema.Struct({ kind: Schema.Literals(["at least", "at most"]), value: Schema.Finite })

const Measurement = Schema.Struct({
  id: Schema.String,
  what: Schema.String,
  unit: Schema.String,
  result: Schema.Finite,
  spread: Schema.Tuple([Schema.Finite, Schema.Finite]),
  // JSON leaves out what is undefined.
  target: Schema.optionalKey(Target),
  cost: Schema.Finite,
  detail: Schema.String,
  /** The commit that was measured, and the machine's load; here where figures come from several runs. */
  commit: Schema.String,
  load: Schema.Finite
})

/** A figure as a run of the benchmarks wrote it. */
export type Measurement = typeof Measurement.Type

const decode = Schema.decodeSync(Schema.fromJsonString(Schema.Array(Measurement)))

/** The figures of `bench/results`: `before` the work on speed began, and `now`. */
export const results = (name: "before" | "now"): ReadonlyArray<Measurement> =>
  decode(readFileSync(resolve(import.meta.dirname, `results/${name}.json`), "utf8"))
