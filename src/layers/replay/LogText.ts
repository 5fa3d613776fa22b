import { createReadStream } from "node:fs"

/** No line of a log is longer, UTF-16 units: a configuration of 10,000 channels fits. */
const longestLine = 16 * 1024 * 1024

const byteOrderMark = "\uFEFF"

/** A line as it is read; nothing in place of one that is too long. */
type TextLine = string | undefined

/**
 * The lines of a file, some at a time. Only a line feed ends a line, a carriage return before it is dropped: what JSON
 * leaves as it is (U+2028) ends none.
 */
export async function* linesOf(file: string): AsyncGenerator<ReadonlyArray<TextLine>> {
  // The parts of the line that has not ended yet; nothing once it is too long.
  let begun: Array<string> | undefined = []
  let length = 0
  let first = true

  const add = (part: string): void => {
    length += part.length
    if (length > longestLine) begun = undefined
    else begun?.push(part)
  }
  const end = (): TextLine => {
    const text = begun?.join("").replace(/\r$/, "")
    begun = []
    length = 0
    return text
  }

  for await (const chunk of createReadStream(file, "utf8")) {
    const text: string = first && String(chunk).startsWith(byteOrderMark) ? String(chunk).slice(1) : String(chunk)
    first = false
    const [rest = "", ...more] = text.split("\n")
    add(rest)
    const ended: Array<TextLine> = []
    for (const part of more) {
      ended.push(end())
      add(part)
    }
    yield ended
  }
  if (length > 0) yield [end()]
}
