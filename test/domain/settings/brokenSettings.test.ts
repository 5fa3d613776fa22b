import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema } from "effect"
import type { LocatedDiagnostic } from "../../../src/domain/settings/Diagnostic.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { triggerOrder } from "../../../src/domain/triggers/TriggerEntry.ts"
import { mixed } from "../arbitraries.ts"

const environment = { LLM_API_KEY: "key-of-the-environment", PORT: "8080", EMPTY: "", QUOTED: "\"nats://a:1\"" }

const sound = `nats:
  servers: [nats://127.0.0.1:4222]
channels:
  - name: lobby
bot:
  username: MyBot
llm_api:
  base_url: http://127.0.0.1/v1
  api_key: \${LLM_API_KEY}
  model: m
`

const problemsOf = (text: string): ReadonlyArray<LocatedDiagnostic> => {
  const result = parseSettings(text, environment)
  return Result.isFailure(result) ? result.failure : result.success.warnings
}

const shown = ({ column, line, message, path, severity, suggestion }: LocatedDiagnostic): string =>
  `${line}:${column} ${severity} ${path}: ${message}${suggestion === undefined ? "" : ` → ${suggestion}`}`

const cases: ReadonlyArray<readonly [what: string, text: string, ...problems: ReadonlyArray<string>]> = [
  ["nothing wrong", sound],
  [
    "an empty file",
    "",
    "1:1 error nats: this field is required",
    "1:1 error channels: this field is required",
    "1:1 error bot: this field is required",
    "1:1 error llm_api: this field is required"
  ],
  [
    "a file of comments",
    "# nothing\n# yet\n",
    "1:1 error nats: this field is required",
    "1:1 error channels: this field is required",
    "1:1 error bot: this field is required",
    "1:1 error llm_api: this field is required"
  ],
  ["a list", "- nats\n", "1:1 error : must be fields with values (name: value)"],
  ["a word", "\n  nats\n", "2:3 error : must be fields with values (name: value)"],
  [
    "a missing field",
    sound.replace("  username: MyBot", "  aliases: []"),
    "6:3 error bot.username: this field is required"
  ],
  [
    "an empty section",
    sound.replace("  username: MyBot\n", ""),
    "5:5 error bot: is empty, must be fields with values (name: value)"
  ],
  [
    "an unknown field",
    sound.replace("username:", "usrname:"),
    "6:3 warning bot.usrname: no such field → username",
    "6:3 error bot.username: this field is required"
  ],
  ["an unknown section", `${sound}rate_limit: {}\n`, "11:1 warning rate_limit: no such field → rate_limits"],
  ["an unknown field like no other", `${sound}colour: red\n`, "11:1 warning colour: no such field"],
  [
    "an unset variable",
    sound.replace("http://127.0.0.1/v1", "${NOWHERE}/v1"),
    "8:13 error llm_api.base_url: the environment variable NOWHERE is not set"
  ],
  [
    "an unset variable and two mistakes",
    sound.replace("http://127.0.0.1/v1", "${NOWHERE}").replace("lobby", "\"a b\"").concat("seed: x\n"),
    "4:11 error channels[0].name: must be 1 to 30 of the characters a-z, A-Z, 0-9, _ and -",
    "8:13 error llm_api.base_url: the environment variable NOWHERE is not set",
    "11:7 error seed: must be a number"
  ],
  [
    "an empty variable",
    sound.replace("model: m", "model: ${EMPTY}"),
    "10:10 error llm_api.model: must not be empty (it comes from ${EMPTY})"
  ],
  [
    "a variable where a number must be",
    `${sound}health: { port: "\${PORT}" }\n`,
    "11:17 error health.port: must be a number (it comes from ${PORT})"
  ],
  ["text for a number", `${sound}context_window:\n  size: many\n`, "12:9 error context_window.size: must be a number"],
  [
    "a fraction for a count",
    `${sound}context_window:\n  size: 1.5\n`,
    "12:9 error context_window.size: must be an integer"
  ],
  ["a number for text", sound.replace("model: m", "model: 4"), "10:10 error llm_api.model: must be text"],
  [
    "a word for yes or no",
    `${sound}explain: { enabled: perhaps }\n`,
    "11:21 error explain.enabled: must be true or false"
  ],
  [
    "a wrong literal",
    `${sound}log_level: debug\n`,
    "11:12 error log_level: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL → DEBUG"
  ],
  [
    "a literal like no other",
    `${sound}log_level: verbose\n`,
    "11:12 error log_level: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"
  ],
  [
    "a number out of range",
    `${sound}response_processing:\n  max_response_length: 241\n`,
    "12:24 error response_processing.max_response_length: must be a value between 1 and 240"
  ],
  [
    "not a number",
    `${sound}telemetry:\n  sample_ratio: .nan\n`,
    "12:17 error telemetry.sample_ratio: must be a finite number",
    "12:17 error telemetry.sample_ratio: must be a value between 0 and 1"
  ],
  [
    "a list for a map",
    sound.replace("\n  username: MyBot", " [MyBot]"),
    "5:6 error bot: must be fields with values (name: value)"
  ],
  [
    "a value for a list",
    sound.replace("[nats://127.0.0.1:4222]", "nats://127.0.0.1:4222"),
    "2:12 error nats.servers: must be a list"
  ],
  [
    "an address without its scheme",
    sound.replace("nats://127", "127"),
    "2:13 error nats.servers[0]: must begin with nats:// or tls://"
  ],
  [
    "a second address of another scheme in one text",
    sound.replace("nats://127.0.0.1:4222", "\"nats://127.0.0.1:4222,http://b:1\""),
    "2:13 error nats.servers[0]: must begin with nats:// or tls://"
  ],
  [
    "an address in quotes",
    sound.replace("nats://127.0.0.1:4222", "\"${QUOTED}\""),
    "2:13 error nats.servers[0]: must begin with nats:// or tls:// (it comes from ${QUOTED}, whose value is in quotes: write it without them)"
  ],
  [
    "a channel that is there twice",
    sound.replace("lobby", "lobby\n  - name: Lobby"),
    "5:11 error channels[1].name: is there twice (upper and lower case do not differ)"
  ],
  ["no channel", sound.replace("\n  - name: lobby", " []"), "3:11 error channels: needs at least one"],
  [
    "a user limit of a channel",
    sound.replace("lobby", "lobby\n    rate_limits:\n      max_per_user_per_hour: 3"),
    "6:30 error channels[0].rate_limits.max_per_user_per_hour: user limits count over all channels: set it in the top-level rate_limits"
  ],
  [
    "a trigger of no type",
    `${sound}triggers:\n  - enabled: true\n`,
    "12:5 error triggers[0].type: this field is required"
  ],
  [
    "a trigger of a wrong type",
    `${sound}triggers:\n  - type: keywords\n`,
    `12:11 error triggers[0].type: must be one of ${triggerOrder.join(", ")} → keyword`
  ],
  [
    "a trigger that is a word",
    `${sound}triggers: [pm]\n`,
    "11:12 error triggers[0]: must be fields with values (name: value)"
  ],
  [
    "mistakes within a trigger",
    `${sound}triggers:\n  - type: pm\n    fire_probability: 2\n    rate_limit: { max_per_hours: 1 }\n`,
    "13:23 error triggers[0].fire_probability: must be a value between 0 and 1",
    "14:19 warning triggers[0].rate_limit.max_per_hours: no such field → max_per_hour"
  ],
  [
    "a keyword trigger without keywords",
    `${sound}triggers:\n  - type: keyword\n`,
    "12:5 error triggers[0].keywords: this field is required"
  ],
  [
    "an unknown placeholder",
    sound.replace("model: m", "model: m\n  user_prompt_template: \"{nobody}\""),
    "11:25 error llm_api.user_prompt_template: no such placeholder: {nobody}"
  ],
  ["a field that is there twice", `${sound}seed: 1\nseed: 2\n`, "12:1 error seed: this field is there twice"],
  [
    "a field that is there twice, and a mistake",
    `${sound}seed: 1\nseed: x\n`,
    "12:1 error seed: this field is there twice",
    "12:7 error seed: must be a number"
  ],
  [
    "a bracket that is not closed",
    sound.replace("4222]", "4222"),
    "3:1 error : the indentation does not fit, or a bracket is not closed"
  ],
  [
    "a quote that is not closed",
    sound.replace("MyBot", "\"MyBot"),
    "11:1 error : something is missing here: a closing quote, a comma, a colon or a space"
  ],
  ["tabs", sound.replace("  username", "\tusername"), "6:1 error : indentation must be spaces, not tabs"],
  [
    "a second colon",
    sound.replace("MyBot", "My: Bot"),
    "6:13 error : a second colon: put the value in quotes, or begin a new line"
  ],
  ["two documents", `${sound}---\nseed: 1\n`, "11:1 error : the file must hold one document: remove the line ---"],
  [
    "an unknown tag",
    sound.replace("MyBot", "!MyBot"),
    "6:13 error : unknown tag; put a value that begins with ! in quotes"
  ],
  [
    "an alias that leads nowhere",
    sound.replace("MyBot", "*MyBot"),
    "6:13 error bot.username: there is no anchor of this name before it; put a value that begins with * in quotes"
  ],
  [
    "an alias within what it names",
    `${sound}telemetry: &t { service_name: *t }\n`,
    "11:31 error telemetry.service_name: an alias cannot stand within what it names"
  ],
  [
    "aliases that multiply",
    `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]\n`,
    "1:1 error : aliases multiply beyond measure"
  ],
  [
    "an alias, mistaken where it is used",
    `${sound}seed: &s 1\nlog_format: *s\n`,
    "12:13 error log_format: must be one of json, pretty"
  ],
  [
    "lines that end as Windows ends them",
    sound.replaceAll("\n", "\r\n").replace("MyBot", "\"\""),
    "6:13 error bot.username: must be a string with between 1 and 50 code points"
  ],
  [
    "a byte order mark",
    `\uFEFF${sound.replace("nats:", "natz:")}`,
    "1:1 warning natz: no such field → nats",
    "1:1 error nats: this field is required"
  ]
]

describe("a broken configuration", () => {
  it.each(cases)("%s", (_, text, ...problems) => {
    assert.deepStrictEqual(problemsOf(text).map(shown), problems)
  })

  it("shows the line as it stands, without its line end", () => {
    const [problem] = problemsOf(sound.replaceAll("\n", "\r\n").replace("MyBot", "\"\""))
    assert.strictEqual(problem?.source, "  username: \"\"")
  })
})

const pieces = [
  sound,
  "nats:",
  "\n",
  "  ",
  "- ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  "\"",
  "'",
  "&a ",
  "*a",
  "!x ",
  "|\n",
  ">-\n",
  "#",
  "${LLM_API_KEY}",
  "${X}",
  "\t",
  "---",
  "%",
  "? ",
  "<<: *a",
  "triggers:",
  "type: pm",
  "\r\n",
  "null",
  "0x1",
  ".inf",
  "\uFEFF",
  "__proto__: 1"
]

describe("whatever stands in the file", () => {
  it.effect.prop("it is read or refused, never thrown at", [mixed(pieces)], ([text]) =>
    Effect.sync(() => {
      for (const { column, line } of problemsOf(text)) assert.isTrue(line >= 1 && column >= 1)
    }), { arbitrary: { runs: 500 } })
})

const secretFields = ["api_key", "password", "token", "user", "creds_file", "apikey", "client_secret"]
const Secret = Schema.String.check(Schema.isPattern(/^[a-z0-9*!@&#%{}[\],:.$-]{8,16}$/))

const placements: ReadonlyArray<(name: string, secret: string) => string> = [
  (name, secret) => sound.replace("model: m", `model: m\n  ${name}: ${secret}`),
  (name, secret) => sound.replace("model: m", `${name}:   '${secret}'`),
  (name, secret) => sound.replace("model: m", `model: 4\n  ${name}:\n    ${secret}`),
  (name, secret) => sound.replace("model: m", `${name}: >-\n    ${secret}`),
  (name, secret) => sound.replace("[nats://127.0.0.1:4222]", `{ ${name}: ${secret}, servers: 3 }`),
  (name, secret) => `nats: { "${name}": "${secret}", outbox_size: x`,
  (name, secret) => `nats: {${name}:${secret}, outbox_size: x }`,
  (name, secret) => `nats:\n\t${name}: ${secret}`,
  (name, secret) => `nats:\n  - ${name}: |\n\n      ${secret}\n    x\n [`,
  (name, secret) => `nats: { ${name}:\n  ${secret}, outbox_size: @`,
  (_, secret) => sound.replace("nats://127", `http://me:${secret.replace(/[@\s]/g, "x")}@127`)
]

describe("a secret", () => {
  it.effect.prop(
    "never appears in a problem",
    [
      Secret,
      Arbitrary.schema(Schema.Literals(secretFields)),
      Arbitrary.schema(Schema.Literals([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
    ],
    ([secret, name, place]) =>
      Effect.sync(() => {
        const text = placements[place]?.(name, secret) ?? ""
        assert.notInclude(JSON.stringify(problemsOf(text)), secret)
        assert.notInclude(JSON.stringify(problemsOf(text)), environment.LLM_API_KEY)
      }),
    { arbitrary: { runs: 1000 } }
  )

  it("is masked as long as it is, so that the caret stands right", () => {
    const [, problem] = problemsOf(`${sound.replace("nats://127.0.0.1:4222", "x")}extra: { token: abc, more: 1 }\n`)
    assert.strictEqual(problem?.source, "extra: { token: **** ***** * *")
  })

  it("that is a variable needs no mask", () => {
    const [problem] = problemsOf(sound.replace("${LLM_API_KEY}", "${NOWHERE}"))
    assert.strictEqual(problem?.source, "  api_key: ${NOWHERE}")
  })
})

describe("a file nested without end", () => {
  const deep: Readonly<Record<string, (levels: number) => string>> = {
    "lists in brackets": (levels) => `bot: ${"[".repeat(levels)}${"]".repeat(levels)}`,
    "fields in braces": (levels) => `bot: ${"{a: ".repeat(levels)}1${"}".repeat(levels)}`,
    "aliases": (levels) =>
      [
        "a0: &a0 x",
        ...Array.from({ length: Math.ceil(levels / 60) }, (_, index) =>
          `a${index + 1}: &a${index + 1} ${"[".repeat(60)}*a${index}${"]".repeat(60)}`)
      ].join("\n"),
    "lists": (levels) => `${"- ".repeat(levels)}x`,
    "blocks": (levels) => `${Array.from({ length: levels }, (_, level) => `${" ".repeat(level)}a:`).join("\n")} 1`
  }
  for (const [what, text] of Object.entries(deep)) {
    it(`of ${what} is named, however deep`, () => {
      for (const levels of [120, 1_000, 1_500, 2_000, 3_000]) {
        const [problem, ...others] = problemsOf(text(levels))
        assert.deepStrictEqual(others, [])
        assert.match(problem?.message ?? "", /^(?:this is nested too deeply|aliases multiply beyond measure)$/)
      }
      assert.notInclude(problemsOf(text(60)).map(shown).join("\n"), "nested")
    })
  }
})
