import { Result, Schema, SchemaIssue } from "effect"
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type ParsedNode, visit } from "yaml"
import { Settings } from "./Settings.ts"

/** Something in a configuration file that is wrong (error) or looks wrong (warning). */
export interface ConfigProblem {
  readonly severity: "error" | "warning"
  /** The field, dotted: `channels[0].name`. */
  readonly path: string
  /** From 1; the value's, an unknown field's key, a missing field's parent block. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** A configuration that can be used, and what is worth a warning. */
export interface ParsedSettings {
  readonly settings: Settings
  readonly warnings: ReadonlyArray<ConfigProblem>
}

type Path = ReadonlyArray<PropertyKey>

const unknownField = "no such field"
const formatter = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    if (issue._tag === "UnexpectedKey") return unknownField
    return issue._tag === "MissingKey" ? "this field is required" : SchemaIssue.defaultLeafHook(issue)
  }
})
const decodeStrict = Schema.decodeUnknownResult(Settings, { errors: "all", onExcessProperty: "error" })
const decode = Schema.decodeUnknownResult(Settings, { errors: "all" })

const dotted = (path: Path): string =>
  path.reduce<string>(
    (text, key) => typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    ""
  )

/** The offset of the deepest node on the path; of a field's key when the key itself is the problem. */
const offsetOf = (root: ParsedNode | null, path: Path, wantKey: boolean): number => {
  let node: ParsedNode | null = root
  let offset = root?.range[0] ?? 0
  path.forEach((key, index) => {
    if (isMap(node)) {
      const pair: { key: ParsedNode; value: ParsedNode | null } | undefined = node.items.find((item) =>
        isScalar(item.key) && item.key.value === key
      )
      const found: ParsedNode | null | undefined = wantKey && index === path.length - 1 ? pair?.key : pair?.value ?? pair?.key
      offset = found?.range[0] ?? offset
      node = pair?.value ?? null
    } else if (isSeq(node)) {
      node = (typeof key === "number" ? node.items[key] : undefined) ?? null
      offset = node?.range[0] ?? offset
    } else {
      node = null
    }
  })
  return offset
}

/**
 * Reads a configuration file: `${VAR}` in its strings is replaced from the environment, then everything is checked
 * and every problem is named with its place (CONFIG). Secrets are wrapped and no value appears in a message.
 */
export const parseSettings = (
  text: string,
  environment: Readonly<Record<string, string | undefined>>
): Result.Result<ParsedSettings, ReadonlyArray<ConfigProblem>> => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (severity: "error" | "warning", offset: number, path: Path, message: string): ConfigProblem => {
    const { col, line } = lines.linePos(offset)
    return { severity, path: dotted(path), line: Math.max(1, line), column: Math.max(1, col), message }
  }
  if (document.errors.length > 0) {
    return Result.fail(document.errors.map((error) => at("error", error.pos[0], [], error.message)))
  }

  const unset: Array<ConfigProblem> = []
  visit(document, {
    Scalar: (key, node, ancestors) => {
      if (key === "key" || typeof node.value !== "string") return
      node.value = node.value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
        const value = environment[name]
        if (value !== undefined) return value
        const path = pathOf([...ancestors, node])
        unset.push(at("error", node.range?.[0] ?? 0, path, `the environment variable ${name} is not set`))
        return whole
      })
    }
  })
  if (unset.length > 0) return Result.fail(unset)

  const raw: unknown = document.toJS() ?? {}
  const strict = decodeStrict(raw)
  const issues = Result.isSuccess(strict) ? [] : formatter(strict.failure.issue).issues
  const problems = issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => typeof part === "object" ? part.key : part)
    const unknown = message === unknownField
    return at(unknown ? "warning" : "error", offsetOf(document.contents, keys, unknown), keys, message)
  })
  if (problems.some(({ severity }) => severity === "error")) return Result.fail(problems)
  return Result.mapBoth(decode(raw), {
    onSuccess: (settings) => ({ settings, warnings: problems }),
    onFailure: (error) => [at("error", 0, [], formatter(error.issue).issues[0]?.message ?? "not a configuration")]
  })
}

/** The path of the last of a chain of YAML nodes. */
const pathOf = (chain: ReadonlyArray<unknown>): Path =>
  chain.flatMap<PropertyKey>((node, index) => {
    const child = chain[index + 1]
    if (isSeq(node)) return [node.items.indexOf(child)]
    if (isMap(node)) {
      const pair = node.items.find((item) => item === child)
      return isScalar(pair?.key) ? [String(pair.key.value)] : []
    }
    return []
  })
