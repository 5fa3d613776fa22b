import type { ContextLine } from "./ChatContext.ts"

/** The bot's own last lines are kept separately: repeats are checked against them longer than the window. */
const ownLines = 100

/** The last lines of one conversation. */
export interface ContextWindow {
  /** Oldest first, in order of arrival. */
  lines: Array<ContextLine>
  /** What the bot said there, the newest last. */
  replies: Array<string>
}

/** A conversation in which nothing was said. */
export const emptyWindow = (): ContextWindow => ({ lines: [], replies: [] })

/**
 * The position of a line among others: lines are in the order in which they were said, not of arrival (a bridge that
 * rejoins brings old ones). The bot's own lines bear another clock's time: people's lines decide.
 */
const placeOf = (lines: ReadonlyArray<ContextLine>, { time }: ContextLine): number => {
  let place = lines.findLastIndex((line) => !line.bot && line.time <= time) + 1
  const isLast = !lines.slice(place).some(({ bot }) => !bot)
  if (isLast) return lines.length
  for (let own = lines[place]; own?.bot === true && own.time <= time; own = lines[place]) place++
  return place
}

/** Adds a line and returns the count. O(1) amortised: the oldest are dropped in bulk at twice the size. */
export const appendLine = (window: ContextWindow, line: ContextLine, size: number): number => {
  const { lines } = window
  const last = lines.at(-1)
  if (line.bot || last === undefined || (!last.bot && last.time <= line.time)) lines.push(line)
  else lines.splice(placeOf(lines, line), 0, line)
  if (lines.length >= 2 * size) window.lines = lines.slice(-size)
  if (line.bot) window.replies = [...window.replies.slice(1 - ownLines), line.text]
  return Math.min(window.lines.length, size)
}
