import type { Figure } from "./Figure.ts"

/** A number as people read it. */
export const digits = (value: number): string =>
  value >= 1000
    ? Math.round(value).toLocaleString("en")
    : value >= 100
    ? value.toFixed(0)
    : value.toFixed(value < 1 ? 3 : 1)

/** Whether a figure is as it should be; one without a target is. */
export const isMet = ({ result, target }: Pick<Figure, "result"> & Partial<Pick<Figure, "target">>): boolean =>
  target === undefined || (target.kind === "at least" ? result >= target.value : result <= target.value)

const row = (figure: Figure): ReadonlyArray<string> => {
  const { detail, id, result, spread: [least, greatest], target, unit, what } = figure
  const wanted = target === undefined ? "" : `${target.kind} ${target.value}`
  return [
    id,
    what,
    wanted,
    `${digits(result)} ${unit}${target === undefined ? "" : isMet(figure) ? " ✓" : " ✗"}`,
    `${digits(least)}–${digits(greatest)}`,
    detail
  ]
}

/** The figures for a terminal: what is measured, what it should be, what it is and from where to where the rounds reach. */
export const table = (figures: ReadonlyArray<Figure>): string => {
  const rows = [["", "benchmark", "target", "result", "spread", "read"], ...figures.map(row)]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? []
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join(
    "\n"
  )
}
