import { Effect } from "effect"
import { median, type Spread, spread } from "./Statistics.ts"

/** What a figure should be. */
export interface Target {
  readonly kind: "at least" | "at most"
  readonly value: number
}

/** One line of the table. */
export interface Figure {
  /** The benchmark's letter and what is measured: `a.1000`. Ratios are committed under it. */
  readonly id: string
  readonly what: string
  /** What the result is in: `×` of a ratio. */
  readonly unit: string
  readonly result: number
  /** The least and the greatest result of the rounds. */
  readonly spread: Spread
  readonly target: Target | undefined
  /** Ours over the baseline; the result itself where there is no baseline. It grows when things become worse. */
  readonly cost: number
  /** What was read, in words: what the result is made of. */
  readonly detail: string
}

/** How much is measured: everything, or what continuous integration has time for. */
export type Extent = "full" | "short"

/** Something that is measured. */
export interface Benchmark {
  readonly name: string
  readonly run: (extent: Extent) => Effect.Effect<ReadonlyArray<Figure>>
}

/** What one round of each side brought. */
export interface Rounds {
  readonly ours: ReadonlyArray<number>
  readonly baseline: ReadonlyArray<number>
}

/** Runs both sides so many times, in turn: whatever else the machine does, it does to both. */
export const alternated = Effect.fnUntraced(function*<A, B>(
  rounds: number,
  baseline: Effect.Effect<A>,
  ours: Effect.Effect<B>
) {
  const results: Array<{ readonly baseline: A; readonly ours: B }> = []
  for (let round = 0; round < rounds; round++) {
    results.push({ baseline: yield* baseline, ours: yield* ours })
  }
  return results
})

const short = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

type About = Pick<Figure, "id" | "what" | "target">

/** A ratio of both sides, round by round: `efficiency` is baseline over ours, `cost` ours over baseline. */
export const ratioFigure = (
  about: About,
  kind: "efficiency" | "cost",
  { baseline, ours }: Rounds,
  unit: string
): Figure => {
  const costs = ours.map((value, round) => value / (baseline[round] ?? Number.NaN))
  const results = kind === "cost" ? costs : costs.map((cost) => 1 / cost)
  return {
    ...about,
    unit: "×",
    result: median(results),
    spread: spread(results),
    cost: median(costs),
    detail: `${short(median(ours))} ${unit} against ${short(median(baseline))}`
  }
}

/** A plain value, one a round; `cost` compares it with a baseline where there is one. */
export const valueFigure = (about: About, { baseline, ours }: Rounds, unit: string): Figure => ({
  ...about,
  unit,
  result: median(ours),
  spread: spread(ours),
  cost: baseline.length === 0
    ? median(ours)
    : median(ours.map((value, round) => value / (baseline[round] ?? Number.NaN))),
  detail: baseline.length === 0 ? "" : `against ${short(median(baseline))} ${unit}`
})
