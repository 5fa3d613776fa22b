import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Option, Result, Schema } from "effect"
import { activate, type ChannelSettings } from "../../../src/domain/ChannelSettings.ts"
import { channelKey } from "../../../src/domain/Ids.ts"
import { editSettings, SettingsEdit } from "../../../src/domain/settings/SettingsEdit.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { settingsValues } from "../../../src/domain/playground/SettingsValues.ts"

const base = `# A room.
nats: { servers: [ nats://127.0.0.1:4222 ] }
channels:
  - name: lobby
bot: { username: MovieBot }
llm_api: { base_url: http://127.0.0.1/v1, api_key: none, model: m }
`

const edited = (text: string, ...edits: ReadonlyArray<SettingsEdit>): string =>
  Result.getOrThrowWith(editSettings(text, edits, 0), (problems) => new Error(JSON.stringify(problems)))

const refusals = (...edits: ReadonlyArray<SettingsEdit>): ReadonlyArray<string> =>
  Result.match(editSettings(base, edits, 0), {
    onSuccess: () => [],
    onFailure: (problems) => problems.map(({ message, path }) => `${path}: ${message}`)
  })

const active = (text: string) =>
  activate(Result.getOrThrowWith(parseSettings(text, {}), (problems) => new Error(JSON.stringify(problems))).settings)

const lobbyOf = (text: string): ChannelSettings =>
  Option.getOrThrow(Option.fromNullishOr(active(text).channels.get(channelKey("lobby"))))

const valuesOf = (text: string) => settingsValues(active(text), lobbyOf(text))

describe("the values of a room", () => {
  it("list the triggers as the file does: that is how an edit names them", () => {
    const text = `${base}triggers: [{ type: contextual }, { type: keyword, keywords: [tea] }, { type: mention }]\n`
    assert.deepStrictEqual(valuesOf(text).triggers.map(({ type }) => type), ["contextual", "keyword", "mention"])
    const own = text.replace("- name: lobby", "- name: lobby\n    triggers: [{ type: pm }, { type: mention }]")
    assert.deepStrictEqual(valuesOf(own).triggers.map(({ type }) => type), ["pm", "mention"])
  })
})

describe("an edit of a configuration text", () => {
  it("changes a field and nothing else, comments stay", () => {
    const text = `${base}rate_limits:\n  # how often\n  max_per_channel_per_minute: 5   # lines\n`
    const path = ["rate_limits", "max_per_channel_per_minute"]
    assert.strictEqual(edited(text, { path, value: 7 }), text.replace("minute: 5   #", "minute: 7   #"))
  })

  it("leaves everything around a value of the example as it is", () => {
    const example = readFileSync("config/config.example.yaml", "utf8")
    const prompt = /system_prompt: >-\n(?: {4}\S.*\n)+/.exec(example)?.[0] ??
      assert.fail("no prompt over several lines")
    assert.strictEqual(
      edited(
        example,
        { path: ["bot", "aliases"], value: ["Movie"] },
        { path: ["seed"], value: 3 },
        { path: ["llm_api", "system_prompt"], value: "Be\n\"brief\"." },
        { path: ["rate_limits", "max_per_channel_per_hour"], value: null }
      ),
      example
        .replace("aliases: []", "aliases: [\"Movie\"]")
        .replace("seed: 0", "seed: 3")
        .replace(prompt, "system_prompt: \"Be\\n\\\"brief\\\".\"\n")
        .replace(/(\nrate_limits:[^]*?max_per_channel_per_hour: )30/, "$1null")
    )
  })

  it("keeps the comments where it has to write anew", () => {
    const text = base.replace(
      "bot: { username: MovieBot }",
      "# me\nbot:\n  username: MovieBot # so\n  aliases:\n    # old\n    - a"
    )
    const after = edited(text, { path: ["bot", "aliases"], value: ["b", "c"] }, {
      path: ["bot", "ignore_users"],
      value: ["d"]
    })
    assert.deepStrictEqual(after.match(/# .*/g), ["# A room.", "# me", "# so", "# old"])
    assert.deepStrictEqual(valuesOf(after).bot, {
      username: valuesOf(base).bot.username,
      aliases: ["b", "c"],
      ignore_users: ["d"],
      command_prefixes: valuesOf(base).bot.command_prefixes
    })
  })

  it("writes out the list of triggers that holds when there is none", () => {
    const text = edited(base, { path: ["triggers", 0, "cooldown_seconds"], value: 1 })
    const [before, after] = [valuesOf(base).triggers, valuesOf(text).triggers]
    assert.deepStrictEqual(after, before.map((entry, index) => index === 0 ? { ...entry, cooldown_seconds: 1 } : entry))
  })

  it("adds a trigger at the list's end", () => {
    const text = edited(base, { path: ["triggers", 2], value: { type: "keyword", keywords: ["popcorn"] } })
    assert.deepStrictEqual(valuesOf(text).triggers.map(({ type }) => type), ["mention", "pm", "keyword"])
  })

  it("goes back to the default without a value", () => {
    const path = ["context_window", "size"]
    assert.strictEqual(valuesOf(edited(base, { path, value: 3 })).context_window.size, 3)
    assert.strictEqual(valuesOf(edited(edited(base, { path, value: 3 }), { path })).context_window.size, 50)
    assert.strictEqual(edited(base, { path: ["rate_limits", "max_per_user_per_hour"] }), base)
  })

  it("null is no limit", () => {
    const path = ["rate_limits", "max_per_user_per_minute"]
    assert.isNull(valuesOf(edited(base, { path, value: null })).rate_limits.max_per_user_per_minute)
  })

  it("fills a section that is there without a value", () => {
    const text = base.replace("name: lobby", "name: lobby\n    rate_limits:")
    const [section, field] = [["channels", 0, "rate_limits"], "max_per_channel_per_hour"]
    const both = [
      edited(text, { path: [...section, field], value: 1 }),
      edited(text, { path: section, value: { [field]: 1 } })
    ]
    assert.deepStrictEqual(both.map((after) => valuesOf(after).rate_limits.max_per_channel_per_hour), [1, 1])
  })

  it("changes the room's own settings where it has some, and the general ones where they count over all rooms", () => {
    const own =
      "name: lobby\n    system_prompt: Be brief.\n    triggers: [{ type: pm }]\n    rate_limits: { global_cooldown_seconds: 1 }"
    const text = edited(
      base.replace("name: lobby", own),
      { path: ["llm_api", "system_prompt"], value: "Be long." },
      { path: ["triggers", 0, "fire_probability"], value: 0.5 },
      { path: ["rate_limits", "global_cooldown_seconds"], value: 2 },
      { path: ["rate_limits", "max_per_user_per_hour"], value: 4 }
    )
    const values = valuesOf(text)
    assert.strictEqual(values.system_prompt, "Be long.")
    assert.strictEqual(values.triggers[0]?.fire_probability, 0.5)
    assert.strictEqual(values.rate_limits.global_cooldown_seconds, 2)
    assert.strictEqual(values.rate_limits.max_per_user_per_hour, 4)
    const { settings } = active(text)
    assert.strictEqual(settings.rate_limits.global_cooldown_seconds, 5)
    assert.notStrictEqual(settings.llm_api.system_prompt, "Be long.")
  })
})

const fixed = "cannot be set here: change it in the configuration file and start again"

describe("what is not edited", () => {
  const paths: ReadonlyArray<SettingsEdit["path"]> = [
    ["nats", "servers"],
    ["health", "port"],
    ["telemetry", "log_content"],
    ["channels"],
    ["channels", 0],
    ["channels", 0, "name"],
    ["llm_api"],
    ["llm_api", "base_url"],
    ["llm_api", "api_key"],
    ["llm_api", "fallbacks", 0, "base_url"],
    ["unknown"]
  ]
  for (const path of paths) {
    it(path.join("."), () => assert.match(refusals({ path, value: 1 }).join(), new RegExp(`: ${fixed}$`)))
  }

  it("a variable of the environment", () => {
    const refused = ": a ${VARIABLE} can be set in the configuration file only"
    assert.deepStrictEqual(refusals({ path: ["llm_api", "system_prompt"], value: "${HOME}" }), [
      `llm_api.system_prompt${refused}`
    ])
    assert.deepStrictEqual(refusals({ path: ["bot"], value: { username: "a${HOME}" } }), [`bot${refused}`])
  })

  it("what is not there, and every such place is named", () =>
    assert.deepStrictEqual(
      refusals(
        { path: ["triggers", 3], value: {} },
        { path: ["triggers", -1], value: {} },
        { path: ["triggers", "first"], value: {} },
        { path: ["bot", "username", "first"], value: "x" },
        { path: ["rate_limits", 0], value: 1 }
      ),
      [
        "triggers[3]: there is no entry 3",
        "triggers[-1]: there is no entry -1",
        "triggers.first: there is no entry first",
        "bot.username.first: it is no section that could hold this",
        "rate_limits[0]: there is no list with an entry 0"
      ]
    ))
})

const Place = Schema.Union([
  Schema.Literals(["bot", "triggers", "rate_limits", "channels", "llm_api", "parameters", "aliases", "__proto__"]),
  Schema.Literals([0, 1, 2, -1]),
  Schema.String
])
const edits = Schema.Array(Schema.Struct({ path: Schema.Array(Place), value: Schema.optionalKey(Schema.Json) }))

describe("whatever is edited", () => {
  it.prop("nothing throws, and what comes out is YAML with the same room", [edits], ([wanted]) => {
    const result = editSettings(base, wanted, 0)
    if (Result.isFailure(result)) return
    const parsed = parseSettings(result.success, {})
    if (Result.isSuccess(parsed)) assert.strictEqual(parsed.success.settings.channels[0]?.name, "lobby")
    else assert.notInclude(parsed.failure.map(({ path }) => path), "", "the text is broken")
  }, { arbitrary: { runs: 300 } })
})
