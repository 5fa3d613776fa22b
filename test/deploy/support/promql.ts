import { Effect } from "effect"
import { scrape, shapes } from "../../support/Exposition.ts"
import { StateStore } from "../../../src/services/state/StateStore.ts"
import { failedReload, flood, measuredBot, story } from "../../support/MetricsStory.ts"

/** Every metric the bot really exports with its labels, after a story in which all of them occur. */
export const exported: Effect.Effect<ReadonlyMap<string, ReadonlySet<string>>> = Effect.gen(function*() {
  yield* story("room0")
  yield* flood("room0")
  yield* failedReload
  const entries = shapes(yield* scrape).map((shape) => {
    const [, name = "", labels = ""] = /^(\w+)\{(.*)\}$/.exec(shape) ?? []
    return [name, new Set(labels.split(",").filter((label) => label !== ""))] as const
  })
  return new Map(entries)
}).pipe(Effect.provide(measuredBot(1, StateStore.layerMap(new Map()))), Effect.scoped)

/** A metric as a query names it. */
export interface Selector {
  readonly metric: string
  readonly labels: ReadonlyArray<string>
}

/** The metrics that a query reads; a histogram's parts under its own name. */
export const selectorsIn = (expr: string): ReadonlyArray<Selector> =>
  [...expr.matchAll(/(\w+)\{([^}]*)\}/g)].map(([, metric = "", matchers = ""]) => ({
    metric: metric.replace(/_(?:bucket|sum|count)$/, ""),
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label)
  }))

/** The labels that a query groups or joins by. */
const groupingsIn = (expr: string): ReadonlyArray<string> =>
  [...expr.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, labels = ""]) =>
    labels.split(",").map((label) => label.trim())
  )

// Prometheus's own.
const targetLabels = ["job", "instance"]

/** What a query names that there is not. */
export const unknownIn = (expr: string, metrics: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyArray<string> => {
  const selectors = selectorsIn(expr)
  const labelsOf = (metric: string): ReadonlySet<string> | undefined =>
    metric === "up" ? new Set() : metrics.get(metric)
  const bare = [...metrics.keys()].filter((metric) =>
    new RegExp(`\\b${metric}(_bucket|_sum|_count)?\\b(?![\\w{])`).test(expr)
  )
  const grouped = new Set(["le", ...targetLabels, ...selectors.flatMap(({ metric }) => [...labelsOf(metric) ?? []])])
  return [
    ...(selectors.length === 0 ? ["it reads no metric"] : []),
    ...bare.map((metric) => `${metric} of any job`),
    ...selectors.flatMap(({ labels, metric }) => {
      const known = labelsOf(metric)
      if (known === undefined) return [metric]
      const wrong = labels.filter((label) => !known.has(label) && !targetLabels.includes(label))
      return [
        ...wrong.map((label) => `${metric}{${label}}`),
        ...(labels.includes("job") ? [] : [`${metric} of any job`])
      ]
    }),
    ...groupingsIn(expr).filter((label) => !grouped.has(label)).map((label) => `by ${label}`)
  ]
}
