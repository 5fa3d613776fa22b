import { type ContextLine, visibleLines } from "./ChatContext.ts"
import type { ContextSettings } from "./settings/Settings.ts"

/** The bot's own last lines are kept apart: they matter for repeats even when the window has moved on. */
const ownLines = 100

/** The last lines of one conversation. */
export interface ContextWindow {
  /** Oldest first, in order of arrival. */
  lines: Array<ContextLine>
  /** What the bot said there, the newest last. */
  replies: Array<string>
}

export const emptyWindow = (): ContextWindow => ({ lines: [], replies: [] })

/** Adds a line and says how many the window then has. O(1): the oldest go in bulk once twice as many are there. */
export const appendLine = (window: ContextWindow, line: ContextLine, size: number): number => {
  window.lines.push(line)
  if (window.lines.length >= 2 * size) window.lines = window.lines.slice(-size)
  if (line.bot) window.replies = [...window.replies.slice(1 - ownLines), line.text]
  return Math.min(window.lines.length, size)
}

/** What a prompt may show of a window, oldest first. `now` is epoch ms. */
export const windowLines = (
  { lines }: ContextWindow,
  settings: ContextSettings,
  now: number
): ReadonlyArray<ContextLine> => visibleLines(lines, settings, now)
