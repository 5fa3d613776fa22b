import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import * as Tracing from "../../../src/layers/telemetry/Tracing.ts"
import { Bus } from "../../support/Bus.ts"
import { Collector, type ReceivedSpan } from "../../support/Collector.ts"
import { completionOf } from "../../support/LlmDouble.ts"
import { answering, chunk, type LlmHandler, LlmServer, says } from "../../support/LlmServer.ts"
import { LogLines } from "../../support/LogLines.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { botWith, decisions } from "../../support/RunningBot.ts"

const world = Layer.mergeAll(Bus.layer, LlmServer.layer, Collector.layer).pipe(
  Layer.provideMerge(NatsServer.layer),
  Layer.provideMerge(LogLines.layer)
)

const settings = (nats: string, llm: string, more: string): string => `
nats:
  servers: ["${nats}"]
channels:
  - name: TestChan
bot:
  username: MovieBot
llm_api:
  base_url: ${llm}
  api_key: \${LLM_API_KEY}
  model: tiny
  retry_attempts: 1
  retry_delay_seconds: 0
rate_limits:
  global_cooldown_seconds: 0
${more}
`

const telemetry = {
  service_name: "llm-bot",
  sample_ratio: 1,
  log_content: false,
  channel_label_limit: 50,
  otlp_endpoint: Option.none<string>()
}

/** The bot on the real bus, with its traces going where the settings say; by its end all of them have left. */
const tracedBot = (tracing: Partial<typeof telemetry>, more = "") =>
  Layer.unwrap(Effect.gen(function*() {
    const { url: nats } = yield* NatsServer
    const { url: llm } = yield* LlmServer
    const { url } = yield* Collector
    const settled = { ...telemetry, otlp_endpoint: Option.some(url), ...tracing }
    return botWith(settings(nats, llm, more)).pipe(Layer.provide(Tracing.layer(settled)))
  }))

const line = (username: string, msg: string): string =>
  JSON.stringify({ user: { name: username, rank: 1 }, msg, meta: {}, time: Date.now() })

/** A line in the room is decided upon; what the bridge's trace is called may be told with it. */
const hears = Effect.fnUntraced(function*(msg: string, headers: Readonly<Record<string, string>> = {}) {
  const bus = yield* Bus
  yield* bus.send("cytube.events.testchan.chatMsg", line("ana", msg), { "Correlation-Id": "one", ...headers })
  const [record] = yield* decisions(1)
  return record
})

const sent = Effect.flatMap(Bus, ({ commands }) => commands)
const spans = Effect.flatMap(Collector, (collector) => collector.spans)

const streamed: LlmHandler = (_, response) => {
  const about = { id: "answer-1", model: "tiny-2026-01" }
  const last = {
    ...about,
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
    usage: { prompt_tokens: 90, completion_tokens: 7 }
  }
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(chunk("A wonderful film, "))
  response.end(`${chunk("said the parrot.")}data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`)
}

const looking = `
triggers:
  - type: contextual
    evaluation_interval_seconds: 0.3
    min_messages_since_last_bot_message: 1
`

const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
const bridgeSpan = "00f067aa0ba902b7"

const named = (all: ReadonlyArray<ReceivedSpan>, name: string): ReceivedSpan => {
  const found = all.filter((span) => span.name === name)
  assert.lengthOf(found, 1, `${name} in ${all.map((span) => span.name).join(", ")}`)
  const [span] = found
  return span ?? assert.fail()
}

describe("the trace of a message", () => {
  it.live("has three spans, is linked to the bridge's, goes on in the command, and holds nothing that was said", () =>
    Effect.gen(function*() {
      yield* answering(streamed)
      const began = Date.now()
      yield* hears("MovieBot what of zanzibar?", { traceparent: `00-${trace}-${bridgeSpan}-01` }).pipe(
        Effect.provide(tracedBot({})),
        Effect.scoped
      )
      const ended = Date.now()
      const all = yield* spans
      const root = named(all, "process cytube.events.{channel}.chatMsg")
      const chat = named(all, "chat tiny")
      const send = named(all, "send cytube.commands.{channel}.chat")
      assert.lengthOf(all, 3)
      assert.deepStrictEqual(all.map(({ kind }) => kind), ["consumer", "client", "producer"])
      assert.deepStrictEqual(all.map(({ status }) => status), ["ok", "ok", "ok"])
      assert.deepStrictEqual(all.map(({ parent }) => parent), [undefined, root.spanId, root.spanId])
      assert.deepStrictEqual(all.map(({ traceId }) => traceId), [root.traceId, root.traceId, root.traceId])
      // Linked, not continued: the bridge's own trace ends where the message was published.
      assert.notStrictEqual(root.traceId, trace)
      assert.deepStrictEqual(root.links, [{ traceId: trace, spanId: bridgeSpan }])

      assert.deepStrictEqual(root.attributes, {
        "messaging.system": "nats",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "cytube.events.testchan.chatMsg",
        "messaging.destination.template": "cytube.events.{channel}.chatMsg",
        "llm_bot.correlation_id": "one",
        "llm_bot.channel": "TestChan",
        "llm_bot.event_type": "chatMsg",
        "llm_bot.outcome": "replied"
      })
      const { port, hostname } = new URL((yield* LlmServer).url)
      const { "gen_ai.response.time_to_first_chunk": firstChunk, ...chatAttributes } = chat.attributes
      assert.deepStrictEqual(chatAttributes, {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.conversation.id": "TestChan",
        "gen_ai.request.model": "tiny",
        "gen_ai.request.stream": true,
        "gen_ai.request.temperature": 0.7,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.response.id": "answer-1",
        "gen_ai.response.model": "tiny-2026-01",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 90,
        "gen_ai.usage.output_tokens": 7,
        "server.address": hostname,
        "server.port": Number(port)
      })
      assert.isAbove(Number(firstChunk), 0)
      assert.isBelow(Number(firstChunk), Number(chat.end - chat.start) / 1e9)
      assert.deepStrictEqual(send.attributes, {
        "messaging.system": "nats",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "cytube.commands.testchan.chat",
        "messaging.destination.template": "cytube.commands.{channel}.chat"
      })
      assert.deepStrictEqual([...new Set(root.events.map(({ name }) => name))], [
        "context",
        "trigger",
        "limit",
        "admitted",
        "prompt",
        "llm_attempt",
        "llm_answer",
        "processed",
        "sent"
      ])
      const trigger = root.events.find(({ name }) => name === "trigger")?.attributes
      assert.deepInclude(trigger, { "llm_bot.entry": "mention", "llm_bot.result": "fired", "llm_bot.needed": 1 })

      // One after the other, all of it within the message's own time.
      const times = [root.start, chat.start, chat.end, send.start, send.end, root.end]
      assert.deepStrictEqual(times.toSorted((one, other) => Number(one - other)), times)
      for (const at of [root.start, root.end]) {
        assert.isTrue(Number(at) / 1e6 >= began - 5 && Number(at) / 1e6 <= ended + 5, String(at))
      }
      for (const { at } of root.events) assert.isTrue(at >= root.start && at <= root.end)

      assert.deepStrictEqual((yield* sent).map(({ headers }) => headers["traceparent"]), [
        `00-${send.traceId}-${send.spanId}-01`
      ])
      const [asked] = yield* LlmServer.use((llm) => llm.asked)
      assert.notProperty(asked?.headers, "traceparent")
      const body = (yield* Collector.use((collector) => collector.exported)).map((one) => one.body).join("")
      for (const text of ["zanzibar", "wonderful", "parrot", "ana", "friendly line"]) assert.notInclude(body, text)

      const lines = yield* LogLines.use((log) => log.all)
      for (const message of ["Trigger fired", "LLM API response received", "Command sent"]) {
        const found = lines.find((one) => one.message === message)
        assert.deepInclude(found?.annotations, { trace_id: root.traceId, span_id: root.spanId }, message)
      }
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("says why there was no reply, and links nothing to a header that names no span", () =>
    Effect.gen(function*() {
      yield* hears("good evening", { traceparent: `00-${trace}-0000000000000000-01` }).pipe(
        Effect.provide(tracedBot({})),
        Effect.scoped
      )
      const [root, ...others] = yield* spans
      assert.deepStrictEqual(others, [])
      assert.deepInclude(root?.attributes, { "llm_bot.outcome": "skipped", "llm_bot.reason": "no_match" })
      assert.deepStrictEqual([root?.status, root?.links], ["ok", []])
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("has a span for each request to the model, and its error where all of them failed", () =>
    Effect.gen(function*() {
      yield* answering(says(503, "zanzibar"))
      yield* hears("MovieBot hello").pipe(Effect.provide(tracedBot({})), Effect.scoped)
      const [root, ...chats] = yield* spans
      assert.deepStrictEqual(chats.map(({ name }) => name), ["chat tiny", "chat tiny"])
      for (const span of [root, ...chats]) {
        assert.deepInclude(span, {
          status: "error",
          message: "the model's server failed with 503; see its log or its status page, and give it llm_api.fallbacks"
        })
        assert.deepInclude(span?.attributes, { "error.type": "LlmServerFailed" })
      }
      assert.deepInclude(root?.attributes, { "llm_bot.outcome": "failed" })
      const body = (yield* Collector.use((collector) => collector.exported)).map((one) => one.body).join("")
      assert.notInclude(body, "zanzibar")
      assert.notInclude(body, "/src/")
    }).pipe(Effect.provide(world), Effect.scoped))

  it.live("holds what was said where it may", () =>
    Effect.gen(function*() {
      yield* answering(streamed)
      yield* hears("MovieBot what of zanzibar?").pipe(
        Effect.provide(tracedBot({}, "telemetry:\n  log_content: true")),
        Effect.scoped
      )
      const root = named(yield* spans, "process cytube.events.{channel}.chatMsg")
      const contents = root.events.filter(({ name }) => name === "content").map(({ attributes }) => attributes)
      assert.deepInclude(contents, { "llm_bot.line": "MovieBot what of zanzibar?" })
      assert.deepInclude(contents, { "llm_bot.reply": "A wonderful film, said the parrot." })
    }).pipe(Effect.provide(world), Effect.scoped))
})

describe("the trace of a look at the room", () => {
  it.live("has no message it came from, and a span for each question and the reply", () =>
    Effect.gen(function*() {
      yield* answering(says(200, completionOf("Yes.")), says(200, completionOf("What a lovely evening.")))
      yield* hears("good evening").pipe(
        Effect.andThen(decisions(2)),
        Effect.provide(tracedBot({}, looking)),
        Effect.scoped
      )
      const all = (yield* spans).filter(({ name }) => !name.startsWith("process "))
      const [look, ...below] = all
      assert.deepStrictEqual(all.map(({ kind, name }) => [name, kind]), [
        ["look at the room", "internal"],
        ["chat tiny", "client"],
        ["chat tiny", "client"],
        ["send cytube.commands.{channel}.chat", "producer"]
      ])
      assert.deepStrictEqual(below.map(({ parent }) => parent), below.map(() => look?.spanId))
      assert.deepInclude(look?.attributes, { "llm_bot.event_type": "contextual", "llm_bot.outcome": "replied" })
      assert.isUndefined(look?.attributes["messaging.system"])
      assert.deepInclude(below[0]?.attributes, { "gen_ai.response.id": "double", "gen_ai.usage.input_tokens": 100 })
      assert.deepStrictEqual((yield* sent).map(({ headers }) => headers["traceparent"]), [
        `00-${look?.traceId}-${below.at(-1)?.spanId}-01`
      ])
    }).pipe(Effect.provide(world), Effect.scoped))
})

describe("traces that are not wanted", () => {
  const wanted: ReadonlyArray<readonly [string, Partial<typeof telemetry>]> = [
    ["no endpoint", { otlp_endpoint: Option.none() }],
    ["a sample ratio of 0", { sample_ratio: 0 }]
  ]
  for (const [name, tracing] of wanted) {
    it.live(`${name}: nothing is exported, sent along or logged`, () =>
      Effect.gen(function*() {
        yield* answering(streamed)
        yield* hears("MovieBot hello", { traceparent: `00-${trace}-${bridgeSpan}-01` }).pipe(
          Effect.provide(tracedBot(tracing)),
          Effect.scoped
        )
        const [command, ...more] = yield* sent
        assert.deepStrictEqual(more, [])
        assert.isDefined(command?.headers["Correlation-Id"])
        assert.notProperty(command?.headers, "traceparent")
        assert.deepStrictEqual(yield* Collector.use((collector) => collector.exported), [])
        const lines = yield* LogLines.use((log) => log.all)
        assert.deepStrictEqual(lines.filter(({ annotations }) => "trace_id" in annotations), [])
      }).pipe(Effect.provide(world), Effect.scoped))
  }
})
