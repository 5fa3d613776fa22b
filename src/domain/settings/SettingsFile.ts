import { Option, Result, Schema, type SchemaIssue } from "effect"
import type { Document } from "yaml"
import { type Diagnostic, error, type LocatedDiagnostic, samePath, warning } from "./Diagnostic.ts"
import { isSecretName, isVariable } from "./SecretMask.ts"
import { Settings } from "./Settings.ts"
import { diagnosticsOf } from "./SettingsIssues.ts"
import { lintSettings } from "./SettingsLint.ts"
import { type Environment, fillVariables, quotedVariable, unsetVariable, type VariableUse } from "./Variables.ts"
import { isContentTooDeep, repeatedFields, yamlMessage } from "./YamlFaults.ts"
import { eachValue } from "./YamlPlace.ts"
import { readYaml } from "./YamlText.ts"

/** A valid configuration and its warnings. */
export interface ParsedSettings {
  readonly settings: Settings
  readonly warnings: ReadonlyArray<LocatedDiagnostic>
  /** Locates a later diagnostic in the file. */
  readonly place: (diagnostic: Diagnostic) => LocatedDiagnostic
}

const decodeStrict = Schema.decodeUnknownResult(Settings, { errors: "all", onExcessProperty: "error" })
const decode = Schema.decodeUnknownOption(Settings)

const byPlace = (a: LocatedDiagnostic, b: LocatedDiagnostic): number => a.line - b.line || a.column - b.column

/** Secrets in the file itself (N4). Runs before variables are expanded; afterwards they look the same. */
const literalSecrets = (document: Document): ReadonlyArray<Diagnostic> => {
  const diagnostics: Array<Diagnostic> = []
  eachValue(document, ({ value }, { name = "", path }) => {
    const secret = isSecretName(name) && name !== "user" && name !== "creds_file"
    // A local server wants some key and none in particular.
    if (!secret || typeof value !== "string" || isVariable(value) || value === "" || value === "none") return
    diagnostics.push(warning(path(), "a secret stands in the file: take it from the environment, as ${NAME}"))
  })
  return diagnostics
}

/** A document as plain data; none when its aliases expand without bound. */
const contentOf = (document: Document): Option.Option<unknown> =>
  Option.map(Option.liftThrowable((): unknown => document.toJS())(), (content) => content ?? {})

/** The schema's diagnostics: none for a field whose variable is missing; others name their variable. */
const schemaDiagnostics = (
  issue: SchemaIssue.Issue,
  content: unknown,
  uses: ReadonlyArray<VariableUse>
): ReadonlyArray<Diagnostic> =>
  diagnosticsOf(issue, content).flatMap((finding) => {
    const use = uses.find(({ path }) => samePath(path, finding.path))
    if (use === undefined) return [finding]
    const quoted = use.isQuoted ? ", whose value is in quotes: write it without them" : ""
    return use.isSet ? [{ ...finding, message: `${finding.message} (it comes from \${${use.name}}${quoted})` }] : []
  })

/**
 * Reads a configuration file: `${VAR}` in its strings is replaced from the environment, then everything is checked
 * and every problem is named at once with its place (F9). Secrets are wrapped from here on and appear in
 * no message. Never throws.
 */
export const parseSettings = (
  text: string,
  environment: Environment
): Result.Result<ParsedSettings, ReadonlyArray<LocatedDiagnostic>> => {
  const { broken, document, place } = readYaml(text.replace(/^\uFEFF/, ""))
  if (broken.length > 0) return Result.fail(broken)

  const secrets = literalSecrets(document)
  const uses = fillVariables(document, environment)
  const content = contentOf(document)
  if (Option.isNone(content)) {
    return Result.fail([place(error([], "aliases multiply beyond measure"))])
  }
  if (isContentTooDeep(content.value)) {
    return Result.fail([place(error([], yamlMessage("RESOURCE_EXHAUSTION")))])
  }
  const unset = uses.filter(({ isSet }) => !isSet).map(unsetVariable)
  const strict = decodeStrict(content.value)
  const faults = Result.isSuccess(strict) ? [] : schemaDiagnostics(strict.failure.issue, content.value, uses)
  const diagnostics = [...repeatedFields(document), ...unset, ...faults, ...secrets]
  const settings = Result.isSuccess(strict) ? Option.some(strict.success) : decode(content.value)
  if (Option.isNone(settings) || diagnostics.some(({ severity }) => severity === "error")) {
    return Result.fail(diagnostics.map(place).toSorted(byPlace))
  }
  const lint = lintSettings(settings.value, (path) => document.hasIn(path))
  const quoted = uses.filter(({ isQuoted }) => isQuoted).map(quotedVariable)
  const warnings = [...diagnostics, ...quoted, ...lint].map(place).toSorted(byPlace)
  return Result.succeed({ settings: settings.value, warnings, place })
}
