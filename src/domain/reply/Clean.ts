/** How models mark what they think aloud, in the spellings that are about. */
const tag = "think(?:ing)?|thought|reasoning|reason|analysis|scratchpad|reflection"
const closed = new RegExp(`[<\\[◁](${tag})\\b[^>\\]▷]*[>\\]▷].*?[<\\[◁]/\\1\\s*[>\\]▷]`, "gisu")
const opened = new RegExp(`[<\\[◁](?:${tag})\\b[^>\\]▷]*[>\\]▷].*$`, "isu")
const orphanClose = new RegExp(`^.*[<\\[◁]/(?:${tag})\\s*[>\\]▷]`, "isu")

/** Takes reasoning out: whole blocks, what precedes a close without its opening, and all after an unclosed opening. */
const withoutReasoning = (text: string): string =>
  text.replace(closed, "").replace(orphanClose, "").replace(opened, "")

// Controls other than line breaks, and what reorders or hides text. Joiners stay: emoji and scripts need them.
const unseen = /(?![\n\t])[\p{Cc}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu

const quotes: ReadonlyArray<readonly [string, string]> = [
  ["\"", "\""], ["“", "”"], ["„", "“"], ["«", "»"], ["「", "」"], ["『", "』"], ["'", "'"], ["‘", "’"]
]

/** Takes off quotes around the whole text, unless they are used inside it too. */
const unquoted = (text: string): string => {
  const pair = quotes.find(([open, close]) => text.length > 1 && text.startsWith(open) && text.endsWith(close))
  if (pair === undefined) return text
  const inner = text.slice(pair[0].length, -pair[1].length)
  return inner.includes(pair[0]) || inner.includes(pair[1]) ? text : inner.trim()
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

/** Takes off a leading `BotName:`, as models that see a chat log like to write. */
const unprefixed = (text: string, names: ReadonlyArray<string>): string =>
  names.length === 0
    ? text
    : text.replace(new RegExp(`^[*_\\s]*@?(?:${names.map(escape).join("|")})[*_\\s]*[:：][*_\\s]*`, "iu"), "")

const untilStable = (text: string, change: (text: string) => string): string => {
  const changed = change(text)
  return changed === text ? text : untilStable(changed, change)
}

/** Step 1: what a model writes around its answer goes; `names` are the bot's (F7). */
export const clean = (text: string, names: ReadonlyArray<string>): string =>
  untilStable(
    withoutReasoning(text.toWellFormed().replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n").replace(unseen, "")).trim(),
    (rest) => unquoted(unprefixed(rest, names).trim())
  )
