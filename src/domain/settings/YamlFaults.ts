import { type Alias, type Document, type ErrorCode, isCollection, isMap, isPair, visit } from "yaml"
import { type Diagnostic, error } from "./Diagnostic.ts"
import { nameOf, pathOf } from "./YamlPlace.ts"

const messages: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias (*name) cannot have an anchor or a tag",
  BAD_ALIAS: "an alias is * and a name; put a value that begins with * in quotes",
  BAD_COLLECTION_TYPE: "this tag does not fit what follows",
  BAD_DIRECTIVE: "a line that begins with % is a directive of YAML, and this one is unknown",
  BAD_DQ_ESCAPE: "unknown escape in double quotes: write \\\\ for a backslash, or use single quotes",
  BAD_INDENT: "the indentation does not fit, or a bracket is not closed",
  BAD_PROP_ORDER: "anchors and tags stand before the value and after the dash or colon",
  BAD_SCALAR_START: "a value that begins with @, ` or % must be in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second colon: put the value in quotes, or begin a new line",
  BLOCK_IN_FLOW: "within { } and [ ] no line can begin a list or a block",
  DUPLICATE_KEY: "this field is there twice",
  IMPOSSIBLE: "this cannot be read",
  KEY_OVER_1024_CHARS: "a field's name is longer than 1024 characters; is a quote not closed?",
  MISSING_CHAR: "something is missing here: a closing quote, a comma, a colon or a space",
  MULTILINE_IMPLICIT_KEY: "a field's name must stand on one line; is a colon or the space after it missing?",
  MULTIPLE_ANCHORS: "a value can have one anchor",
  MULTIPLE_DOCS: "the file must hold one document: remove the line ---",
  MULTIPLE_TAGS: "a value can have one tag",
  NON_STRING_KEY: "a field's name must be text",
  RESOURCE_EXHAUSTION: "this is nested too deeply",
  TAB_AS_INDENT: "indentation must be spaces, not tabs",
  TAG_RESOLVE_FAILED: "unknown tag; put a value that begins with ! in quotes",
  UNEXPECTED_TOKEN: "this is not expected here; is the indentation right, or a quote missing?"
}

/** YAML errors in an operator's words. The parser's own messages quote the text, secrets included (N4). */
export const yamlMessage = (code: ErrorCode): string => messages[code]

/** Nesting levels of a document; a configuration has some eight, and many more overflow the stack. */
const deepest = 100

/** Whether it goes down further than that; without recursion, which would not come back. */
const isDeep = (root: unknown, childrenOf: (node: unknown) => ReadonlyArray<unknown>): boolean => {
  let level: ReadonlyArray<unknown> = [root]
  for (let depth = 0; depth <= deepest; depth++) {
    if (level.length === 0) return false
    level = level.flatMap(childrenOf)
  }
  return true
}

/** Whether a document is nested more deeply than any configuration. */
export const isTooDeep = ({ contents }: Document): boolean =>
  isDeep(
    contents,
    (node) => isCollection(node) ? node.items.flatMap((item) => isPair(item) ? [item.key, item.value] : [item]) : []
  )

/** The same of what it holds: aliases can be nested in one another. */
export const isContentTooDeep = (content: unknown): boolean =>
  isDeep(content, (value) => typeof value === "object" && value !== null ? Object.values(value) : [])

const aliasFault = (document: Document, alias: Alias, ancestors: ReadonlyArray<unknown>): string | undefined => {
  const target = alias.resolve(document)
  if (target === undefined) return "there is no anchor of this name before it; put a value that begins with * in quotes"
  return ancestors.includes(target) ? "an alias cannot stand within what it names" : undefined
}

/** Aliases that are undefined or circular: such a document has no plain content. */
export const aliasFaults = (document: Document): ReadonlyArray<Diagnostic> => {
  const diagnostics: Array<Diagnostic> = []
  visit(document, {
    Alias: (_, alias, ancestors) => {
      const message = aliasFault(document, alias, ancestors)
      if (message !== undefined) diagnostics.push(error(pathOf([...ancestors, alias]), message))
    }
  })
  return diagnostics
}

/** Duplicate fields: YAML parsers take one of them, and people mean another. */
export const repeatedFields = (document: Document): ReadonlyArray<Diagnostic> => {
  const diagnostics: Array<Diagnostic> = []
  visit(document, {
    Pair: (_, pair, ancestors) => {
      const parent = ancestors.at(-1)
      const namesakes = isMap(parent) ? parent.items.filter((other) => nameOf(other) === nameOf(pair)) : []
      if (namesakes[1] !== pair) return
      diagnostics.push({ ...error(pathOf([...ancestors, pair]), messages.DUPLICATE_KEY), at: "key" })
    }
  })
  return diagnostics
}
