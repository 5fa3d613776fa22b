import { readFileSync } from "node:fs"
import { type Measurement, results } from "../bench/Results.ts"
import { digits, isMet } from "../bench/Table.ts"

const shown = ({ result, unit }: Measurement): string => `${digits(result)} ${unit}`

const row = (now: Measurement, before: Measurement | undefined): string => {
  const { id, spread: [least, greatest], target, what } = now
  const cells = [
    `(${id[0]}) ${what}`,
    target === undefined ? "" : `${target.kind} ${target.value}`,
    before === undefined ? "" : shown(before),
    `${shown(now)}${target === undefined ? "" : isMet(now) ? " ✓" : " ✗"}`,
    `${digits(least)} to ${digits(greatest)}`,
    now.detail
  ]
  return `| ${cells.join(" | ")} |`
}

const commits = (measured: ReadonlyArray<Measurement>): string =>
  [...new Set(measured.map(({ commit }) => commit))].map((commit) => `\`${commit}\``).join(", ")

const loads = (measured: ReadonlyArray<Measurement>): string => {
  const values = measured.map(({ load }) => load)
  return `${Math.min(...values)} to ${Math.max(...values)}`
}

const table = (): string => {
  const [before, now] = [results("before"), results("now")]
  return [
    `Before: commit ${commits(before)}, load ${loads(before)}. Now: commit ${commits(now)}, load ${
      loads(now)
    }. Two cores.`,
    "",
    "| benchmark | target | before | now | spread | read |",
    "|---|---|---|---|---|---|",
    ...now.map((figure) => row(figure, before.find(({ id }) => id === figure.id)))
  ].join("\n")
}

const marks = ["<!-- Written by npm run generate. -->", "<!-- Up to here. -->"] as const

/** `docs/performance.md` with the table of `bench/results` in its place. */
export const performancePage = (): string => {
  const page = readFileSync("docs/performance.md", "utf8")
  const [head = "", rest = ""] = page.split(marks[0])
  const [, tail = ""] = rest.split(marks[1])
  return `${head}${marks[0]}\n\n${table()}\n\n${marks[1]}${tail}`
}

const rowHeight = 22
const left = 330
const width = 720

/** How many times a figure misses its target by; below 1 it is better than that. */
const miss = (result: number, target: Measurement["target"]): number =>
  target === undefined ? 1 : target.kind === "at most" ? result / target.value : target.value / result

const x = (factor: number): number =>
  left + (Math.log10(Math.min(100, Math.max(0.1, factor))) + 1) / 3 * (width - left - 20)

const style = "text{font:12px sans-serif;fill:#333}line{stroke:#bbb}.before{fill:none;stroke:#888;stroke-width:2}" +
  ".met{fill:#2a8a4a}.missed{fill:#c4572b}.target{stroke:#2a8a4a;stroke-width:2}" +
  "@media(prefers-color-scheme:dark){text{fill:#ccc}line{stroke:#555}}"

/** The chart of `docs/performance.md`: how far each figure is from its target, before (a ring) and now (a dot). */
export const performanceChart = (): string => {
  const before = results("before")
  const aimed = results("now").filter(({ target }) => target !== undefined)
  const bottom = 30 + aimed.length * rowHeight
  const axis = [0.1, 1, 10, 100].map((factor) =>
    `<line class="${factor === 1 ? "target" : "grid"}" x1="${x(factor)}" x2="${x(factor)}" y1="24" y2="${bottom}"/>` +
    `<text x="${x(factor)}" y="16" text-anchor="middle">${factor === 1 ? "target" : `× ${factor}`}</text>`
  )
  const rows = aimed.map((figure, index) => {
    const y = 30 + (index + 0.5) * rowHeight
    const earlier = before.find(({ id }) => id === figure.id)
    const ring = earlier === undefined
      ? ""
      : `<circle class="before" cx="${x(miss(earlier.result, figure.target)).toFixed(1)}" cy="${y}" r="5"/>`
    const dot = `<circle class="${isMet(figure) ? "met" : "missed"}" cx="${
      x(miss(figure.result, figure.target)).toFixed(1)
    }" cy="${y}" r="5"/>`
    return `<text x="0" y="${y + 4}">${figure.what.split(",").slice(0, 3).join(",").slice(0, 54)}</text>${ring}${dot}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 10}" role="img">\n` +
    `<title>How far each figure is from its target; left of it is better</title>\n<style>${style}</style>\n` +
    `${[...axis, ...rows].join("\n")}\n</svg>\n`
}
