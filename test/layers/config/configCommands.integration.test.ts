import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Bridge } from "../../support/Bridge.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder, fileWith, freePort, llmBot } from "../../support/Program.ts"

const example = readFileSync("config/config.example.yaml", "utf8")
const environment = {
  NATS_URL: "nats://127.0.0.1:4222",
  LLM_BASE_URL: "http://127.0.0.1:9/v1",
  LLM_API_KEY: "key-of-the-environment",
  LLM_MODEL: "double"
}

/** Where the value of a field of the example's model stands: line and column. */
const placeOf = (field: string): string => {
  const lines = example.split("\n")
  const index = lines.findIndex((line) => line.startsWith(`  ${field}: `))
  return `${index + 1}:${field.length + 5}`
}

/** Runs a command to its end: its exit code and what it wrote. */
const outcomeOf = Effect.fnUntraced(
  function*(args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = environment) {
    const program = yield* llmBot(args, env)
    const code = yield* program.exit
    return { code, output: yield* program.output }
  }
)

const Report = Schema.fromJsonString(Schema.Struct({
  valid: Schema.Boolean,
  problems: Schema.Array(Schema.Struct({
    severity: Schema.Literals(["error", "warning"]),
    path: Schema.String,
    line: Schema.Int,
    column: Schema.Int,
    message: Schema.String,
    suggestion: Schema.optionalKey(Schema.String)
  }))
}))

const broken = `nats: { servers: [nats://127.0.0.1:4222] }
channels: [{ name: lobby }]
bot: { usrname: MyBot }
llm_api:
  base_url: \${NOWHERE}
  api_key: a-literal-secret
  model: ""
`

describe("llm-bot check-config", () => {
  it.live("takes the example: one word, exit 0", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcomeOf(["check-config", "config/config.example.yaml"]), {
        code: 0,
        output: "valid\n"
      })
    }).pipe(Effect.scoped))

  it.live("names every problem with its line and a caret, secrets masked, exit 1", () =>
    Effect.gen(function*() {
      const file = yield* fileWith("config.yaml", broken)
      const { code, output } = yield* outcomeOf(["check-config", file])
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(output.trimEnd().replaceAll(file, "F").split("\n"), [
        "F:3:6: error: bot.username: this field is required",
        "  bot: { usrname: MyBot }",
        "       ^",
        "F:3:8: warning: bot.usrname: no such field (did you mean username?)",
        "  bot: { usrname: MyBot }",
        "         ^",
        "F:5:13: error: llm_api.base_url: the environment variable NOWHERE is not set",
        "    base_url: ${NOWHERE}",
        "              ^",
        "F:6:12: warning: llm_api.api_key: a secret stands in the file: take it from the environment, as ${NAME}",
        "    api_key: ****************",
        "             ^",
        "F:7:10: error: llm_api.model: must not be empty",
        "    model: \"\"",
        "           ^"
      ])
    }).pipe(Effect.scoped))

  it.live("says the same as JSON", () =>
    Effect.gen(function*() {
      const file = yield* fileWith("config.yaml", broken)
      const { code, output } = yield* outcomeOf(["check-config", file, "--format", "json"])
      assert.strictEqual(code, 1)
      const { problems, valid } = yield* Schema.decodeEffect(Report)(output)
      assert.isFalse(valid)
      assert.deepStrictEqual(
        problems.map(({ column, line, path, severity, suggestion }) => [severity, path, line, column, suggestion]),
        [
          ["error", "bot.username", 3, 6, undefined],
          ["warning", "bot.usrname", 3, 8, "username"],
          ["error", "llm_api.base_url", 5, 13, undefined],
          ["warning", "llm_api.api_key", 6, 12, undefined],
          ["error", "llm_api.model", 7, 10, undefined]
        ]
      )
      assert.notInclude(output, "a-literal-secret")
    }).pipe(Effect.scoped))

  it.live("takes a file with warnings only", () =>
    Effect.gen(function*() {
      const file = yield* fileWith("config.yaml", `${example}\ncolour: red\n`)
      const { code, output } = yield* outcomeOf(["check-config", file])
      assert.strictEqual(code, 0)
      assert.match(output, /warning: colour: no such field/)
      assert.match(output, /^valid$/m)
      const json = yield* outcomeOf(["check-config", "--format", "json", file])
      assert.isTrue((yield* Schema.decodeEffect(Report)(json.output)).valid)
    }).pipe(Effect.scoped))

  it.live("says of a file that is not there just that", () =>
    Effect.gen(function*() {
      const { code, output } = yield* outcomeOf(["check-config", "/no/such/config.yaml"])
      assert.strictEqual(code, 1)
      assert.strictEqual(output, "/no/such/config.yaml:1:1: error: cannot be read: there is no such file\n")
    }).pipe(Effect.scoped))
})

/** NATS with the bridge that the example names, and a model. */
const world = Bridge.layer({ protocol: "kryten", domain: "cytu.be", channel: "MyChannel", account: "MyBot" }).pipe(
  Layer.provideMerge(Layer.mergeAll(NatsServer.layer, LlmDouble.layer))
)
const connected = Effect.gen(function*() {
  const { url: NATS_URL } = yield* NatsServer
  const { url: LLM_BASE_URL } = yield* LlmDouble
  return { ...environment, NATS_URL, LLM_BASE_URL }
})

describe("llm-bot check-config --connect", () => {
  const connect = ["check-config", "config/config.example.yaml", "--connect"]

  it.live("finds NATS, the key and the model, with one request of one token", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcomeOf(connect, yield* connected), { code: 0, output: "valid\n" })
      const calls = yield* Effect.flatMap(LlmDouble, (llm) => llm.calls)
      assert.deepStrictEqual(calls.map(({ authorization, method, path }) => [method, path, authorization]), [
        ["GET", "/v1/models", "Bearer key-of-the-environment"],
        ["POST", "/v1/chat/completions", "Bearer key-of-the-environment"]
      ])
      assert.include(calls[1]?.body, "\"max_tokens\":1,")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("names the fields that lead nowhere, both at once", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const env = { ...environment, NATS_URL: `nats://127.0.0.1:${port}`, LLM_BASE_URL: `http://127.0.0.1:${port}/v1` }
      const { code, output } = yield* outcomeOf(connect, env)
      assert.strictEqual(code, 1)
      assert.match(output, /:8:12: error: nats\.servers: .*connection refused/)
      assert.match(output, new RegExp(`:${placeOf("base_url")}: error: llm_api\\.base_url: cannot be reached`))
      assert.notInclude(output, "valid")
      assert.notInclude(output, environment.LLM_API_KEY)
    }).pipe(Effect.scoped))

  it.live("names the file of nats.tls that cannot be read, whatever else is given", () =>
    Effect.gen(function*() {
      const text = example.replace("ca_file: null", "ca_file: /no/such/ca.pem").replace(
        "token: null",
        "token: secret-token"
      )
      const file = yield* fileWith("config.yaml", text)
      const { code, output } = yield* outcomeOf(["check-config", file, "--connect"], yield* connected)
      assert.strictEqual(code, 1)
      assert.match(output, /error: nats\.tls\.ca_file: cannot be read/)
      assert.notInclude(output, "secret-token")
    }).pipe(Effect.provide(world), Effect.scoped))

  const refusals = [
    { status: 401, says: `${placeOf("api_key")}: error: llm_api.api_key: the server refuses the key with 401` },
    {
      status: 404,
      says: `${placeOf("base_url")}: error: llm_api.base_url: the server has no /v1/chat/completions (404)`
    },
    { status: 503, says: `${placeOf("base_url")}: error: llm_api.base_url: the model's server failed with 503` }
  ]

  for (const { says, status } of refusals) {
    it.live(`a completion that ends with ${status} names the field to look at`, () =>
      Effect.gen(function*() {
        const llm = yield* LlmDouble
        yield* llm.behave({ status })
        const { code, output } = yield* outcomeOf(connect, yield* connected)
        assert.strictEqual(code, 1)
        assert.include(output, says)
      }).pipe(Effect.provide(world), Effect.scoped))
  }

  it.live("a model the server does not list is named, with the nearest that it does", () =>
    Effect.gen(function*() {
      const llm = yield* LlmDouble
      yield* llm.behave({ status: 400 })
      const { output } = yield* outcomeOf(connect, { ...(yield* connected), LLM_MODEL: "duble" })
      assert.include(output, "llm_api.model: the server refuses this model with 400 (did you mean double?)")
    }).pipe(Effect.provide(world), Effect.scoped))
})

describe("llm-bot init", () => {
  it.live("writes the example, and leaves a file alone that is there", () =>
    Effect.gen(function*() {
      const file = join(yield* emptyFolder, "config.yaml")
      const first = yield* outcomeOf(["init", file])
      assert.strictEqual(first.code, 0)
      assert.strictEqual(readFileSync(file, "utf8"), example)
      const second = yield* outcomeOf(["init", file])
      assert.deepStrictEqual(second, { code: 1, output: `${file}: is there already and is left alone\n` })
      assert.strictEqual(readFileSync(file, "utf8"), example)
    }).pipe(Effect.scoped))

  it.live("says in one line that it cannot write", () =>
    Effect.gen(function*() {
      const { code, output } = yield* outcomeOf(["init", "/no/such/folder/config.yaml"])
      assert.strictEqual(code, 1)
      assert.match(output, /^\/no\/such\/folder\/config\.yaml: cannot be written: .*\n$/)
      assert.isFalse(existsSync("/no/such/folder"))
    }).pipe(Effect.scoped))
})

describe("llm-bot schema", () => {
  it.live("prints the schema that is committed", () =>
    Effect.gen(function*() {
      const { code, output } = yield* outcomeOf(["schema"])
      assert.strictEqual(code, 0)
      assert.strictEqual(output, readFileSync("config/config.schema.json", "utf8"))
    }).pipe(Effect.scoped))
})
