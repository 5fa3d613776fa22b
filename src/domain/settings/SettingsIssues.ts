import { Schema, type SchemaAST, type SchemaIssue } from "effect"
import { type Diagnostic, error, type FieldPath } from "./Diagnostic.ts"
import { suggest } from "./Suggestion.ts"

const isMap = Schema.is(Schema.Record(Schema.String, Schema.Unknown))

/** A value of the file, with the context of an issue. */
interface Place {
  readonly path: FieldPath
  readonly value: unknown
  /** The message of the broken rule. */
  readonly rule?: string
}

const child = (value: unknown, key: PropertyKey): unknown => {
  if (Array.isArray(value)) return typeof key === "number" ? value[key] : undefined
  return isMap(value) && typeof key === "string" ? value[key] : undefined
}

/** What a schema accepts, in an operator's words. */
const kindOf = (ast: SchemaAST.AST): string => {
  switch (ast._tag) {
    case "String":
      return "text"
    case "Number":
      return "a number"
    case "Boolean":
      return "true or false"
    case "Null":
      return "null"
    case "Arrays":
      return "a list"
    case "Objects":
      return "fields with values (name: value)"
    case "Literal":
      return String(ast.literal)
    case "Union":
      return [...new Set(ast.types.map(kindOf))].join(" or ")
    default:
      return "something else"
  }
}

const literalsOf = (types: ReadonlyArray<SchemaAST.AST>): ReadonlyArray<string> =>
  types.flatMap((type) => type._tag === "Literal" ? [String(type.literal)] : [])

const choice = (path: FieldPath, value: unknown, literals: ReadonlyArray<string>): Diagnostic =>
  value === undefined
    ? error(path, "this field is required")
    : error(path, `must be one of ${literals.join(", ")}`, suggest(String(value), literals))

/** The fields that tell the members of a union apart: `type` of a trigger. */
const tagsOf = (types: ReadonlyArray<SchemaAST.AST>) =>
  types.flatMap((type) =>
    type._tag === "Objects" ? type.propertySignatures.filter((field) => field.type._tag === "Literal") : []
  )

const mismatch = (ast: SchemaAST.AST, { path, value }: Place): Diagnostic => {
  const message = ast.annotations?.["message"]
  if (typeof message === "string") return error(path, message)
  if (ast._tag === "Union") {
    const literals = literalsOf(ast.types)
    if (literals.length === ast.types.length) return choice(path, value, literals)
    const [tag, ...others] = tagsOf(ast.types)
    if (tag !== undefined && isMap(value)) {
      return choice([...path, tag.name], child(value, tag.name), literalsOf([tag, ...others].map(({ type }) => type)))
    }
  }
  return error(path, value === null ? `is empty, must be ${kindOf(ast)}` : `must be ${kindOf(ast)}`)
}

const unexpected = (ast: SchemaAST.AST, { path }: Place): Diagnostic => {
  const keys = ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : []
  const suggestion = suggest(String(path.at(-1)), keys)
  return {
    severity: "warning",
    path,
    message: "no such field",
    at: "key",
    ...(suggestion === undefined ? {} : { suggestion })
  }
}

const ruleOf = (
  { annotations }: { readonly annotations?: Schema.Annotations.Issue | Schema.Annotations.Filter | undefined }
) => {
  if (typeof annotations?.message === "string") return annotations.message
  return typeof annotations?.["expected"] === "string" ? `must be ${annotations["expected"]}` : undefined
}

const walk = (issue: SchemaIssue.Issue, place: Place): ReadonlyArray<Diagnostic> => {
  switch (issue._tag) {
    case "Pointer":
      return walk(issue.issue, {
        ...place,
        path: [...place.path, ...issue.path],
        value: issue.path.reduce(child, place.value)
      })
    case "Encoding":
      return walk(issue.issue, place)
    case "Filter":
      return walk(issue.issue, { ...place, rule: ruleOf(issue.filter) ?? "is not valid" })
    case "Composite":
      return issue.issues.flatMap((inner) => walk(inner, place))
    case "AnyOf":
      return issue.issues.length === 0
        ? [mismatch(issue.ast, place)]
        : issue.issues.flatMap((inner) => walk(inner, place))
    case "MissingKey":
      return [error(place.path, "this field is required")]
    case "UnexpectedKey":
      return [unexpected(issue.ast, place)]
    case "InvalidType":
    case "OneOf":
      return [mismatch(issue.ast, place)]
    case "InvalidValue":
    case "Forbidden":
      return [error(place.path, ruleOf(issue) ?? place.rule ?? "is not valid")]
  }
}

/** What a schema finds wrong with a file's content, in an operator's words; unknown fields are warnings (F9). */
export const diagnosticsOf = (issue: SchemaIssue.Issue, content: unknown): ReadonlyArray<Diagnostic> =>
  walk(issue, { path: [], value: content })
