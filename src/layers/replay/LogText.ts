import { createReadStream } from "node:fs"
import { TextDecoder } from "node:util"

/** The longest line of a log, UTF-16 units: a configuration of 10,000 channels fits. */
const longestLine = 16 * 1024 * 1024

/** By the byte order mark. */
const encodingOf = ([first, second]: Uint8Array): string => {
  if (first === 0xFF && second === 0xFE) return "utf-16le"
  return first === 0xFE && second === 0xFF ? "utf-16be" : "utf-8"
}

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

  // UTF-8, or UTF-16 where a mark says so (what Windows' shell writes); the decoder drops the mark.
  let decoder: TextDecoder | undefined
  for await (const chunk of createReadStream(file)) {
    if (!Buffer.isBuffer(chunk)) continue
    decoder ??= new TextDecoder(encodingOf(chunk))
    const [rest = "", ...more] = decoder.decode(chunk, { stream: true }).split("\n")
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
