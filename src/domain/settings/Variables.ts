import type { Document } from "yaml"
import { type Diagnostic, error, type FieldPath, warning } from "./Diagnostic.ts"
import { eachValue } from "./YamlPlace.ts"

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A field that takes its value, or a part of it, from a variable. */
export interface VariableUse {
  readonly path: FieldPath
  readonly name: string
  readonly isSet: boolean
  /** Whether quotes enclose the value: whoever hands variables on without a shell makes them part of it. */
  readonly isQuoted: boolean
}

const quoted = /^\s*(?:"[^"]+"|'[^']+')\s*$/

const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/**
 * Replaces `${NAME}` in every string of a document, in one pass and after parsing, so that a variable's value can
 * never become YAML (F9, variables). What is not set stays as it is.
 */
export const fillVariables = (document: Document, environment: Environment): ReadonlyArray<VariableUse> => {
  const uses: Array<VariableUse> = []
  eachValue(document, (node, { path }) => {
    if (typeof node.value !== "string") return
    node.value = node.value.replace(variable, (whole, name: string) => {
      const value = environment[name]
      uses.push({ path: path(), name, isSet: value !== undefined, isQuoted: quoted.test(value ?? "") })
      return value ?? whole
    })
  })
  return uses
}

/** The diagnostic of an unset variable. */
export const unsetVariable = ({ name, path }: VariableUse): Diagnostic =>
  error(path, `the environment variable ${name} is not set`)

/** The diagnostic of a variable in quotes, which look as if they were none of the value. */
export const quotedVariable = ({ name, path }: VariableUse): Diagnostic =>
  warning(path, `the value of ${name} is in quotes, which are part of it: write it without them`)
