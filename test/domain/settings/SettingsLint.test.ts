import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import type { Environment } from "../../../src/domain/settings/Variables.ts"

/** A sound configuration with further sections, and fields of the three that are always there. */
const withFields = (sections: string, { bot = "", llm = "", nats = "", room = "" } = {}): string => `
nats: { servers: [nats://127.0.0.1:4222], ${nats} }
channels: [{ name: lobby, ${room} }]
bot: { username: MyBot, ${bot} }
llm_api: { base_url: http://127.0.0.1/v1, api_key: "\${KEY}", model: m, ${llm} }
${sections}
`

const warningsOf = (text: string, environment: Environment = { KEY: "k" }): ReadonlyArray<string> =>
  Result.match(parseSettings(text, environment), {
    onFailure: (problems) => assert.fail(JSON.stringify(problems)),
    onSuccess: ({ warnings }) => warnings.map(({ message, path, severity }) => `${severity} ${path}: ${message}`)
  })

const unreachable = "no message can reach this entry: an earlier one takes them all"
const manyLines = "the bot would answer many lines that do not mean it"
const literal = "a secret stands in the file: take it from the environment, as ${NAME}"

const fallbacksOf = (more: string): string =>
  `fallbacks: [{ base_url: http://127.0.0.1/v1, api_key: "\${KEY}", model: m, ${more} }]`
const outOf = (seconds: number) => `a reply has ${seconds} s (reply_deadline_seconds)`

const inStreams = "is not used where nats.jetstream is enabled: the streams bring back what the bot knows"

const doubtful: ReadonlyArray<readonly [what: string, text: string, ...warnings: ReadonlyArray<string>]> = [
  ["a literal key", withFields("").replace("\"${KEY}\"", "abc"), `llm_api.api_key: ${literal}`],
  [
    "a directory beside durable intake",
    withFields("state: { directory: /var/lib/llm-bot }", {
      nats: "jetstream: { enabled: true, replay_seconds: 7200 }"
    }),
    `state.directory: ${inStreams}`
  ],
  [
    "a directory that depends on where the bot is started",
    withFields("state: { directory: state }"),
    "state.directory: is relative: started from another folder, the bot begins anew"
  ],
  [
    "a state that is saved all the time",
    withFields("state: { directory: /state, save_seconds: 0.1 }"),
    "state.save_seconds: below 0.5: the disk is written all the time for what a crash hardly saves"
  ],
  [
    "a state that is seldom saved",
    withFields("state: { directory: /state, save_seconds: 600 }"),
    "state.save_seconds: a crash loses up to 600 s: limits and cooldowns of that time begin again"
  ],
  ["a literal password", withFields("", { nats: "user: me, password: abc" }), `nats.password: ${literal}`],
  ["a literal token", withFields("", { nats: "token: abc" }), `nats.token: ${literal}`],
  ["a key that is half a literal", withFields("").replace("${KEY}", "${KEY}abc"), `llm_api.api_key: ${literal}`],
  [
    "a password without a user",
    withFields("", { nats: "password: \"${KEY}\"" }),
    "nats.password: is not used without nats.user"
  ],
  [
    "a token and a user",
    withFields("", { nats: "user: me, token: \"${KEY}\"" }),
    "nats.token: set either a token or a user"
  ],
  [
    "half a certificate",
    withFields("", { nats: "tls: { cert_file: a }" }),
    "nats.tls: cert_file and key_file go together"
  ],
  [
    "a user in an address",
    withFields("").replace("nats://", "nats://me:x@"),
    "nats.servers[0]: a user in the address is not used: set nats.user and nats.password"
  ],
  [
    "durable intake that keeps too little",
    withFields("", {
      nats: "jetstream: { enabled: true, replay_seconds: 60, duplicate_window_seconds: 30, replicas: 2 }"
    }),
    "nats.jetstream.replay_seconds: below context_window.max_age_seconds (3600): a restart forgets older lines",
    "nats.jetstream.duplicate_window_seconds: below reply_deadline_seconds (60): a late reply may come twice",
    "nats.jetstream.replicas: 2 copies survive the loss of no more servers than 1 do"
  ],
  [
    "a short alias",
    withFields("", { bot: "aliases: [B-t, Bo]" }),
    `bot.aliases[0]: fewer than 3 letters: ${manyLines}`,
    `bot.aliases[1]: fewer than 3 letters: ${manyLines}`
  ],
  ["a common alias", withFields("", { bot: "aliases: [Bot]" }), `bot.aliases[0]: a common word: ${manyLines}`],
  [
    "a deadline below the timeout",
    withFields("response_processing: { reply_deadline_seconds: 10 }"),
    "response_processing.reply_deadline_seconds: below llm_api.timeout_seconds (20): slow answers are cut off before their time"
  ],
  [
    "a channel's deadline below the timeout",
    withFields("", { room: "response_processing: { reply_deadline_seconds: 10 }" }),
    "channels[0].response_processing.reply_deadline_seconds: below llm_api.timeout_seconds (20): slow answers are cut off before their time"
  ],
  [
    "a timeout above the deadline",
    withFields("", { llm: "timeout_seconds: 600" }),
    `llm_api.timeout_seconds: an answer never gets these 600 s, at most 60 s: ${outOf(60)}`
  ],
  [
    "more tries than fit",
    withFields("", { llm: "timeout_seconds: 30" }),
    "llm_api.timeout_seconds: when an answer takes its 30 s, only 2 of 3 tries (retry_attempts + 1) fit into the 60 s of a reply (reply_deadline_seconds)"
  ],
  [
    "many tries",
    withFields("", { llm: "retry_attempts: 9" }),
    "llm_api.retry_attempts: when an answer takes its 20 s, only 3 of 10 tries (retry_attempts + 1) fit into the 60 s of a reply (reply_deadline_seconds)"
  ],
  [
    "a channel's deadline that leaves no time for the retries",
    withFields("", { room: "response_processing: { reply_deadline_seconds: 30 }" }),
    "channels[0].response_processing.reply_deadline_seconds: when an answer takes its 20 s, only 1 of 3 tries (retry_attempts + 1) fit into the 30 s of a reply (reply_deadline_seconds)"
  ],
  [
    "endpoints that must share too little time",
    withFields("", { llm: `timeout_seconds: 60, retry_attempts: 0, ${fallbacksOf("timeout_seconds: 20")}` }),
    `llm_api.timeout_seconds: the first endpoint never gets these 60 s, at most 45 s: ${
      outOf(60)
    }, which all endpoints share`,
    `llm_api.fallbacks[0].timeout_seconds: fallback 1 never gets these 20 s, at most 15 s: ${
      outOf(60)
    }, which all endpoints share`
  ],
  [
    "an address that is copied from a reference",
    withFields("").replace("/v1,", "/v1/chat/completions,"),
    "llm_api.base_url: goes up to and with /v1: without /chat/completions, which is added to it"
  ],
  [
    "more tokens than fit",
    withFields("", { llm: "parameters: { max_tokens: 1000 }" }),
    "llm_api.parameters.max_tokens: far more than the 200 characters of max_response_length can hold; only models that think first need that"
  ],
  [
    "a stop text that stands in thinking",
    withFields("", { llm: "parameters: { stop: [\"User:\", \"\\n\\n\"] }" }),
    "llm_api.parameters.stop[1]: \"\\n\\n\" stands in the thinking of models that think first: they would end there without an answer"
  ],
  [
    "nothing to fall back on",
    withFields("response_processing: { fallback_responses_enabled: true }"),
    "response_processing.fallback_responses: is empty, so there is nothing to say when the model fails"
  ],
  [
    "more words than the most",
    withFields("response_processing: { content_filter: { min_word_count: 60, max_word_count: 50 } }"),
    "response_processing.content_filter.min_word_count: above max_word_count: no reply can pass"
  ],
  ["no trigger", withFields("triggers: []"), "triggers: no entry is enabled, so the bot never speaks"],
  [
    "no enabled trigger",
    withFields("triggers: [{ type: pm, enabled: false }]"),
    "triggers: no entry is enabled, so the bot never speaks"
  ],
  [
    "no trigger in a channel",
    withFields("", { room: "triggers: []" }),
    "channels[0].triggers: no entry is enabled, so the bot never speaks"
  ],
  [
    "a trigger that never fires",
    withFields("triggers: [{ type: pm, fire_probability: 0 }]"),
    "triggers[0].fire_probability: 0 means that this entry never fires"
  ],
  [
    "a trigger that is allowed nothing",
    withFields("triggers: [{ type: pm, rate_limit: { max_per_hour: 0 } }]"),
    "triggers[0].rate_limit.max_per_hour: 0 allows no reply at all; null is no limit"
  ],
  [
    "a second pm entry behind one that takes all",
    withFields("triggers: [{ type: pm }, { type: pm }]"),
    `triggers[1].type: ${unreachable}`
  ],
  [
    "keywords an earlier entry has",
    withFields("triggers: [{ type: keyword, keywords: [Film, x] }, { type: keyword, keywords: [film] }]"),
    `triggers[1].type: ${unreachable}`
  ],
  [
    "whole words where an earlier entry takes parts",
    withFields(
      "triggers: [{ type: keyword, keywords: [film], match: substring }, { type: keyword, keywords: [film] }]"
    ),
    `triggers[1].type: ${unreachable}`
  ],
  [
    "a keyword that cannot be seen",
    withFields("triggers: [{ type: keyword, keywords: [film, \" \"] }]"),
    "triggers[0].keywords[1]: no message can match this keyword"
  ],
  [
    "more lines than are kept",
    withFields(
      "triggers: [{ type: contextual, min_messages_since_last_bot_message: 11 }]\ncontext_window: { size: 10 }"
    ),
    "triggers[0].min_messages_since_last_bot_message: never reached: context_window.size keeps 10 lines"
  ]
]

const fine: ReadonlyArray<readonly [what: string, text: string]> = [
  ["nothing but what must be", withFields("")],
  ["a key for a server that wants none", withFields("").replace("\"${KEY}\"", "none")],
  ["as many tries as fit", withFields("", { llm: "timeout_seconds: 30, retry_attempts: 1" })],
  ["a fallback with the same times", withFields("", { llm: fallbacksOf("timeout_seconds: 20") })],
  [
    "long timeouts without a deadline",
    withFields("response_processing: { reply_deadline_seconds: 0 }", {
      llm: `timeout_seconds: 600, ${fallbacksOf("timeout_seconds: 600")}`
    })
  ],
  ["a query in an address", withFields("").replace("/v1,", "/v1?api-version=1,")],
  ["no deadline", withFields("response_processing: { reply_deadline_seconds: 0 }")],
  ["as many tokens as characters", withFields("", { llm: "parameters: { max_tokens: 200 }" })],
  ["an alias of two Chinese characters", withFields("", { bot: "aliases: [小美, Max]" })],
  ["a second pm entry behind a cooldown", withFields("triggers: [{ type: pm, cooldown_seconds: 1 }, { type: pm }]")],
  ["a second pm entry behind dice", withFields("triggers: [{ type: pm, fire_probability: 0.9 }, { type: pm }]")],
  ["a second pm entry behind a disabled one", withFields("triggers: [{ type: pm, enabled: false }, { type: pm }]")],
  ["a mention behind a pm", withFields("triggers: [{ type: pm }, { type: mention }]")],
  ["two timers", withFields("triggers: [{ type: contextual }, { type: contextual }]")],
  [
    "other keywords",
    withFields("triggers: [{ type: keyword, keywords: [film] }, { type: keyword, keywords: [film, song] }]")
  ],
  [
    "keywords an earlier entry has in one case only",
    withFields(
      "triggers: [{ type: keyword, keywords: [film], case_sensitive: true }, { type: keyword, keywords: [film] }]"
    )
  ],
  [
    "parts of words where an earlier entry takes whole ones",
    withFields("triggers: [{ type: keyword, keywords: [film] }, { type: keyword, keywords: [film], match: substring }]")
  ]
]

describe("a key that no header can carry", () => {
  const broken: ReadonlyArray<readonly [key: string, what: string]> = [
    ["one\ntwo", "its character 4 is a line break"],
    ["sk\u200B", "its character 3 is U+200B"]
  ]
  it.each(broken)("%j is a warning that does not tell it", (KEY, what) => {
    const { warnings } = Result.getOrThrow(parseSettings(withFields("", { llm: fallbacksOf("") }), { KEY }))
    assert.deepStrictEqual(warnings.map(({ message, path }) => [path, message]), [
      ["llm_api.api_key", `no HTTP header can carry this key: ${what}`],
      ["llm_api.fallbacks[0].api_key", `no HTTP header can carry this key: ${what}`]
    ])
    assert.notInclude(JSON.stringify(warnings), KEY)
  })
})

// topoteretes/cognee#1721, n3d1117/chatgpt-telegram-bot#170: `docker run --env-file` hands quotes on as part of a value.
describe("a variable whose value is in quotes", () => {
  const quoted = (name: string) => `the value of ${name} is in quotes, which are part of it: write it without them`
  it.each(["\"sk-abc\"", "'sk-abc'", " \"sk-abc\"\n"])("is a warning that does not tell it: %j", (KEY) => {
    const warnings = warningsOf(withFields("", { llm: "system_prompt: \"Say \\\"${KEY}\\\"\"" }), { KEY })
    assert.deepStrictEqual(warnings, [
      `warning llm_api.api_key: ${quoted("KEY")}`,
      `warning llm_api.system_prompt: ${quoted("KEY")}`
    ])
  })

  it.each(["\"", "sk-\"abc\"", "\"sk-abc'", "sk-abc\"", "\"a\" or \"b\""])("is none with %j", (KEY) => {
    assert.deepStrictEqual(warningsOf(withFields(""), { KEY }), [])
  })
})

it.each(["Bearer sk-abc", " bearer  sk-abc"])("warns of a key with its scheme: %j", (KEY) => {
  assert.deepStrictEqual(warningsOf(withFields(""), { KEY }), [
    "warning llm_api.api_key: begins with Bearer, which is put before the key when it is sent: leave it out"
  ])
})

describe("the lint", () => {
  it.each(doubtful)("warns of %s", (_, text, ...warnings) => {
    assert.deepStrictEqual(warningsOf(text), warnings.map((warning) => `warning ${warning}`))
  })

  it.each(fine)("does not mind %s", (_, text) => {
    assert.deepStrictEqual(warningsOf(text), [])
  })
})
