import { fromMarkdown } from "mdast-util-from-markdown"

type Node = ReturnType<typeof fromMarkdown> | ReturnType<typeof fromMarkdown>["children"][number]

const word = /[\p{L}\p{N}]/u
const unspaced = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]/u

// `2*3*4` is arithmetic, not emphasis: a marker between two letters or digits is not one, where words are spaced.
const isWithinWord = (source: string, node: Node): boolean => {
  const start = node.position?.start.offset ?? 0
  const end = node.position?.end.offset ?? 0
  const around = [source[start - 1] ?? "", source[end] ?? ""]
  return around.some((character) => word.test(character) && !unspaced.test(character))
}

const sourceOf = (source: string, node: Node): string =>
  source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0)

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
      return node.children.map((item, index) => {
        const number = node.ordered === true ? `${(node.start ?? 1) + index}. ` : ""
        return `${number}${textOf(source, item)}`
      }).join("\n")
    case "blockquote":
      return `>${blocks(source, node.children)}`
    case "emphasis":
    case "strong":
      return isWithinWord(source, node) ? sourceOf(source, node) : inline(source, node.children)
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
    case "image":
      return node.alt ?? ""
    case "break":
      return "\n"
    default:
      return ""
  }
}

const withoutMarkdown = (text: string): string => {
  // Lines are trimmed first: four blanks would make a code block of them.
  const source = text.split("\n").map((line) => line.trim()).join("\n")
  const plain = textOf(source, fromMarkdown(source)).trim()
  return plain === text || plain.length >= text.length ? plain : withoutMarkdown(plain)
}

/** What step 2 does. */
export interface PlainTextSettings {
  readonly strip_markdown: boolean
  readonly collapse_newlines: boolean
}

/** Step 2: markdown becomes what a reader would see, line breaks and runs of blanks become one space (F7). */
export const plainText = (text: string, settings: PlainTextSettings): string => {
  const plain = settings.strip_markdown ? withoutMarkdown(text) : text
  const joined = settings.collapse_newlines ? plain.replace(/\s*\n\s*/gu, " ") : plain.replace(/\s*\n\s*/gu, "\n")
  return joined.replace(/[^\S\n]+/gu, " ").trim()
}
