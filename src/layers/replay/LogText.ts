import { createReadStream } from "node:fs"

/** The longest line of a log, UTF-16 units: a configuration of 10,000 channels fits. */
const longestLine = 16 * 1024 * 1024

const byteOrderMark = "\uFEFF"

/** A raw line; nothing in place of one that is too long. */
type TextLine = string | undefined

/**
 * The lines of a file, in batches. Only a line feed ends a line, a carriage return before it is dropped: what JSON
 * leaves as it is (U+2028) ends none.
 */
export async function* linesOf(file: string): AsyncGenerator<ReadonlyArray<TextLine>> {
  // The parts of the unfinished line; nothing once it is too long.
  let parts: Array<string> | undefined = []
  let length = 0
  let first = true

  const add = (part: string): void => {
    length += part.length
    if (length > longestLine) parts = undefined
    else parts?.push(part)
  }
  const end = (): TextLine => {
    const text = parts?.join("").replace(/\r$/, "")
    parts = []
    length = 0
    return text
  }

  for await (const chunk of createReadStream(file, "utf8")) {
    const text: string = first && String(chunk).startsWith(byteOrderMark) ? String(chunk).slice(1) : String(chunk)
    first = false
    const [rest = "", ...more] = text.split("\n")
    add(rest)
    const lines: Array<TextLine> = []
    for (const part of more) {
      lines.push(end())
      add(part)
    }
    yield lines
  }
  if (length > 0) yield [end()]
}
