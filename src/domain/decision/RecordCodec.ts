import type { Schema, SchemaAST } from "effect"
import {
  type ByteSink,
  type ByteSource,
  readByte,
  readNumber,
  readText,
  writeByte,
  writeNumber,
  writeText,
  writeWord
} from "./RecordBytes.ts"

/** Writes values as bytes, and reads them again: the same values. */
export interface Codec<A> {
  readonly write: (sink: ByteSink, value: A) => void
  readonly read: (source: ByteSource) => A
}

type Part = Codec<unknown>

const wrong = (value: unknown, wanted: string): never => {
  throw new TypeError(`a ${typeof value} cannot be kept where the schema wants ${wanted}`)
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const text: Part = {
  write: (sink, value) => typeof value === "string" ? writeText(sink, value) : wrong(value, "a text"),
  read: readText
}
const word: Part = {
  write: (sink, value) => typeof value === "string" ? writeWord(sink, value) : wrong(value, "a text"),
  read: readText
}
const number: Part = {
  write: (sink, value) => typeof value === "number" ? writeNumber(sink, value) : wrong(value, "a number"),
  read: readNumber
}
const boolean: Part = {
  write: (sink, value) => writeByte(sink, value === true ? 1 : 0),
  read: (source) => readByte(source) === 1
}

/** One of several values: its place among them. */
const oneOf = (values: ReadonlyArray<unknown>): Part => {
  const places = new Map(values.map((value, place) => [value, place]))
  return {
    write: (sink, value) => writeNumber(sink, places.get(value) ?? wrong(value, "one of its literals")),
    read: (source) => values[readNumber(source)]
  }
}

const list = (item: Part): Part => ({
  write: (sink, values) => {
    if (!Array.isArray(values)) return wrong(values, "a list")
    writeNumber(sink, values.length)
    for (let index = 0; index < values.length; index++) item.write(sink, values[index])
  },
  read: (source) => {
    const count = readNumber(source)
    const values: Array<unknown> = []
    while (values.length < count) values.push(item.read(source))
    return values
  }
})

interface Field extends Part {
  readonly name: string
  readonly isOptional: boolean
}

/** Fields in the order of the schema; before them, as bits of a number, which of the optional ones are there. */
const fields = (constants: Readonly<Record<string, unknown>>, all: ReadonlyArray<Field>): Part => {
  const some = all.some(({ isOptional }) => isOptional)
  const bits = all.map(({ isOptional }, place) =>
    isOptional ? 2 ** all.slice(0, place).filter(({ isOptional }) => isOptional).length : 0
  )
  return {
    write: (sink, value) => {
      if (!isFields(value)) return wrong(value, "fields")
      if (some) {
        let there = 0
        for (let place = 0; place < all.length; place++) {
          const field = all[place]
          if (field?.isOptional === true && value[field.name] !== undefined) there += bits[place] ?? 0
        }
        writeNumber(sink, there)
      }
      for (let place = 0; place < all.length; place++) {
        const field = all[place]
        if (field === undefined) continue
        const part = value[field.name]
        if (part !== undefined || !field.isOptional) field.write(sink, part)
      }
    },
    read: (source) => {
      const there = some ? readNumber(source) : 0
      const value: Record<string, unknown> = { ...constants }
      for (let place = 0; place < all.length; place++) {
        const field = all[place]
        if (field !== undefined && (!field.isOptional || (there & (bits[place] ?? 0)) > 0)) {
          value[field.name] = field.read(source)
        }
      }
      return value
    }
  }
}

/** One of several structs that their tags tell apart: the tag's place, then its fields. */
const tagged = (cases: ReadonlyArray<readonly [tag: unknown, part: Part]>): Part => {
  const places = new Map(cases.map(([tag], place) => [tag, place]))
  const parts = cases.map(([, part]) => part)
  return {
    write: (sink, value) => {
      const place = isFields(value) ? places.get(value["_tag"]) : undefined
      if (place === undefined) return wrong(value, "one of its structs")
      writeByte(sink, place)
      parts[place]?.write(sink, value)
    },
    read: (source) => parts[readByte(source)]?.read(source)
  }
}

const tagIn = ({ propertySignatures }: SchemaAST.Objects): unknown => {
  const tag = propertySignatures.find(({ name }) => name === "_tag")?.type
  return tag?._tag === "Literal" ? tag.literal : undefined
}

const unknownPart = (ast: SchemaAST.AST, name: string): never => {
  throw new TypeError(`${name}: the codec knows no ${ast._tag}`)
}

const union = ({ types }: SchemaAST.Union, name: string, words: ReadonlySet<string>): Part => {
  const literals = types.filter((type) => type._tag === "Literal")
  if (literals.length === types.length) return oneOf(literals.map(({ literal }) => literal))
  return tagged(
    types.map((type) => type._tag === "Objects" ? [tagIn(type), part(type, name, words)] : unknownPart(type, name))
  )
}

const struct = ({ propertySignatures }: SchemaAST.Objects, words: ReadonlySet<string>): Part => {
  const constants: Record<string, unknown> = {}
  const all: Array<Field> = []
  for (const { name, type } of propertySignatures) {
    const isOptional = type.context?.isOptional ?? false
    // What the schema alone tells takes no bytes.
    if (type._tag === "Literal" && !isOptional) constants[String(name)] = type.literal
    else all.push({ name: String(name), isOptional, ...part(type, String(name), words) })
  }
  return fields(constants, all)
}

const part = (ast: SchemaAST.AST, name: string, words: ReadonlySet<string>): Part => {
  switch (ast._tag) {
    case "String":
      return words.has(name) ? word : text
    case "Number":
      return number
    case "Boolean":
      return boolean
    case "Union":
      return union(ast, name, words)
    case "Arrays":
      return list(part(ast.rest[0] ?? unknownPart(ast, name), name, words))
    case "Objects":
      return struct(ast, words)
    default:
      return unknownPart(ast, name)
  }
}

/**
 * The codec of a schema of plain data: structs, tagged unions, literals, lists, texts, finite numbers. Its bytes hold
 * values only and are for the process that wrote them. `words`: the fields whose texts come again and again.
 */
export function codecOf<A>(schema: Schema.Schema<A>, words: ReadonlySet<string>): Codec<A>
export function codecOf({ ast }: Schema.Top, words: ReadonlySet<string>): Part {
  return part(ast, "", words)
}
