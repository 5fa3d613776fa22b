/** A moment as `2026-01-01 20:05`, UTC; with seconds where asked. `ms` is epoch ms. */
export const utcText = (ms: number, seconds = false): string => {
  const date = new Date(ms)
  return Number.isNaN(date.getTime())
    ? "unknown time"
    : date.toISOString().replace("T", " ").slice(0, seconds ? 19 : 16)
}

/** A count, in groups of three: `12,345`. */
export const countText = (count: number): string => Math.round(count).toString().replace(/\B(?=(?:\d{3})+$)/g, ",")

/** A count of things: `1 reply`, `12 replies`. */
export const many = (count: number, one: string, more = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : more}`

/** How often the bot replies among lines of people: `one per 4 lines`. */
export const rateText = (replies: number, lines: number): string => {
  const every = Math.max(1, Math.round(lines / replies))
  return every === 1 ? "one per line" : `one per ${countText(every)} lines`
}

/** A figure with one decimal below ten: `3.4`, `12`. */
export const figureText = (value: number): string =>
  value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : countText(value)

/** ms as `0.8 s`, `12 s`, `3 min`, `2 h 5 min`. */
export const durationText = (ms: number): string => {
  const minutes = Math.round(ms / 60_000)
  if (ms < 99_500) return `${figureText(ms / 1000)} s`
  if (minutes < 60) return `${minutes} min`
  return minutes % 60 === 0
    ? `${countText(minutes / 60)} h`
    : `${countText(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

/** A part of a whole in per cent: `0 %`, `under 1 %`, `41 %`. */
export const percentText = (part: number, whole: number): string => {
  const percent = whole === 0 ? 0 : (100 * part) / whole
  return percent > 0 && percent < 1 ? "under 1 %" : `${Math.round(percent)} %`
}

/** A change: `+12`, `-3`, `0`. */
export const changeText = (change: number): string =>
  `${change > 0 ? "+" : change < 0 ? "-" : ""}${figureText(Math.abs(change))}`

const wide =
  /^[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\p{Emoji_Presentation}]$/u
const unseen = /^[\p{M}\p{Cf}]$/u

/** How many columns of a terminal a character takes. */
const columnsOf = (character: string): number => unseen.test(character) ? 0 : wide.test(character) ? 2 : 1

const plainAscii = /^[\x20-\x7E]*$/

/** Text of the room as one line without terminal control: invisible characters become a space. */
export const oneLine = (text: string): string =>
  plainAscii.test(text) ? text : text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu, " ").trim()

const width = (text: string): number =>
  plainAscii.test(text) ? text.length : [...text].reduce((sum, character) => sum + columnsOf(character), 0)

/** At most so many columns of a text, with an ellipsis where something is cut. */
export const cut = (text: string, columns: number): string => {
  if (width(text) <= columns) return text
  let head = ""
  let used = 0
  for (const character of text) {
    used += columnsOf(character)
    if (used > columns - 1) break
    head += character
  }
  return `${head.trimEnd()}…`
}

/** A text in exactly so many columns. */
export const fit = (text: string, columns: number): string => {
  const head = cut(text, columns)
  return head + " ".repeat(Math.max(0, columns - width(head)))
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/** A bar of block characters; any value above 0 shows at least the thinnest block. */
export const bar = (value: number, most: number, columns: number): string => {
  if (value <= 0 || most <= 0) return ""
  const parts = Math.max(1, Math.round((value / most) * columns * 8))
  return "█".repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? "")
}

/** A paragraph in lines of at most so many columns; further lines begin with `indent`. */
export const wrapped = (text: string, columns: number, indent: string): string => {
  const lines: Array<string> = []
  const [first = "", ...words] = text.split(" ")
  let line = first
  for (const word of words) {
    const longer = `${line} ${word}`
    if (width(longer) > columns && line.trim() !== "") {
      lines.push(line)
      line = `${indent}${word}`
    } else line = longer
  }
  return [...lines, line].join("\n")
}
