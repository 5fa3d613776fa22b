import { Effect } from "effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { Health } from "../../src/services/Health.ts"

/** The metrics as a scrape gets them. */
export const scrape = Effect.gen(function*() {
  yield* Health.use(({ gauges }) => gauges)
  return yield* PrometheusMetrics.format()
})

const samples = (text: string): ReadonlyArray<string> =>
  text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))

/** Every label combination of every metric; a histogram counts once (N4). */
export const series = (text: string): ReadonlySet<string> =>
  new Set(
    samples(text)
      .filter((line) => !/^\w+_(?:bucket|sum)[{ ]/.test(line))
      .map((line) => line.slice(0, line.lastIndexOf(" ")))
  )

/** The label names of each metric as `name{a,b}`, sorted. */
export const shapes = (text: string): ReadonlyArray<string> => {
  const shape = (line: string): string => {
    const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? []
    const keys = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, key = ""]) => key)
    return `${name}{${keys.filter((key) => key !== "le").toSorted().join(",")}}`
  }
  return [...new Set(samples(text).map(shape))].map((one) => one.replace(/_(?:bucket|sum|count)(?=\{)/, ""))
    .filter((one, index, all) => all.indexOf(one) === index).toSorted()
}

/** The exposition with its values out of the way, sorted: names, help, types, labels and buckets stay. */
export const stable = (text: string): string =>
  text.trimEnd().split(/\n(?=# HELP )/).map((metric) => {
    const [help = "", type = "", ...lines] = metric.split("\n")
    const blanked = lines.map((line) => `${line.slice(0, line.lastIndexOf(" "))} …`)
    const byLabels = Map.groupBy(blanked, (line) => line.replace(/,?le="[^"]*"|^\w+/g, ""))
    return [help, type, ...[...byLabels].toSorted(([a], [b]) => a < b ? -1 : 1).flatMap(([, group]) => group)].join(
      "\n"
    )
  }).toSorted().join("\n") + "\n"
