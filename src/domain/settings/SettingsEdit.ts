import { Result, Schema } from "effect"
import { type Document, isCollection, isMap, isNode, isScalar, isSeq } from "yaml"
import { error, type FieldPath, type LocatedDiagnostic } from "./Diagnostic.ts"
import { builtInTriggers } from "../triggers/TriggerEntry.ts"
import { readYaml } from "./YamlText.ts"

/** A field and its new value in the file's terms; without a value it goes back to its default. */
export const SettingsEdit = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Int])).check(Schema.isMinLength(1), Schema.isMaxLength(12)),
  value: Schema.optionalKey(Schema.Json)
})
export type SettingsEdit = typeof SettingsEdit.Type

/** What may be set in a room that is open: the rest is read at the start, or says where secrets go. */
const live = {
  root: new Set(["bot", "context_window", "llm_api", "rate_limits", "response_processing", "seed", "triggers"]),
  channel: new Set(["llm_model", "rate_limits", "response_processing", "system_prompt", "triggers"]),
  notInLlmApi: new Set(["api_key", "base_url", "fallbacks"])
}

const isLive = ([root = "", second = "", third = ""]: ReadonlyArray<string>): boolean => {
  if (root === "channels") return live.channel.has(third)
  return root === "llm_api" ? second !== "" && !live.notInLlmApi.has(second) : live.root.has(root)
}

/** Whether a value would take something from the environment: what that is must not show up here (N4). */
const usesVariable = (value: unknown): boolean => JSON.stringify(value ?? "").includes("${")

/** The general settings that a room may replace, and what its own are called. */
const ownName = (path: FieldPath): FieldPath => {
  const [root, second] = path
  if (root === "llm_api" && second === "system_prompt") return ["system_prompt", ...path.slice(2)]
  if (root === "llm_api" && second === "model") return ["llm_model", ...path.slice(2)]
  // A user's limits count over all rooms: no room has its own.
  const isGlobal = root === "rate_limits" && String(second).startsWith("max_per_user_")
  return !isGlobal && ["triggers", "rate_limits", "response_processing"].includes(String(root)) ? path : []
}

/** Where a field of the room stands: in the room's own entry if that replaces the general setting. */
const placeOf = (document: Document, path: FieldPath, channel: number): FieldPath => {
  const own = ownName(path)
  const ownValue: unknown = own.length === 0 ? null : document.getIn(["channels", channel, own[0]])
  return ownValue === null || ownValue === undefined ? path : ["channels", channel, ...own]
}

/** Why a path does not exist in a document, if so. Lists grow by one at most. */
const deadEnd = (document: Document, path: FieldPath): string | undefined => {
  let node: unknown = document.contents
  for (const key of path) {
    if (isSeq(node)) {
      if (typeof key !== "number" || key < 0 || key > node.items.length) return `there is no entry ${String(key)}`
    } else if (isMap(node) || node === undefined || node === null) {
      if (typeof key !== "string") return `there is no list with an entry ${String(key)}`
    } else if (!(isScalar(node) && node.value === null && typeof key === "string")) {
      return "it is no section that could hold this"
    }
    node = isCollection(node) ? node.get(key, true) : undefined
  }
  return undefined
}

/** The list that holds when there is none is written out before a part of it is changed. */
const writeOutTriggers = (document: Document, path: FieldPath): void => {
  if (path[0] === "triggers" && path.length > 1 && !document.has("triggers")) {
    document.set("triggers", document.createNode(builtInTriggers))
  }
}

/**
 * The text with a value in place of another one, if that stands there as a scalar or in brackets: all around it stays
 * as it was written.
 */
const splice = (text: string, node: unknown, value: Schema.Json): string | undefined => {
  const isOneValue = isScalar(node) || (isCollection(node) && node.flow === true)
  if (!isOneValue || !node.range || node.range[0] === node.range[1]) return undefined
  const [from, to] = node.range
  // A block scalar extends to the next line's start. JSON is valid YAML everywhere.
  const end = /\s*$/.exec(text.slice(from, to))?.[0] ?? ""
  return text.slice(0, from) + JSON.stringify(value) + end + text.slice(to)
}

/** Sets a value where there was none, or a list or section over several lines. */
const setValue = (document: Document, path: FieldPath, value: Schema.Json): void => {
  const before = document.getIn(path, true)
  const node = document.createNode(value)
  if (isNode(before)) Object.assign(node, { comment: before.comment, commentBefore: before.commentBefore })
  document.setIn(path, node)
}

/** A section that is there without a value, as in `rate_limits:`, makes room for its fields. */
const dropEmptySections = (document: Document, path: FieldPath): void => {
  for (const [index] of path.slice(1).entries()) {
    const section = path.slice(0, index + 1)
    if (document.hasIn(section) && document.getIn(section) === null) document.deleteIn(section)
  }
}

const apply = (text: string, edit: SettingsEdit, channel: number): Result.Result<string, LocatedDiagnostic> => {
  const { path: target, value } = edit
  const { document, place } = readYaml(text)
  const refuse = (message: string) => Result.fail(place(error(target, message)))
  if (!isLive(target.map(String))) {
    return refuse("cannot be set here: change it in the configuration file and start again")
  }
  if (usesVariable(value)) return refuse("a ${VARIABLE} can be set in the configuration file only")
  const path = placeOf(document, target, channel)
  writeOutTriggers(document, path)
  const nowhere = deadEnd(document, path)
  if (nowhere !== undefined) return refuse(nowhere)
  const inPlace = value === undefined ? undefined : splice(text, document.getIn(path, true), value)
  if (inPlace !== undefined) return Result.succeed(inPlace)
  dropEmptySections(document, path)
  if (value !== undefined) setValue(document, path, value)
  else if (document.hasIn(path)) document.deleteIn(path)
  else return Result.succeed(text)
  return Result.succeed(document.toString({ lineWidth: 0 }))
}

/**
 * Sets fields of a configuration text, for the room that is the `channel`th of its list; comments stay. What cannot be
 * set is named; whether the result is a good configuration is for `parseSettings` to say.
 */
export const editSettings = (
  text: string,
  edits: ReadonlyArray<SettingsEdit>,
  channel: number
): Result.Result<string, ReadonlyArray<LocatedDiagnostic>> => {
  const problems: Array<LocatedDiagnostic> = []
  const after = edits.reduce((before, edit) => {
    const applied = apply(before, edit, channel)
    if (Result.isFailure(applied)) problems.push(applied.failure)
    return Result.getOrElse(applied, () => before)
  }, text)
  return problems.length > 0 ? Result.fail(problems) : Result.succeed(after)
}
