/** The way to a field: names, and positions in lists. */
export type FieldPath = ReadonlyArray<PropertyKey>

/** An error or a warning about a field, without its position in a file. */
export interface Diagnostic {
  readonly severity: "error" | "warning"
  readonly path: FieldPath
  /** Holds no value of a field that may be a secret (N4). */
  readonly message: string
  /** The likely intended name. */
  readonly suggestion?: string
  /** Points at the field's name when that is the problem; otherwise at its value. */
  readonly at?: "key"
}

/** A value that is not allowed, and the likely intended one. */
export const error = (path: FieldPath, message: string, suggestion?: string): Diagnostic => ({
  severity: "error",
  path,
  message,
  ...(suggestion === undefined ? {} : { suggestion })
})

/** What looks wrong although every value is allowed. */
export const warning = (path: FieldPath, message: string): Diagnostic => ({ severity: "warning", path, message })

/** A diagnostic with its place in the file (F9). */
export interface LocatedDiagnostic {
  readonly severity: "error" | "warning"
  /** The field, dotted: `channels[0].name`. */
  readonly path: string
  /** From 1; the value's, an unknown field's key, a missing field's parent block. */
  readonly line: number
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number
  readonly message: string
  readonly suggestion?: string
  /** The line as it stands in the file, secrets masked (N4). */
  readonly source: string
}

/** A path as text: `channels[0].name`. */
export const pathText = (path: FieldPath): string =>
  path.reduce<string>(
    (text, key) => typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    ""
  )

/** Whether the paths lead to the same field. */
export const samePath = (one: FieldPath, other: FieldPath): boolean =>
  one.length === other.length && one.every((key, index) => key === other[index])
