import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, type Pair, type Scalar, visit } from "yaml"
import type { Diagnostic, FieldPath } from "./Diagnostic.ts"

/** The name of a field; none when it is something that cannot be one. */
export const nameOf = (pair: Pair): string | undefined => isScalar(pair.key) ? String(pair.key.value) : undefined

/** The path of the last in a chain of nodes, as `visit` hands them out. */
export const pathOf = (chain: ReadonlyArray<unknown>): FieldPath =>
  chain.flatMap<PropertyKey>((node, index) => {
    if (isSeq(node)) return [node.items.indexOf(chain[index + 1])]
    return isPair(node) ? [nameOf(node) ?? ""] : []
  })

/** A scalar that is a value. */
export interface ScalarPlace {
  /** The field it is the value of; none in a list. */
  readonly name: string | undefined
  /** Found when it is asked for: in a long list that takes long. */
  readonly path: () => FieldPath
}

/** Calls back for every scalar that is a value, with its place. */
export const eachValue = (document: Document, see: (node: Scalar, place: ScalarPlace) => void): void =>
  visit(document, {
    Scalar: (key, node, ancestors) => {
      const parent = ancestors.at(-1)
      const name = isPair(parent) ? nameOf(parent) : undefined
      if (key !== "key") see(node, { name, path: () => pathOf([...ancestors, node]) })
    }
  })

interface Spot {
  readonly node: unknown
  readonly offset: number
}

const startOf = (node: unknown, fallback: number): number => isNode(node) && node.range ? node.range[0] : fallback

const step = (document: Document, { node, offset }: Spot, key: PropertyKey, wantKey: boolean): Spot => {
  const target = isAlias(node) ? node.resolve(document) : node
  if (isSeq(target) && typeof key === "number") {
    const item = target.items[key]
    return { node: item, offset: startOf(item, offset) }
  }
  // The last of several with one name: its value is the one that counts.
  const pair = isMap(target) ? target.items.findLast((item) => nameOf(item) === key) : undefined
  if (pair === undefined) return { node: undefined, offset }
  const atKey = startOf(pair.key, offset)
  return { node: pair.value, offset: wantKey ? atKey : startOf(pair.value, atKey) }
}

/** The offset of the deepest node on the path: of the value, or of the name that leads to it. */
export const offsetOf = (document: Document, { at, path }: Diagnostic): number =>
  path.reduce<Spot>(
    (spot, key, index) => step(document, spot, key, at === "key" && index === path.length - 1),
    { node: document.contents, offset: startOf(document.contents, 0) }
  ).offset
