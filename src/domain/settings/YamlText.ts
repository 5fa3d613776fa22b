import { Struct } from "effect"
import { type Document, LineCounter, parseDocument } from "yaml"
import { type Diagnostic, error, type LocatedDiagnostic, pathText } from "./Diagnostic.ts"
import { isSecretName, isVariable, maskAddress, maskLine, maskLines, maskSpans } from "./SecretMask.ts"
import { aliasFaults, isTooDeep, yamlMessage } from "./YamlFaults.ts"
import { eachValue, offsetOf } from "./YamlPlace.ts"

/** A YAML text: what it holds, and where in it each field stands. */
export interface YamlText {
  readonly document: Document
  /** Why it cannot be read; empty when it can. */
  readonly broken: ReadonlyArray<LocatedDiagnostic>
  /** Locates a diagnostic in the text. */
  readonly place: (finding: Diagnostic) => LocatedDiagnostic
}

/** The text with all its secrets masked. */
const masked = (text: string, document: Document): string => {
  const spans: Array<readonly [number, number]> = []
  eachValue(document, ({ range, source = "" }, { path }) => {
    if (range && !isVariable(source) && path().some(isSecretName)) spans.push([range[0], range[1]])
  })
  return maskSpans(text, spans)
}

/** The lines of a text without its secrets. */
const maskedLines = (text: string, document: Document): ReadonlyArray<string> => maskLines(masked(text, document))

/** One error a line: what follows a syntax error is mostly its echo. */
const firstOfEachLine = (problems: ReadonlyArray<LocatedDiagnostic>): ReadonlyArray<LocatedDiagnostic> =>
  problems.filter(({ line }, index) => problems.findIndex((other) => other.line === line) === index)

/** Reads a text as YAML 1.2. */
export const readYaml = (text: string): YamlText => {
  const counter = new LineCounter()
  // A field that is there twice is found later: it does not keep the rest from being checked.
  const document = parseDocument(text, {
    lineCounter: counter,
    logLevel: "error",
    prettyErrors: false,
    uniqueKeys: false
  })
  const tooDeep = isTooDeep(document)
  let lines: ReadonlyArray<string> | undefined
  // Most files have no fault to show a line for.
  const lineAt = (line: number): string => {
    lines ??= tooDeep ? maskLines(text) : maskedLines(text, document)
    return lines[line - 1] ?? ""
  }
  const placeAt = (finding: Diagnostic, offset: number): LocatedDiagnostic => {
    const { col, line } = counter.linePos(Math.min(offset, text.length))
    return {
      ...Struct.omit(finding, ["at"]),
      path: maskLine(pathText(finding.path)),
      line: Math.max(1, line),
      column: Math.max(1, col),
      source: lineAt(line)
    }
  }
  const place = (finding: Diagnostic): LocatedDiagnostic => placeAt(finding, offsetOf(document, finding))
  if (tooDeep) {
    const fault = placeAt(error([], yamlMessage("RESOURCE_EXHAUSTION")), 0)
    return { document, broken: [fault], place }
  }
  const syntax = [...document.errors, ...document.warnings].map(({ code, pos: [offset] }) =>
    placeAt(error([], yamlMessage(code)), offset)
  )
  const broken = syntax.length > 0 ? firstOfEachLine(syntax) : aliasFaults(document).map(place)
  return { document, broken, place }
}

/** A text as it may be shown to people: its secrets hidden (N4). */
export const maskedText = (text: string): string => {
  const { broken, document } = readYaml(text)
  if (isTooDeep(document)) return maskLines(text).join("\n")
  if (broken.length > 0) return maskedLines(text, document).join("\n")
  // Where every value is known only comments have to be guessed at.
  return masked(text, document).replace(/#.*/g, maskLine).replace(/.+/g, maskAddress)
}
