import { Schema } from "effect"
import { settingsJsonSchema } from "../src/domain/settings/SettingsJsonSchema.ts"

/** What the page needs of a JSON Schema. */
interface Node {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: ReadonlyArray<string>
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Node
  readonly anyOf?: ReadonlyArray<Node>
  readonly allOf?: ReadonlyArray<Node>
  readonly not?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: ReadonlyArray<string>
}

const inner = Schema.suspend((): Schema.Codec<Node> => Node)
const Node = Schema.Struct({
  type: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  default: Schema.optionalKey(Schema.Unknown),
  enum: Schema.optionalKey(Schema.Array(Schema.String)),
  minimum: Schema.optionalKey(Schema.Finite),
  maximum: Schema.optionalKey(Schema.Finite),
  exclusiveMinimum: Schema.optionalKey(Schema.Finite),
  minItems: Schema.optionalKey(Schema.Finite),
  maxItems: Schema.optionalKey(Schema.Finite),
  items: Schema.optionalKey(inner),
  anyOf: Schema.optionalKey(Schema.Array(inner)),
  allOf: Schema.optionalKey(Schema.Array(inner)),
  not: Schema.optionalKey(Schema.Unknown),
  properties: Schema.optionalKey(Schema.Record(Schema.String, inner)),
  required: Schema.optionalKey(Schema.Array(Schema.String))
})

interface Field {
  readonly name: string
  readonly node: Node
  readonly required: boolean
}

const fieldsOf = ({ properties = {}, required = [] }: Node): ReadonlyArray<Field> =>
  Object.entries(properties).flatMap(([name, node]) =>
    node.not === undefined ? [{ name, node, required: required.includes(name) }] : []
  )

/** The fields of a section; those within a group as `group.field`, those of a list's items as `list[].field`. */
const flat = (node: Node): ReadonlyArray<Field> =>
  fieldsOf(node).flatMap((field) => {
    const within = flat(field.node).map((one) => ({ ...one, name: `${field.name}.${one.name}` }))
    const items = flat(field.node.items ?? {}).map((one) => ({ ...one, name: `${field.name}[].${one.name}` }))
    return within.length > 0 ? within : [field, ...items]
  })

// The largest whole number is no bound anybody meant.
const isBound = (bound: number | undefined): bound is number =>
  bound !== undefined && Math.abs(bound) !== Number.MAX_SAFE_INTEGER

const range = ({ exclusiveMinimum, maximum, minimum }: Node): string => {
  if (isBound(exclusiveMinimum)) return ` above ${exclusiveMinimum}`
  if (isBound(minimum) && isBound(maximum)) return ` from ${minimum} to ${maximum}`
  return isBound(minimum) ? ` from ${minimum}` : ""
}

const listRule = ({ items = {}, maxItems, minItems }: Node): string => {
  const count = minItems !== undefined
    ? `at least ${minItems}: `
    : maxItems !== undefined
    ? `at most ${maxItems}: `
    : ""
  return `list of ${count}${rule(items)}`
}

const rule = (node: Node): string => {
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(rule))].join(" or ")
  if (node.enum !== undefined) return node.enum.map((value) => `\`${value}\``).join(", ")
  switch (node.type) {
    case "integer":
      return `whole number${range(node)}`
    case "number":
      return `number${range(node)}`
    case "boolean":
      return "`true`, `false`"
    case "string":
      return "text"
    case "array":
      return listRule(node)
    case "object":
      return "fields"
    default:
      return node.type ?? "anything"
  }
}

/** With several rules on one value the schema keeps the description beside the last. */
const meaning = ({ allOf = [], description }: Node): string => description ?? allOf.at(-1)?.description ?? ""

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``

const row = ({ name, node, required }: Field): string => {
  const cells = [`\`${name}\``, required ? "**required**" : code(node.default), rule(node), meaning(node)]
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
}

const table = (fields: ReadonlyArray<Field>): string =>
  ["| field | default | values | |", "|---|---|---|---|", ...fields.map(row)].join("\n")

const section = (title: string, description: string, ...parts: ReadonlyArray<string>): string =>
  [`## ${title}`, sentence(description), ...parts].join("\n\n")

// What a channel overrides has a section of its own.
const overrides = new Set(["triggers", "rate_limits", "response_processing"])

const channelPart = ({ node: { items = {} } }: Field): string => {
  const own = fieldsOf(items)
  const links = own.filter(({ name }) => overrides.has(name)).map(({ name, node }) =>
    `| \`${name}\` | ${code(node.default)} | as [${name}](#${name}) | ${meaning(node)} |`
  )
  return [table(own.filter(({ name }) => !overrides.has(name))), ...links].join("\n")
}

const triggerPart = ({ node: { default: builtIn, items = {} } }: Field): string => {
  const types = (items.anyOf ?? []).map((entry) => ({
    entry,
    fields: flat(entry).filter(({ name }) => name !== "type")
  }))
  const common = types[0]?.fields ?? []
  const isCommon = ({ name }: Field): boolean => common.some((field) => field.name === name)
  const kinds = types.map(({ entry, fields }) => {
    const { description = "", enum: [name = ""] = [] } = entry.properties?.["type"] ?? {}
    const own = fields.filter((field) => !isCommon(field))
    return [`### type: ${name}`, sentence(description), ...(own.length === 0 ? [] : [table(own)])].join("\n\n")
  })
  return [`When the whole list is left out: ${code(builtIn)}`, "Every entry:", table(common), ...kinds].join("\n\n")
}

const part = (field: Field): string => {
  if (field.name === "channels") return channelPart(field)
  return field.name === "triggers" ? triggerPart(field) : table(flat(field.node))
}

const introduction = `# Configuration

<!-- Written by \`npm run generate\` from the schema in src/domain/settings; edit it there. -->

One YAML file. \`llm-bot init\` writes one to start from, \`llm-bot check-config FILE\` names everything that is wrong with
it, \`--connect\` also tries NATS, the key and the model. \`config/config.example.yaml\` shows every field; its first line
tells editors where the schema lies, so that they complete and check the file.

- \`\${NAME}\` in a value is replaced from the environment after the file is parsed. Secrets belong there.
- All times are seconds, fractions are fine.
- In limits (\`max_…\`) null means no limit and 0 none allowed; in cooldowns, silences and deadlines 0 means off.
- A field that is not known is a warning, anything else that is wrong keeps the bot from starting.`

/** The page about the configuration: a table for each section, from the schema alone (F9). */
export const configurationPage = (): string => {
  const fields = fieldsOf(Schema.decodeSync(Schema.fromJsonString(Node))(settingsJsonSchema()))
  const hasPart = ({ node }: Field): boolean => node.type === "object" || node.type === "array"
  const sections = fields.filter(hasPart).map((field) => section(field.name, meaning(field.node), part(field)))
  const single = section(
    "Beside the sections",
    "fields of the file itself",
    table(fields.filter((field) => !hasPart(field)))
  )
  return `${[introduction, ...sections, single].join("\n\n")}\n`
}
