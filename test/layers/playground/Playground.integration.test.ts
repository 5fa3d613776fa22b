import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, type Schema } from "effect"
import { chatterLine } from "../../../src/domain/playground/Chatter.ts"
import { answering, chunk, drips, hangs, LlmServer } from "../../support/LlmServer.ts"
import { at, json, startPlayground } from "../../support/PlaygroundProgram.ts"
import { fileWith, llmBot } from "../../support/Program.ts"

/** Settings that let every mention and private message through at once. */
const eager = {
  set: [
    { path: ["triggers"], value: [{ type: "mention" }, { type: "pm" }] },
    {
      path: ["rate_limits"],
      value: { global_cooldown_seconds: 0, max_per_channel_per_minute: null, max_per_channel_per_hour: null }
    }
  ]
}
const say = (message: string, more: object = {}) => ({ channel: "lobby", username: "Zoe", message, ...more })
const idOf = (body: Schema.Json) => at(body, "correlation_id")
const isClosed = (record: Schema.Json, id: Schema.Json | undefined) =>
  at(record, "correlationId") === id && at(record, "outcome") !== undefined

// The environment of whoever runs the tests must not choose the model.
const script = { LLM_BASE_URL: "", HTTP_PROXY: "" }

describe("the playground's page", () => {
  it.live("is served with what it is made of, and nothing else", () =>
    Effect.gen(function*() {
      const { get } = yield* startPlayground([], script)
      const page = yield* get("/")
      assert.include(page.text, "<!doctype html>")
      assert.strictEqual(
        page.headers["content-security-policy"],
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      )
      const vendor = yield* get("/vendor/htm-preact.js")
      assert.match(String(vendor.headers["content-type"]), /^text\/javascript/)
      assert.match(vendor.text, /export\s*\{[^}]*as html/)
      const linked = [...page.text.matchAll(/(?:src|href)="\/?(page\/[^"]+)"/g)].map(([, path]) => `/${path}`)
      for (const path of linked) assert.strictEqual((yield* get(path)).status, 200, path)
      const outside = [
        "/page/../package.json",
        "/page/..%2fpackage.json",
        "/page/..%2fnode_modules%2fhtm%2fdist%2fhtm.js",
        "/page/%2e%2e%2fsrc%2fprogram.ts",
        "/page/playground.yaml",
        "/page/index.html",
        "/page/none.js",
        "/page/",
        "/package.json",
        "/vendor/other.js"
      ]
      for (const path of outside) assert.strictEqual((yield* get(path)).status, 404, path)
    }).pipe(Effect.scoped), 30_000)

  it.live("answers its own address and JSON only, and says what a request needs", () =>
    Effect.gen(function*() {
      const { get, post } = yield* startPlayground([], script)
      assert.strictEqual((yield* get("/api/settings", { host: "evil.example" })).status, 403)
      assert.strictEqual(
        (yield* post("/api/clock", { advance_seconds: 1 }, { host: "localhost", "content-type": "text/plain" })).status,
        415
      )
      const bad: ReadonlyArray<readonly [path: string, body: unknown]> = [
        ["/api/messages", { channel: "lobby", username: "", message: "hi" }],
        ["/api/messages", say("x".repeat(321))],
        ["/api/messages", { ...say("hi"), channel: "other" }],
        ["/api/messages", "{"],
        ["/api/media", { title: "" }],
        ["/api/chatter", { per_minute: 301 }],
        ["/api/clock", { advance_seconds: 0 }],
        ["/api/clock", { advance_seconds: 86_401 }],
        ["/api/settings", { set: [] }],
        ["/api/settings", { reset: false }],
        ["/api/settings", { set: [{ path: ["llm_api", "system_prompt"], value: "x".repeat(1_000_001) }] }]
      ]
      for (const [path, body] of bad) {
        const { status, text } = yield* post(path, body)
        assert.strictEqual(status, 400, text)
        assert.match(text, /"error":"(needs|there is no channel)/)
      }
    }).pipe(Effect.scoped), 30_000)
})

describe("the playground's room", () => {
  it.live("shows a decision while it grows, and every text on the way", () =>
    Effect.gen(function*() {
      const { follow, get, post } = yield* startPlayground([], script)
      const room = json(yield* get("/api/room"))
      assert.deepInclude(room, { channel: "lobby", bot: "MovieBot", aliases: [], real: false })
      yield* post("/api/settings", eager)
      const [lines, progress, decisions] = [
        yield* follow("/api/lines"),
        yield* follow("/api/progress"),
        yield* follow("/api/decisions")
      ]
      const id = idOf(json(yield* post("/api/messages", say("MovieBot, how is it?"))))
      const closed = yield* decisions.find((record) => isClosed(record, id))
      const { answer, prompt, processing, reply } = Object(at(closed, "content"))
      assert.deepStrictEqual(processing.map(({ step }: { readonly step: string }) => step), [
        "clean",
        "plain_text",
        "block",
        "length",
        "checks",
        "command_safe"
      ])
      assert.strictEqual(processing.at(-1).text, reply)
      assert.deepStrictEqual(prompt.map(({ role }: { readonly role: string }) => role), ["system", "user"])
      const grown = (yield* progress.seen).filter((record) => at(record, "correlationId") === id)
      const texts = grown.flatMap((record) => at(record, "content", "answer") ?? [])
      assert.isAbove(new Set(texts).size, 4)
      for (const text of texts) assert.isTrue(answer.startsWith(text))
      assert.isTrue(grown.every((record) => at(record, "outcome") === undefined))
      const own = yield* lines.find((line) => at(line, "bot") === true && at(line, "correlation_id") === id)
      assert.deepInclude(own, { kind: "chat", username: "MovieBot", text: reply })
      yield* decisions.find((record) => isClosed(record, id) && at(record, "delivery", "_tag") === "Delivered")
    }).pipe(Effect.scoped), 30_000)

  it.live("knows actions, private lines and media", () =>
    Effect.gen(function*() {
      const { follow, post } = yield* startPlayground([], script)
      const lines = yield* follow("/api/lines")
      const decisions = yield* follow("/api/decisions")
      const contentOf = (id: Schema.Json | undefined) =>
        Effect.map(decisions.find((record) => isClosed(record, id)), (record) => at(record, "content", "line"))
      const action = idOf(json(yield* post("/api/messages", say("/me waves <b>"))))
      assert.deepInclude(yield* lines.find((line) => at(line, "correlation_id") === action), {
        kind: "action",
        text: "waves <b>"
      })
      assert.strictEqual(yield* contentOf(action), "waves <b>")
      const flagged = idOf(json(yield* post("/api/messages", say("nods", { action: true }))))
      assert.deepInclude(yield* lines.find((line) => at(line, "correlation_id") === flagged), {
        kind: "action",
        text: "nods"
      })
      const secret = idOf(json(yield* post("/api/messages", say("/me is no command here", { private: true }))))
      assert.deepInclude(yield* lines.find((line) => at(line, "correlation_id") === secret), {
        kind: "pm",
        to: "MovieBot",
        text: "/me is no command here"
      })
      const media = idOf(json(yield* post("/api/media", { title: "Big & small", seconds: 90 })))
      assert.deepInclude(yield* lines.find((line) => at(line, "correlation_id") === media), {
        kind: "media",
        text: "Big & small",
        bot: false
      })
      assert.strictEqual(yield* contentOf(media), "Big & small")
      const silent = idOf(json(yield* post("/api/messages", say("MovieBot, hello"))))
      const refused = yield* decisions.find((record) => isClosed(record, silent))
      assert.deepInclude(at(refused, "outcome"), { reason: "media_silence" })
    }).pipe(Effect.scoped), 30_000)

  it.live("lets time pass: a cooldown is over, a look at the room falls due", () =>
    Effect.gen(function*() {
      const { follow, get, post } = yield* startPlayground([], script)
      yield* post("/api/settings", {
        set: [
          ...eager.set,
          { path: ["triggers", 0, "cooldown_seconds"], value: 600 },
          {
            path: ["triggers", 2],
            value: { type: "contextual", evaluation_interval_seconds: 900, min_messages_since_last_bot_message: 1 }
          }
        ]
      })
      const decisions = yield* follow("/api/decisions")
      const endOf = Effect.fnUntraced(function*(message: string) {
        const id = idOf(json(yield* post("/api/messages", say(message))))
        return at(yield* decisions.find((record) => isClosed(record, id)), "outcome")
      })
      const advance = (advance_seconds: number) =>
        Effect.map(post("/api/clock", { advance_seconds }), (answer) => Number(at(json(answer), "now")))
      assert.deepInclude(yield* endOf("MovieBot, one"), { _tag: "Replied" })
      assert.deepInclude(yield* endOf("MovieBot, two"), { reason: "cooldown" })
      const before = Number(at(json(yield* get("/api/room")), "now"))
      assert.approximately((yield* advance(590)) - before, 590_000, 5000)
      assert.deepInclude(yield* endOf("MovieBot, three"), { reason: "cooldown" })
      yield* advance(10)
      assert.deepInclude(yield* endOf("MovieBot, four"), { _tag: "Replied" })
      yield* post("/api/messages", say("nice scene"))
      yield* advance(900)
      const look = yield* decisions.find((record) =>
        at(record, "eventType") === "contextual" && at(record, "outcome") !== undefined
      )
      assert.deepInclude(at(look, "outcome"), { _tag: "Replied" })
    }).pipe(Effect.scoped), 30_000)

  it.live("fills with made-up viewers, until they are told to stop", () =>
    Effect.gen(function*() {
      const { follow, get, post } = yield* startPlayground([], script)
      assert.deepStrictEqual(json(yield* get("/api/chatter")), { per_minute: 0 })
      const lines = yield* follow("/api/lines")
      assert.deepStrictEqual(json(yield* post("/api/chatter", { per_minute: 300 })), { per_minute: 300 })
      const expected = Array.from({ length: 3 }, (_, index) =>
        chatterLine({ seed: 0, bot: "MovieBot", keywords: [] }, index))
      for (const { message, username } of expected) {
        yield* lines.find((line) =>
          at(line, "username") === username && at(line, "text") === message.replace(/^\/me /, "")
        )
      }
      const before = (yield* lines.seen).length
      yield* post("/api/clock", { advance_seconds: 3600 })
      assert.isBelow((yield* lines.seen).length - before, 50, "an hour that is jumped over is no hour of talk")
      yield* post("/api/chatter", { per_minute: 0 })
      const heard = (yield* lines.seen).length
      yield* Effect.sleep("1 second")
      yield* post("/api/messages", say("the last word"))
      yield* lines.find((line) =>
        at(line, "text") === "the last word"
      )
      // The conversation that the terminal begins with may go on meanwhile.
      const others = (yield* lines.seen).slice(heard).filter((line) =>
        !["Ana", "Ben", "MovieBot"].includes(String(at(line, "username")))
      )
      assert.deepStrictEqual(others.map((line) => at(line, "username")), ["Zoe"])
    }).pipe(Effect.scoped), 30_000)
})

describe("the playground's settings", () => {
  it.live("are changed in the room as it runs, or refused as a whole, and reset", () =>
    Effect.gen(function*() {
      const { get, post } = yield* startPlayground([], script)
      const start = json(yield* get("/api/settings"))
      assert.deepInclude(start, { changed: false, problems: [] })
      assert.include(String(at(start, "yaml")), "api_key: ${LLM_API_KEY}")
      assert.isNull(at(start, "values", "triggers", 0, "max_unlucky_draws"))

      const set = yield* post("/api/settings", {
        set: [{ path: ["bot", "aliases"], value: ["you"] }, { path: ["triggers", 1, "fire_probability"], value: 0.25 }]
      })
      assert.strictEqual(set.status, 200)
      const after = json(set)
      assert.strictEqual(at(after, "changed"), true)
      assert.strictEqual(at(after, "values", "triggers", 1, "fire_probability"), 0.25)
      assert.deepStrictEqual(at(after, "problems", 0, "path"), "bot.aliases[0]")
      assert.deepStrictEqual(json(yield* get("/api/settings")), after)
      assert.deepStrictEqual(at(json(yield* get("/api/room")), "aliases"), ["you"])

      const refused = yield* post("/api/settings", {
        set: [{ path: ["seed"], value: 7 }, { path: ["rate_limits", "max_per_channel_per_minut"], value: 5 }, {
          path: ["triggers", 0, "fire_probability"],
          value: 2
        }]
      })
      assert.strictEqual(refused.status, 422)
      const problems = at(json(refused), "problems")
      assert.deepInclude(at(problems, 0), {
        severity: "error",
        path: "triggers[0].fire_probability",
        message: "must be a value between 0 and 1"
      })
      assert.deepInclude(at(problems, 1), { severity: "warning", suggestion: "max_per_channel_per_minute" })
      const restart = yield* post("/api/settings", {
        set: [{ path: ["nats", "servers"], value: ["nats://elsewhere"] }]
      })
      assert.strictEqual(restart.status, 422)
      assert.match(restart.text, /start again/)
      assert.deepStrictEqual(json(yield* get("/api/settings")), after)

      assert.deepStrictEqual(json(yield* post("/api/settings", { reset: true })), start)
    }).pipe(Effect.scoped), 30_000)
})

const config = (url: string) =>
  `# my bot
nats: { servers: ["nats://127.0.0.1:1"], protocol: kryten }
channels:
  - { name: closed, enabled: false }
  - { name: Cinema, domain: elsewhere.tv }
bot: { username: RealBot, aliases: [Reel] }
llm_api: { base_url: ${url}, api_key: sk-very-secret, model: dripping, retry_attempts: 0 }
telemetry: { log_content: false }
`

describe("the playground with a configuration", () => {
  it.live(
    "asks the real model in the first room that is open, and shows its answer as it is written",
    () =>
      Effect.gen(function*() {
        const { url } = yield* LlmServer
        const words = ["Well, ", "I ", "like ", "it ", "a lot."]
        yield* answering(drips(
          (index) =>
            index < words.length ? chunk(words[index] ?? "") : index === words.length ? "data: [DONE]\n\n" : undefined,
          100
        ))
        const file = yield* fileWith("config.yaml", config(url))
        const { follow, get, post, program } = yield* startPlayground(["--config", file])
        assert.deepInclude(json(yield* get("/api/room")), {
          channel: "Cinema",
          bot: "RealBot",
          aliases: ["Reel"],
          model: "dripping",
          real: true
        })
        const settings = yield* get("/api/settings")
        assert.include(settings.text, "# my bot")
        assert.notInclude(settings.text, "sk-very-secret")
        assert.strictEqual(
          (yield* post("/api/settings", { set: [{ path: ["llm_api", "base_url"], value: "http://evil.example" }] }))
            .status,
          422
        )

        const [progress, decisions] = [yield* follow("/api/progress"), yield* follow("/api/decisions")]
        const asked = { channel: "cinema", username: "Zoe", message: "Reel, what do you think?" }
        const id = idOf(json(yield* post("/api/messages", asked)))
        const closed = yield* decisions.find((record) => isClosed(record, id))
        assert.strictEqual(at(closed, "content", "reply"), "Well, I like it a lot.")
        const answers = (yield* progress.seen)
          .filter((record) => at(record, "correlationId") === id)
          .flatMap((record) => at(record, "content", "answer") ?? [])
        // Words that arrive together are shown together.
        const parts = ["Well, ", "Well, I ", "Well, I like ", "Well, I like it "]
        assert.isAtLeast(parts.filter((part) => answers.includes(part)).length, 2)
        for (const answer of answers) assert.isTrue("Well, I like it a lot.".startsWith(String(answer)), String(answer))
        assert.notInclude(yield* program.output, "sk-very-secret")
      }).pipe(Effect.provide(LlmServer.layer), Effect.scoped),
    30_000
  )

  it.live("a model that hangs has had its time when the clock jumps", () =>
    Effect.gen(function*() {
      const { asked, url } = yield* LlmServer
      yield* answering(hangs)
      const { follow, post } = yield* startPlayground(["--config", yield* fileWith("config.yaml", config(url))])
      const decisions = yield* follow("/api/decisions")
      const id = idOf(
        json(yield* post("/api/messages", { channel: "cinema", username: "Zoe", message: "Reel, hello?" }))
      )
      yield* Effect.repeat(asked, { until: (requests) => requests.length > 0, schedule: Schedule.spaced("10 millis") })
      yield* post("/api/clock", { advance_seconds: 61 })
      const closed = yield* decisions.find((record) => isClosed(record, id))
      assert.deepInclude(at(closed, "outcome"), { _tag: "Failed", error: "LlmTimeout" })
    }).pipe(Effect.provide(LlmServer.layer), Effect.scoped), 30_000)

  it.live("needs a room", () =>
    Effect.gen(function*() {
      const file = yield* fileWith(
        "config.yaml",
        config("http://127.0.0.1:1/v1").replace("domain: elsewhere.tv", "enabled: false")
      )
      const program = yield* llmBot(["playground", "--config", file, "--port", "0"])
      assert.strictEqual(yield* program.exit, 1)
      assert.include(yield* program.output, "no channel is enabled")
    }).pipe(Effect.scoped), 30_000)
})
