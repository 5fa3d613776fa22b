import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"
import { parseDocument } from "yaml"
import { Settings } from "../../../src/domain/settings/Settings.ts"
import { type ParsedSettings, parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { triggerOrder } from "../../../src/domain/triggers/TriggerEntry.ts"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"

const example = readFileSync("config/config.example.yaml", "utf8")
const environment = {
  NATS_URL: "nats://127.0.0.1:4222",
  LLM_BASE_URL: "http://127.0.0.1/v1",
  LLM_API_KEY: "very-secret",
  LLM_MODEL: "m"
}
const minimal = `
nats: { servers: [nats://127.0.0.1:4222] }
channels: [{ name: mychannel }]
bot: { username: MyBot }
llm_api: { base_url: http://127.0.0.1/v1, api_key: "\${LLM_API_KEY}", model: m }
`

const parsed = (text: string): ParsedSettings =>
  Result.getOrThrowWith(parseSettings(text, environment), (problems) => new Error(JSON.stringify(problems)))

const problemsOf = (text: string): ReadonlyArray<string> => {
  const result = parseSettings(text, environment)
  const problems = Result.isFailure(result) ? result.failure : result.success.warnings
  return problems.map(({ column, line, message, path, severity }) =>
    `${line}:${column} ${severity} ${path}: ${message}`
  )
}

/** All field paths of a JSON Schema, lists marked by `[]`. */
const JsonSchema = Schema.Struct({
  properties: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  items: Schema.optionalKey(Schema.Unknown),
  anyOf: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  allOf: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  prefixItems: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  $ref: Schema.optionalKey(Schema.String)
})
const document = Schema.toJsonSchemaDocument(Settings)
const definitions: Readonly<Record<string, unknown>> = document.definitions

const pathsOf = (unknownSchema: unknown, at: string): ReadonlyArray<string> => {
  const schema = Schema.decodeUnknownSync(JsonSchema)(unknownSchema)
  const referred = schema.$ref === undefined ? [] : pathsOf(definitions[schema.$ref.split("/").at(-1) ?? ""], at)
  return [
    ...referred,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
      const path = at === "" ? name : `${at}.${name}`
      return [path, ...pathsOf(inner, path)]
    }),
    ...(schema.items === undefined || schema.items === false ? [] : pathsOf(schema.items, `${at}[]`)),
    ...[...schema.anyOf ?? [], ...schema.allOf ?? []].flatMap((inner) => pathsOf(inner, at)),
    ...(schema.prefixItems ?? []).flatMap((inner) => pathsOf(inner, `${at}[]`))
  ]
}

const pathsIn = (value: unknown, at: string): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap((inner) => pathsIn(inner, `${at}[]`))
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = at === "" ? name : `${at}.${name}`
    return [path, ...pathsIn(inner, path)]
  })
}

describe("the configuration file", () => {
  it("takes the example without a warning, and the example shows the defaults", () => {
    const { settings, warnings } = parsed(example)
    assert.deepStrictEqual(warnings, [])
    const defaults = parsed(minimal).settings
    const shown = { ...settings, llm_api: { ...settings.llm_api, api_key: "" } }
    assert.deepStrictEqual(
      { ...shown, triggers: settings.triggers.slice(0, 2) },
      { ...defaults, llm_api: { ...defaults.llm_api, api_key: "" } }
    )
    assert.deepStrictEqual(settings.triggers.map(({ type }) => type), [...triggerOrder])
  })

  it("has an example that shows every field there is", () => {
    const shown = new Set(pathsIn(parseDocument(example).toJS(), ""))
    // What a channel overrides is shown at the top level; fallbacks and their fields are in a comment.
    const elsewhere = /^channels\[\]\.(triggers|rate_limits|response_processing)[.[]|^llm_api\.fallbacks\[\]/
    const missing = [...new Set(pathsOf(document.schema, ""))].filter((path) =>
      !elsewhere.test(path) && !shown.has(path)
    )
    assert.deepStrictEqual(missing, [])
  })

  it("has an example that names every protocol", () => {
    const comment = /^ *protocol: .*# (.*)$/m.exec(example)?.[1] ?? ""
    assert.deepStrictEqual(Protocol.literals.filter((name) => !comment.split(/[ ,]+/).includes(name)), [])
  })

  it("keeps secrets wrapped", () => {
    const { settings } = parsed(minimal)
    assert.strictEqual(Redacted.value(settings.llm_api.api_key), "very-secret")
    assert.notInclude(JSON.stringify(settings), "very-secret")
  })

  it("names each problem with its place", () => {
    assert.deepStrictEqual(problemsOf(minimal.replace("MyBot", "\"\"")), [
      "4:18 error bot.username: must be a string with between 1 and 50 code points"
    ])
    assert.deepStrictEqual(problemsOf(minimal.replace("{ username: MyBot }", "{}")), [
      "4:6 error bot.username: this field is required"
    ])
    assert.deepStrictEqual(problemsOf(`${minimal}rate_limit: 3\n`), ["6:1 warning rate_limit: no such field"])
    assert.deepStrictEqual(problemsOf(minimal.replace("http://127.0.0.1/v1", "\"${NOWHERE}\"")), [
      "5:22 error llm_api.base_url: the environment variable NOWHERE is not set"
    ])
    assert.deepStrictEqual(problemsOf("nats: [\n").length, 1)
    assert.deepStrictEqual(problemsOf("").length > 0, true)
  })

  it.each([
    ["a channel name", "mychannel", "my channel", "channels[0].name"],
    ["a repeated channel", "[{ name: mychannel }]", "[{ name: one }, { name: ONE }]", "channels[1].name"],
    ["a server", "nats://127.0.0.1:4222", "http://127.0.0.1", "nats.servers[0]"],
    ["a URL", "http://127.0.0.1/v1", "ftp://x", "llm_api.base_url"],
    ["a placeholder", "model: m", "model: m, user_prompt_template: \"{nobody}\"", "llm_api.user_prompt_template"],
    [
      "a pattern",
      "bot:",
      "response_processing: { content_filter: { block_patterns: [\"(\"] } }\nbot:",
      "response_processing.content_filter.block_patterns[0]"
    ],
    [
      "a probability",
      "bot:",
      "triggers: [{ type: mention, fire_probability: 2 }]\nbot:",
      "triggers[0].fire_probability"
    ],
    ["keywords", "bot:", "triggers: [{ type: keyword, keywords: [] }]\nbot:", "triggers[0].keywords"],
    [
      "a user limit of a channel",
      "name: mychannel",
      "name: a, rate_limits: { max_per_user_per_minute: 1 }",
      "channels[0].rate_limits.max_per_user_per_minute"
    ],
    [
      "a length",
      "bot:",
      "response_processing: { max_response_length: 241 }\nbot:",
      "response_processing.max_response_length"
    ],
    ["a prefix that is no token", "nats: {", "nats: { jetstream: { prefix: a.b },", "nats.jetstream.prefix"],
    ["partitions", "nats: {", "nats: { jetstream: { partitions: 0 },", "nats.jetstream.partitions"]
  ])("refuses %s that is wrong", (_, good, bad, path) => {
    const problems = problemsOf(minimal.replace(good, bad))
    assert.lengthOf(problems, 1)
    assert.include(problems[0], `error ${path}: `)
  })
})
