import { fromMarkdown } from "mdast-util-from-markdown"

type Node = ReturnType<typeof fromMarkdown> | ReturnType<typeof fromMarkdown>["children"][number]

// In other scripts words are not spaced, or endings are written after the emphasis (`**서울**은`).
// The last two are the arms of `¯_(ツ)_/¯`.
const operands = "[\\p{N}()\\p{scx=Latin}\\p{scx=Greek}\\p{scx=Cyrillic}/¯]"
const operand = new RegExp(operands, "u")

// `2*3*4` is arithmetic, not emphasis: markers with an operand on both sides stay.
const isArithmetic = (source: string, node: Node): boolean => {
  const start = node.position?.start.offset ?? 0
  const end = node.position?.end.offset ?? 0
  return [source[start - 1] ?? "", source[end] ?? ""].every((character) => operand.test(character))
}

const tag = /<[^<>]*>/g

const sourceOf = (source: string, node: Node): string =>
  source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0)

/** The number of a list's item as it was written; a bullet is none. */
const numberOf = (source: string, item: Node): string => {
  const number = /^\d+[.)]/.exec(sourceOf(source, item))?.[0]
  return number === undefined ? "" : `${number} `
}

const inline = (source: string, nodes: ReadonlyArray<Node>): string =>
  nodes.map((node) => textOf(source, node)).join("")
const blocks = (source: string, nodes: ReadonlyArray<Node>): string =>
  nodes.map((node) => textOf(source, node)).filter((text) => text !== "").join("\n")

/** What a reader would see of a node; what has no text of its own is left out. */
const textOf = (source: string, node: Node): string => {
  switch (node.type) {
    case "root":
    case "listItem":
      return blocks(source, node.children)
    case "list":
      return node.children.map((item) => `${numberOf(source, item)}${textOf(source, item)}`).join("\n")
    case "blockquote":
      return `>${blocks(source, node.children)}`
    case "emphasis":
    case "strong":
      return isArithmetic(source, node) ? sourceOf(source, node) : inline(source, node.children)
    case "paragraph":
    case "heading":
    case "link":
      return inline(source, node.children)
    case "linkReference":
    case "imageReference":
    case "definition":
      return sourceOf(source, node)
    case "text":
    case "inlineCode":
    case "code":
      return node.value
    case "html":
      return node.value.replace(tag, "")
    case "image":
      return node.alt ?? ""
    case "break":
      return "\n"
    default:
      return ""
  }
}

/**
 * As much of an answer as is read as markdown: several times the longest line, and little enough that what is
 * quadratic in the parser does not matter.
 */
const parsedLength = 1_000

/** Splits before a blank, if there is one, so that no word and no character is torn. */
const split = (text: string): readonly [string, string] => {
  if (text.length <= parsedLength) return [text, ""]
  const blank = text.slice(0, parsedLength).search(/\s\S*$/u)
  const end = blank > 0 ? blank : text.slice(0, parsedLength).isWellFormed() ? parsedLength : parsedLength - 1
  return [text.slice(0, end), text.slice(end)]
}

// Not in the standard that the parser follows, but models write it: `~~struck~~`, and `**注意：**请` without a blank.
const struck = /~~(?=\S)([^~]*[^~\s])~~/gu
const unspacedStrong = new RegExp(`(?<!${operands})\\*\\*(?=\\S)([^*]*[^*\\s])\\*\\*`, "gu")

const withoutMarkdown = (text: string): string => {
  // Lines are trimmed first: four blanks would make a code block of them.
  const [source, rest] = split(text.split("\n").map((line) => line.trim()).join("\n"))
  return textOf(source, fromMarkdown(source)).replace(struck, "$1").replace(unspacedStrong, "$1").trim() + rest
}

/** What step 2 does. */
export interface PlainTextSettings {
  readonly strip_markdown: boolean
  readonly collapse_newlines: boolean
}

/** Step 2: markdown becomes what a reader would see, line breaks and runs of blanks become one space (F7). */
export const plainText = (text: string, settings: PlainTextSettings): string => {
  const plain = settings.strip_markdown ? withoutMarkdown(text) : text
  return settings.collapse_newlines
    ? plain.replace(/\s+/gu, " ").trim()
    : plain.replace(/[^\S\n]+/gu, " ").replace(/ ?\n[ \n]*/gu, "\n").trim()
}
