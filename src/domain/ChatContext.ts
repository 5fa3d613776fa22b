import type { Media } from "./ChatEvent.ts"
import type { EventKey, Username } from "./Ids.ts"
import type { ContextSettings } from "./settings/Settings.ts"

/** One remembered line. */
export interface ContextLine {
  readonly username: Username
  readonly text: string
  /** When it was said, epoch ms. */
  readonly time: number
  /** True for the bot's own lines. */
  readonly bot: boolean
  /** The event it came with; absent for a line the bot has just published. */
  readonly key: EventKey | undefined
}

/** The part of a conversation that a prompt shows. */
export interface ChatContext {
  /** Oldest first, in order of arrival. */
  readonly lines: ReadonlyArray<ContextLine>
  /** The current media, if known; private conversations have none. */
  readonly media: Media | undefined
}

const charactersOf = (line: ContextLine): number => line.username.length + 2 + line.text.length

/** The newest lines that are young enough and fit `size` and `max_characters` together, oldest first (F2). */
export const visibleLines = (
  lines: ReadonlyArray<ContextLine>,
  settings: ContextSettings,
  now: number
): ReadonlyArray<ContextLine> => {
  const oldest = now - settings.max_age_seconds * 1000
  const visible: Array<ContextLine> = []
  let characters = 0
  for (let index = lines.length - 1; index >= 0 && visible.length < settings.size; index--) {
    const line = lines[index]
    if (line === undefined || line.time < oldest) continue
    characters += charactersOf(line)
    if (characters > settings.max_characters) break
    visible.unshift(line)
  }
  return visible
}
