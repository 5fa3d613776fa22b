import { DateTime, Effect, Layer, Logger, Metric, References, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { explainSubject, readReply } from "../src/domain/decision/Explain.ts"
import { explainText } from "../src/domain/decision/ExplainText.ts"
import { ChannelName, CorrelationId, Username } from "../src/domain/Ids.ts"
import { parseSettings } from "../src/domain/settings/SettingsFile.ts"
import { announcement } from "../src/domain/wire/Announcement.ts"
import { eventSubjects, type Protocol } from "../src/domain/wire/Subject.ts"
import { decodeEvent, encodeCommand, type WireMessage } from "../src/domain/wire/Wire.ts"
import { layerOf } from "../src/layers/llm/LlmScripted.ts"
import { bot } from "../src/layers/Main.ts"
import * as NatsMemory from "../src/layers/nats/NatsMemory.ts"
import { version } from "../src/layers/process/Package.ts"
import { BotConfig } from "../src/services/BotConfig.ts"
import { Health } from "../src/services/Health.ts"
import { Nats } from "../src/services/Nats.ts"

const room = { name: ChannelName.make("Lobby"), domain: "cytu.be" }
const at = Date.UTC(2026, 0, 2, 20, 15)
const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

const seedLine = { user: { name: "ana", rank: 1 }, msg: "MovieBot what is on?", meta: {}, time: at }
const bridgeLine = { username: "ana", msg: "MovieBot what is on?", meta: {}, time: at }
const envelope = {
  event_name: "chatMsg",
  payload: bridgeLine,
  channel: "Lobby",
  domain: "cytu.be",
  timestamp: "2026-01-02T20:15:00+00:00",
  correlation_id: "0b0e4a3c-5f0a-4c55-9a0e-0d0d6f1f5a01"
}

const events: Readonly<Record<Protocol, unknown>> = { cytube: seedLine, kryten: envelope, "kryten-legacy": envelope }

const stamp = {
  correlationId: CorrelationId.make(envelope.correlation_id),
  messageId: "a hash",
  requestId: "a fresh UUID",
  at
}

/** A block of code on a page. */
export const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``

/** What a room sends and gets in one protocol: what is shown decodes, and is what the bot sends. */
export const wireExample = (protocol: Protocol): string => {
  const [subscribed = "", ...others] = eventSubjects(protocol, room)
  const subject = subscribed.replace("*", protocol === "cytube" ? "chatMsg" : "chatmsg")
  const message = { subject, headers: new Map(), body: utf8.encoder.encode(JSON.stringify(events[protocol])) }
  Result.getOrThrowWith(decodeEvent(message, room, at), (invalid) => new Error(`${protocol}: ${invalid.constraint}`))
  const chat = encodeCommand(protocol, room, { _tag: "Chat", channel: room.name, message: "A classic" }, stamp)
  const pm = encodeCommand(protocol, room, {
    _tag: "Pm",
    channel: room.name,
    to: Username.make("ana"),
    message: "A classic"
  }, stamp)
  const also = others.length === 0
    ? ""
    : `, for a name in mixed case also ${others.map((one) => `\`${one}\``).join(", ")}`
  return [
    `Subscribes to \`${subscribed}\`${also}. A line on \`${subject}\`:`,
    fenced("json", JSON.stringify(events[protocol])),
    `A reply, ${
      chat.request ? "as a request" : "published"
    } to \`${chat.subject}\`, and a private one to \`${pm.subject}\`:`,
    fenced("json", [chat, pm].map(({ body }) => body).join("\n"))
  ].join("\n\n")
}

/** How the bot announces itself in the `kryten` protocols. */
export const announcementExample =
  announcement("startup", { version, hostname: "a-host", httpPort: 8080 }, { at, uptimeSeconds: 1.2 }).body

const settings = Result.getOrThrowWith(
  parseSettings(
    `
nats: { servers: ["nats://memory"] }
channels: [{ name: Lobby }]
bot: { username: MovieBot }
llm_api: { base_url: "http://localhost/v1", api_key: none, model: none }
triggers: [{ type: mention }]
rate_limits: { max_per_user_per_minute: 1 }
`,
    {}
  ),
  (problems) => new Error(JSON.stringify(problems))
).settings

const settle = Effect.forEach(Array.from({ length: 50 }), () => Effect.yieldNow, { discard: true })

const pass = (seconds: number) =>
  Effect.forEach(Array.from({ length: seconds }), () => Effect.andThen(TestClock.adjust("1 second"), settle), {
    discard: true
  })

/** What a short conversation on a bus in memory looks like from outside. */
export interface Conversation {
  readonly question: string
  readonly answer: string
  readonly story: string
  readonly health: string
  readonly command: string
  readonly logLine: string
}

const conversation = (lines: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const nats = yield* Nats
    const sent: Array<WireMessage> = []
    yield* nats.subscribe("cytube.commands.*.*", (message) => Effect.sync(() => void sent.push(message)))
    yield* pass(1)
    for (const [index, id] of ["id-of-the-first", "id-of-the-second"].entries()) {
      const body = JSON.stringify({ ...seedLine, msg: `${seedLine.msg} ${index}`, time: at + 1_000 + index * 2_000 })
      const headers = new Map([["Correlation-Id", id]])
      yield* nats.publish({ subject: "cytube.events.lobby.chatMsg", headers, body, request: false })
      yield* pass(2)
    }
    const question = JSON.stringify({ user: "ana", last: 1 })
    const [reply = new Uint8Array()] = yield* nats.request(explainSubject, question)
    const answer = Result.getOrThrowWith(readReply(reply), ({ error }) => new Error(error))
    const report = yield* Health.use(({ report }) => report)
    const [command] = sent
    return {
      question,
      answer: utf8.decoder.decode(reply),
      story: answer.decisions.map((record) =>
        explainText({ ...record, bot: answer.bot }, DateTime.zoneMakeOffset(0), false)
      ).join("\n\n"),
      health: JSON.stringify({ ...report, version }),
      command: command === undefined ? "" : [...command.headers].map(([key, value]) => `${key}: ${value}`).join("\n"),
      logLine: lines.find((line) => line.includes("Trigger suppressed")) ?? ""
    } satisfies Conversation
  })

/** Holds the conversation: the same at every run. */
export const converse: Effect.Effect<Conversation> = Effect.suspend(() => {
  const lines: Array<string> = []
  const logger = Logger.make(({ date, fiber, logLevel, message }: Logger.Options<unknown>): void => {
    const { logger, ...fields } = fiber.getRef(References.CurrentLogAnnotations)
    lines.push(
      JSON.stringify({
        timestamp: date.toISOString(),
        level: logLevel.toUpperCase(),
        logger,
        message: String(message),
        ...fields
      })
    )
  })
  const world = Layer.mergeAll(
    NatsMemory.layer,
    layerOf(() => ({ afterMs: 800, says: Result.succeed("A classic, sit down and see.") })),
    BotConfig.layerFixed(settings),
    SecureRandom.layerWebCrypto
  )
  return TestClock.setTime(at).pipe(
    Effect.andThen(Effect.provide(conversation(lines), Layer.provideMerge(bot, world))),
    Effect.provide([TestClock.layer(), Logger.layer([logger])]),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.scoped,
    Effect.orDie
  )
})
