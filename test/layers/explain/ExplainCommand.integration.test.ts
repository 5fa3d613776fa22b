import { readFileSync } from "node:fs"
import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, Schema } from "effect"
import { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { explainSubject, readReply } from "../../../src/domain/decision/Explain.ts"
import { Bus } from "../../support/Bus.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { fileWith, llmBot } from "../../support/Program.ts"
import { eventually } from "../../support/eventually.ts"
import { commands, type ConfigOnDisk, configOnDisk, get, say, secret, startWith } from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

/** Every question is a start of the program. */
const manyStarts = 90_000

const limits = { max_per_user_per_minute: 1, max_per_user_per_hour: null, global_cooldown_seconds: 0 }
const environment = { LLM_API_KEY: secret, TZ: "Asia/Kolkata" }

/** What `llm-bot explain` says, and its exit code. */
const explain = Effect.fnUntraced(function*({ file }: Pick<ConfigOnDisk, "file">, ...args: ReadonlyArray<string>) {
  const program = yield* llmBot(["explain", "--config", file, ...args], environment)
  const code = yield* program.exit
  return { code, text: yield* program.output }
})

const Printed = Schema.fromJsonString(Schema.Struct({
  decisions: Schema.Array(Schema.Struct({ bot: Schema.String, ...DecisionRecord.fields }))
}))

const explained = Effect.fnUntraced(function*(config: Pick<ConfigOnDisk, "file">, ...args: ReadonlyArray<string>) {
  const { code, text } = yield* explain(config, ...args, "--format", "json")
  assert.strictEqual(code, 0, text)
  return (yield* Effect.orDie(Schema.decodeEffect(Printed)(text))).decisions
})

const lines = (text: string): ReadonlyArray<string> => text.split("\n").filter((line) => line !== "")

/** A mention that is answered and one that meets a limit. */
const conversation = Effect.gen(function*() {
  yield* say("lobby", "Ana", "MovieBot are you there?", "id-answered")
  yield* commands(1)
  yield* say("lobby", "Ana", "MovieBot and again?", "id-refused")
})

describe("llm-bot explain", () => {
  it.live(
    "tells the gate with its value and its limit: by id, by user, the last ones; as text and as JSON; without texts",
    () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk({ rate_limits: limits })
        const program = yield* startWith(config)
        yield* conversation
        yield* program.logged("Trigger suppressed")

        const refused = yield* explain(config, "id-refused")
        assert.strictEqual(refused.code, 0, refused.text)
        assert.match(
          refused.text,
          /^\d{4}-\d\d-\d\dT[\d:.]+\+05:30 lobby: line from Ana \(rank 1\)\n {2}no reply: this user had enough replies in the last minute/
        )
        assert.include(refused.text, "\n  - replies to this user in a minute: 1 of 1: refused\n")
        assert.include(refused.text, "\n  correlation id id-refused\n")
        assert.notInclude(refused.text, "id-answered")

        const both = yield* explain(config, "--user", "ANA")
        assert.match(both.text, /replied after[^]*correlation id id-answered\n\n[^]*correlation id id-refused\n$/)
        assert.deepStrictEqual(
          (yield* explained(config, "--user", "ana", "--last", "1")).map(({ correlationId }) => `${correlationId}`),
          ["id-refused"]
        )

        const all = yield* explained(config)
        assert.deepStrictEqual(
          all.map(({ bot, correlationId, outcome }) => `${bot} ${correlationId} ${outcome?._tag}`),
          [
            "MovieBot id-answered Replied",
            "MovieBot id-refused Skipped"
          ]
        )
        assert.deepInclude(all[1]?.steps.find((step) => step._tag === "Limit" && !step.allowed), {
          limit: "user_per_minute",
          used: 1,
          maximum: 1
        })

        const nothing = yield* explain(config, "--user", "nobody")
        assert.strictEqual(nothing.code, 1)
        assert.lengthOf(lines(nothing.text), 1)
        assert.include(nothing.text, "MovieBot in lobby")

        for (const text of [refused.text, both.text, JSON.stringify(all)]) {
          for (const kept of ["are you there", "and again", "I agree", secret]) assert.notInclude(text, kept)
        }
        yield* config.write({ rate_limits: limits, telemetry: { log_content: true } })
        yield* program.signal("SIGHUP")
        yield* program.logged("Configuration reloaded")
        yield* say("lobby", "bob", "a line to be kept", "id-kept")
        const { text } = yield* eventually("the line", explain(config, "id-kept"), ({ code }) => code === 0)
        assert.include(text, "\n  - the line: a line to be kept\n")
      }).pipe(Effect.provide(world), Effect.scoped),
    manyStarts
  )

  it.live("asks several bots at once and names them", () =>
    Effect.gen(function*() {
      const config = yield* configOnDisk({ rate_limits: limits })
      const other = yield* configOnDisk({ channels: [{ name: "other" }], bot: { username: "OtherBot" } })
      yield* startWith(config)
      yield* startWith(other)
      yield* conversation
      yield* say("other", "ana", "OtherBot what is on?", "id-other")
      yield* commands(2)
      const all = yield* eventually("all decisions", explained(config), (all) =>
        all.filter(({ outcome }) =>
          outcome !== undefined
        ).length === 3)
      // Two processes may take two events within one millisecond.
      assert.deepStrictEqual(all.map(({ bot, correlationId }) => `${bot} ${correlationId}`).toSorted(), [
        "MovieBot id-answered",
        "MovieBot id-refused",
        "OtherBot id-other"
      ])
      const { text } = yield* explain(config, "--channel", "Other")
      assert.match(text, /^\S+ other \(OtherBot\): line from ana/)
      const nothing = yield* explain(config, "--channel", "nowhere")
      assert.strictEqual(nothing.code, 1)
      assert.match(nothing.text, /MovieBot in lobby/)
      assert.match(nothing.text, /OtherBot in other/)
    }).pipe(Effect.provide(world), Effect.scoped), manyStarts)

  it.live(
    "says what may be wrong when nobody answers, and a reload of explain.enabled mends it",
    () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk({ explain: { enabled: false } })
        const program = yield* startWith(config)
        const nobody = yield* explain(config)
        assert.strictEqual(nobody.code, 3)
        assert.lengthOf(lines(nobody.text), 1)
        for (const hint of ["running", "explain.enabled", "may this user"]) assert.include(nobody.text, hint)
        yield* config.write({})
        yield* program.signal("SIGHUP")
        yield* program.logged("Configuration reloaded")
        const nothing = yield* eventually("an answer", explain(config), ({ code }) => code !== 3)
        assert.strictEqual(nothing.code, 1)
      }).pipe(Effect.provide(world), Effect.scoped),
    manyStarts
  )

  it.live(
    "a bot that cannot be asked, one that says something else, a wrong question: one line and a code each",
    () =>
      Effect.gen(function*() {
        const config = yield* configOnDisk({})
        const line = Effect.fnUntraced(function*(code: number, part: string, ...args: ReadonlyArray<string>) {
          const said = yield* explain(config, ...args)
          assert.strictEqual(said.code, code, said.text)
          assert.lengthOf(lines(said.text), 1)
          assert.include(said.text, part)
        })
        yield* line(1, "last: Expected", "--last", "0")
        yield* line(1, "correlationId: Expected", "an id with blanks")
        const { url } = yield* NatsServer
        const client = yield* Effect.acquireRelease(
          Effect.promise(() => connect({ servers: url.replace("nats://", "") })),
          (client) => Effect.promise(() => client.close())
        )
        client.subscribe(explainSubject, { callback: (_, message) => void message.respond("{\"bot\":5}") })
        yield* Effect.promise(() => client.flush())
        yield* line(3, "another version")
        yield* config.write({ nats: { servers: ["nats://127.0.0.1:1"] } })
        yield* line(2, "NATS cannot be reached (connection refused)")
        yield* config.write({ nats: {} })
        yield* line(1, "nats.servers")
      }).pipe(Effect.provide(world), Effect.scoped),
    manyStarts
  )
})

describe("llm-bot explain with the permissions of docs/nats-permissions.md", () => {
  const docs = readFileSync("docs/nats-permissions.md", "utf8")
  const block = (heading: string): string =>
    new RegExp(`^## ${heading}\\n[^]*?\`\`\`\\n([^]*?)\`\`\``, "m").exec(docs)?.[1] ?? ""
  const authorization = block("cytube")
    .replace("{ user: \"bridge\"", `${block("Asking the bot why")} { user: "bridge"`)
    .replace(/\$(\w+)_PASSWORD/g, (_, name: string) => `"${name.toLowerCase()}"`)

  const server = Layer.unwrap(
    Effect.map(fileWith("nats.conf", authorization), (file) => NatsServer.layerWith(["-c", file]))
  )

  it.live("works for the operator; a user who may not ask is told so", () =>
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      const nats = (user: string, password: string) => ({
        nats: { servers: [url], user, password, protocol: "cytube", connect_attempts: 1 }
      })
      const client = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: url.replace("nats://", ""), user: "bridge", pass: "bridge" })),
        (client) => Effect.promise(() => client.close())
      )
      client.subscribe("cytube.commands.lobby.*")
      yield* Effect.promise(() => client.flush())
      const config = yield* configOnDisk(nats("llm-bot", "llm_bot"))
      const program = yield* startWith(config)
      const operator = yield* configOnDisk(nats("operator", "operator"))
      const body = { user: { name: "ana", rank: 1 }, msg: "what a film", meta: {}, time: Date.now() }
      client.publish("cytube.events.lobby.chatMsg", JSON.stringify(body))
      const decisions = yield* eventually("an answer", explain(operator), ({ code }) => code === 0)
      assert.include(decisions.text, "no reply: no trigger matched")
      const refused = yield* explain(config)
      assert.strictEqual(refused.code, 2)
      assert.lengthOf(lines(refused.text), 1)
      assert.match(refused.text, /Permissions Violation/)
      assert.deepStrictEqual(lines(yield* program.output).filter((line) => line.includes("NATS error")), [])
    }).pipe(Effect.provide(Layer.provideMerge(LlmDouble.layer, server)), Effect.scoped), manyStarts)
})

/** A counter's sum over its labels. */
const sumOf = (port: number, name: string): Effect.Effect<number> =>
  Effect.map(
    get(port, "/metrics"),
    ({ text }) =>
      text.split("\n").filter((line) => line.startsWith(`${name}{`)).reduce(
        (sum, line) => sum + Number(line.split(" ").at(-1)),
        0
      )
  )

describe("a bot under load", () => {
  it.live("goes on answering questions, and misses no event for them", () =>
    Effect.gen(function*() {
      const channels = ["one", "two", "three", "four"]
      const config = yield* configOnDisk({ channels: channels.map((name) => ({ name })) })
      const program = yield* startWith(config)
      const { url } = yield* NatsServer
      const client = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: url.replace("nats://", "") })),
        (client) => Effect.promise(() => client.close())
      )
      const flood = (round: number): void => {
        for (let index = 0; index < 100; index++) {
          const body = {
            user: { name: `user-${index}`, rank: 1 },
            msg: `line ${round} ${index}`,
            meta: {},
            time: Date.now()
          }
          client.publish(`cytube.events.${channels[index % channels.length]}.chatMsg`, JSON.stringify(body))
        }
      }
      const ask = Effect.map(
        Effect.promise(() => client.request(explainSubject, "{\"last\":100}", { timeout: 10_000 })),
        ({ data }) => Result.getOrThrow(readReply(data)).decisions.length
      )
      const decided = (count: number) =>
        eventually(`${count} decisions`, sumOf(config.port, "event_processing_duration_seconds_count"), (sum) =>
          sum === count)
      flood(0)
      yield* decided(100)
      const rounds = 50
      const times: Array<number> = []
      for (let round = 1; round < rounds; round++) {
        flood(round)
        const began = performance.now()
        assert.strictEqual(yield* ask, 100)
        times.push(performance.now() - began)
        yield* decided((round + 1) * 100)
      }
      assert.strictEqual(yield* sumOf(config.port, "events_dropped_total"), 0)
      assert.notInclude(yield* program.output, "WARNING")
      const sorted = times.toSorted((one, other) =>
        one - other
      )
      yield* Effect.logInfo(
        `${rounds * 100} events; a question for 100 decisions took ${
          sorted[Math.floor(rounds / 2)]?.toFixed(1)
        } ms (median), ` +
          `${sorted.at(-1)?.toFixed(1)} ms (longest)`
      )
    }).pipe(Effect.provide(world), Effect.scoped), manyStarts)
})
