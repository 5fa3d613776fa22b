/** The value below which so great a share of the values lies; 0 of none. */
export const percentile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** The middle value; of an even number the mean of the two in the middle. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

/** The least and the greatest value. */
export type Spread = readonly [least: number, greatest: number]

/** From where to where the values reach. */
export const spread = (values: ReadonlyArray<number>): Spread => [Math.min(...values), Math.max(...values)]
