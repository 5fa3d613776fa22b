import { fromMarkdown } from "mdast-util-from-markdown"
import { type AngleText, withoutLiterals } from "./LiteralText.ts"

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

// What begins and ends what is stressed: a word, perhaps behind or before a sign that belongs to it. `_< oh >_` is a face.
const beginsWord =
  /^["'“‘«([{¿¡@#$€£+~–—…-]{0,3}(?:\.{2,3})?[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\u{F0000}-\u{FFFFD}]/u
const endsWord = /[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\uFE0F\u{F0000}-\u{FFFFD}][\p{P}%°+~$€£]{0,4}$/u
const lettered = /[\p{L}\p{N}\u{F0000}-\u{FFFFD}]/u

const isStressed = (text: string): boolean => beginsWord.test(text) && endsWord.test(text) && lettered.test(text)

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

/** Words behind the beginning of a fence are text, unless they are a language's name: `~~~ so cute ~~~`. */
const fenceText = (node: Extract<Node, { type: "code" }>): ReadonlyArray<string> =>
  typeof node.lang === "string" && (typeof node.meta === "string" || node.value === "")
    ? [`${node.lang} ${node.meta ?? ""}`.trim()]
    : []

const stressed = (source: string, node: Extract<Node, { type: "emphasis" | "strong" }>): string => {
  const text = inline(source, node.children)
  if (!isArithmetic(source, node) && isStressed(text)) return text
  const sign = (source[node.position?.start.offset ?? 0] ?? "").repeat(node.type === "strong" ? 2 : 1)
  return `${sign}${text}${sign}`
}

/** The visible text of a node; nodes without text are left out. */
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
      return stressed(source, node)
    case "paragraph":
    case "heading":
      return inline(source, node.children)
    case "link":
      // `f[1](x)` is code: what a link leads to looks like an address.
      return /^$|[:/.#@]/u.test(node.url) ? inline(source, node.children) : sourceOf(source, node)
    case "linkReference":
    case "imageReference":
    case "definition":
      return sourceOf(source, node)
    case "text":
    case "inlineCode":
    case "html":
      return node.value
    case "code":
      return [...fenceText(node), node.value].join("\n")
    case "image":
      return node.alt ?? ""
    case "break":
      return "\n"
    default:
      return ""
  }
}

/** The length parsed as markdown at once, so short that the parser's quadratic cases do not matter. */
const parsedLength = 1_000
/** The length parsed as markdown in all: more than the longest reply. */
const partsRead = 6

/** Splits before a blank, if there is one, so that no word and no character is split. */
const split = (text: string): readonly [string, string] => {
  if (text.length <= parsedLength) return [text, ""]
  const blank = text.slice(0, parsedLength).search(/\s\S*$/u)
  const end = blank > 0 ? blank : text.slice(0, parsedLength).isWellFormed() ? parsedLength : parsedLength - 1
  return [text.slice(0, end), text.slice(end)]
}

// Not in the standard that the parser follows, but models write it: `~~struck~~`, and `**注意：**请` without a blank.
const struck = /~~(?=\S)([^~]*[^~\s])~~/gu
const unspacedStrong = new RegExp(`(?<!${operands})\\*\\*(?=\\S)([^*]*[^*\\s])\\*\\*`, "gu")
const textOfMark = (mark: string, text: string): string => lettered.test(text) ? text : mark

const blockGuard = "\u{10FFFD}"

const read = (text: string, angles: AngleText): string => {
  const { restore, text: source } = withoutLiterals(text, angles)
  // Nothing begins a block in what was read once.
  const parsed = angles === "tags" ? source : source.replace(/^(?=.)/gmu, blockGuard)
  const plain = textOf(parsed, fromMarkdown(parsed)).replaceAll(blockGuard, "")
  return restore(plain.replace(struck, textOfMark).replace(unspacedStrong, textOfMark))
}

// Blocks begin with the first, marks are made of the second; a control is one that the parser replaces.
const beginsBlock = /^(?:[#>+=~-]|\p{N}+[.)])/u
const holdsMarks = /[\p{Cc}\\`*_[\]<&]|~~/u

/** Whether a text reads as it stands: one line, trimmed, without a sign of markdown or HTML. */
export const isPlain = (text: string): boolean => !holdsMarks.test(text) && !beginsBlock.test(text)

/** Reads markdown, then the signs that were escaped or quoted as code: the room has markup of its own for them. */
const withoutMarkdown = (text: string): string => {
  if (isPlain(text.trim())) return text.trim()
  const once = read(text, "tags").trim()
  return read(once, "text").trim()
}

const inParts = (text: string, parts: number): string => {
  const [source, rest] = split(text)
  if (source === "" || parts === 0) return text
  return withoutMarkdown(source) +
    (rest === "" ? "" : `${/^\s/u.test(rest) ? " " : ""}${inParts(rest.trimStart(), parts - 1)}`)
}

/** The options of step 2. */
export interface PlainTextSettings {
  readonly strip_markdown: boolean
  readonly collapse_newlines: boolean
}

/** Blanks and line breaks as they are sent. */
export const collapsed = (text: string, { collapse_newlines }: PlainTextSettings): string =>
  collapse_newlines
    ? text.replace(/\s+/gu, " ").trim()
    : text.replace(/[^\S\n]+/gu, " ").replace(/ ?\n[ \n]*/gu, "\n").trim()

/** Step 2: markdown becomes what a reader would see, line breaks and runs of blanks become one space (F7). */
export const plainText = (text: string, settings: PlainTextSettings): string => {
  // Lines are trimmed first: four blanks would make a code block of them.
  const trimmed = text.split("\n").map((line) => line.trim()).join("\n")
  return collapsed(settings.strip_markdown ? inParts(trimmed, partsRead) : text, settings)
}
