import type { ReplaySummary } from "./ReplaySummary.ts"
import { countText, cut, fit, oneLine, wrapped } from "./ReplayWords.ts"

/** Terminal width of a report, columns. */
export const columns = 80
/** Items shown of a list. */
export const mostListed = 20
const textColumns = 60

/** A section with its heading; nothing when it is empty. */
export const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", title.toUpperCase(), ...lines]

/** Figures with their names, aligned. */
export const figures = (rows: ReadonlyArray<readonly [name: string, words: string]>): ReadonlyArray<string> =>
  rows.map(([name, words]) => wrapped(`  ${fit(name, 21)} ${words}`, columns, " ".repeat(24)))

/** A moment without its date where the whole log is of one day. */
export const momentIn = ({ from, to }: Pick<ReplaySummary, "from" | "to">) => (at: string): string =>
  from.slice(0, 10) === to.slice(0, 10) ? at.slice(11) : at

/** A note that the list continues. */
export const more = (left: number): ReadonlyArray<string> => left > 0 ? [`  … and ${countText(left)} more`] : []

/** Who said what, in one line of a terminal. */
export const saidText = (user: string, text: string): string =>
  `${cut(oneLine(user), 20)}: ${cut(oneLine(text), textColumns)}`

/** The name of a span of time. */
export const spanName = (hours: number): string => hours === 1 ? "hour" : hours === 24 ? "day" : `${hours / 24} days`

/** A span's beginning, as short as it may be. */
export const spanText = (from: string, hours: number): string => hours === 1 ? from : from.slice(0, 10)
