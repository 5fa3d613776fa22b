import { decodeHTML } from "entities"

/** Longest text of a line after decoding, UTF-16 units (WIRE, bounds). */
export const maxLineLength = 500

const tagStart = /<(?=[a-z/!])/giu
// A quote hides a `>` only where it holds a value (`title="a>b"`): in `<y and it's <b>` it is an apostrophe. No
// character can be read in two ways, so nothing is tried twice; a value that is never closed ends with its tag.
const wholeTag = /<(?:[^>=]|=(?!\s*["'])|=\s*"[^"]*"|=\s*'[^']*')*>|<[^>]*>/uy
const control = /[\p{Cc}\u2028\u2029]+/gu

/** Drops markup and keeps the visible text; a `<` before anything but a letter, `/` or `!` is text. */
const stripTags = (html: string): string => {
  let text = ""
  let from = 0
  tagStart.lastIndex = 0
  for (let start = tagStart.exec(html); start !== null; start = tagStart.exec(html)) {
    wholeTag.lastIndex = start.index
    // An unclosed tag ends the search: the rest is text, and hostile input stays linear.
    if (!wholeTag.test(html)) break
    text += html.slice(from, start.index)
    from = wholeTag.lastIndex
    tagStart.lastIndex = from
  }
  return text + html.slice(from)
}

/** Cuts to at most `limit` UTF-16 units without splitting a surrogate pair. */
const truncate = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const cut = text.slice(0, limit)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}

/** Control characters and line separators out (a run of them becomes one space), ends trimmed. */
export const trimmedText = (text: string, limit: number): string =>
  truncate(text.toWellFormed().replace(control, " ").trim(), limit)

/** A text as a room sends it: HTML (WIRE, text). `lineText` reads it again. */
export const roomHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** Markup, control characters and halves of pairs: a text without them stays as it is, but for its ends. */
const special = /[<&\p{Cc}\p{Cs}\u2028\u2029]/u

/** The visible text of a `msg`: tags dropped, entities decoded once, control characters removed (WIRE, text). */
export const lineText = (msg: string): string =>
  msg.length <= maxLineLength && !special.test(msg)
    ? msg.trim()
    : trimmedText(decodeHTML(stripTags(msg)), maxLineLength)
