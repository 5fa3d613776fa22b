import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { stringify } from "yaml"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import { ChannelName } from "../../../src/domain/Ids.ts"
import { Protocol, protocols } from "../../../src/domain/wire/protocols/Protocol.ts"
import type { Room } from "../../../src/domain/wire/Room.ts"
import { commandSubject, eventSubjects } from "../../../src/domain/wire/Subject.ts"
import { Announcements } from "../../../src/services/Announcements.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { certificates } from "../../support/Certificates.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { LogLines } from "../../support/LogLines.ts"
import { natsAccount } from "../../support/NatsAccount.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder, fileWith } from "../../support/Program.ts"
import { botWith } from "../../support/RunningBot.ts"
import { eventually } from "../../support/eventually.ts"

const settingsWith = (nats: Readonly<Record<string, unknown>>) =>
  Result.getOrThrowWith(
    parseSettings(
      stringify({
        nats: { connect_attempts: 1, connect_timeout: 1.5, ...nats },
        channels: [{ name: "lobby" }],
        bot: { username: "MovieBot" },
        llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "none" }
      }),
      {}
    ),
    (problems) => new Error(JSON.stringify(problems))
  ).settings.nats

/** A server with a configuration of its own. */
const serverWith = (config: string) =>
  Layer.unwrap(Effect.map(fileWith("nats.conf", config), (file) => NatsServer.layerWith(["-c", file])))

/** Connects to the server of the test and publishes something. */
const attempt = Effect.fnUntraced(function*(scheme: string, more: Readonly<Record<string, unknown>>) {
  const { url } = yield* NatsServer
  const server = `${scheme}://127.0.0.1:${new URL(url).port}`
  return yield* Nats.use((nats) => nats.publish({ subject: "test", headers: new Map(), body: "x", request: false }))
    .pipe(
      Effect.provide(NatsConnection.layer(settingsWith({ servers: [server], ...more }))),
      Effect.scoped,
      Effect.timeoutOrElse({
        duration: "8 seconds",
        orElse: () => Effect.die(new Error("neither connected nor refused"))
      })
    )
})

const refusal = (scheme: string, more: Readonly<Record<string, unknown>>) =>
  Effect.map(Effect.flip(attempt(scheme, more)), ({ message }) => message)

const quiet = LogLines.layer

describe("TLS", () => {
  const tlsServer = (folder: string, verify: boolean) =>
    serverWith(
      `tls { cert_file: "${folder}/server.pem", key_file: "${folder}/server.key", ca_file: "${folder}/ca.pem", verify: ${verify} }`
    )

  it.live("tls:// with the right authority connects; a wrong one, or none, is refused with a readable line", () =>
    Effect.gen(function*() {
      const folder = yield* certificates
      yield* Effect.gen(function*() {
        yield* attempt("tls", { tls: { ca_file: join(folder, "ca.pem") } })
        assert.match(yield* refusal("tls", { tls: { ca_file: join(folder, "other.pem") } }), /certificate|signature/)
        assert.match(yield* refusal("tls", {}), /certificate|self.signed/)
        assert.match(
          yield* refusal("tls", { tls: { ca_file: "/no/such/ca.pem" } }),
          /nats\.tls\.ca_file cannot be read/
        )
      }).pipe(Effect.provide(tlsServer(folder, false)))
    }).pipe(Effect.provide(quiet), Effect.scoped))

  it.live("the server's wish for a client certificate is met, and one without is refused", () =>
    Effect.gen(function*() {
      const folder = yield* certificates
      const ca_file = join(folder, "ca.pem")
      yield* Effect.gen(function*() {
        yield* attempt("tls", {
          tls: { ca_file, cert_file: join(folder, "client.pem"), key_file: join(folder, "client.key") }
        })
        assert.match(yield* refusal("tls", { tls: { ca_file } }), /NATS cannot be reached \(\S+/)
      }).pipe(Effect.provide(tlsServer(folder, true)))
    }).pipe(Effect.provide(quiet), Effect.scoped))

  it.live("tls:// never falls back to a connection that is not encrypted", () =>
    Effect.gen(function*() {
      assert.match(yield* refusal("tls", {}), /tls/i)
    }).pipe(Effect.provide(Layer.provideMerge(NatsServer.layer, quiet)), Effect.scoped))
})

describe("a credentials file", () => {
  it.live("with the right user connects, with another account's is refused at once", () =>
    Effect.gen(function*() {
      const { config, right, wrong } = natsAccount()
      const folder = yield* emptyFolder
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text)
        return join(folder, name)
      }
      yield* Effect.gen(function*() {
        yield* attempt("nats", { creds_file: file("right.creds", right) })
        assert.match(yield* refusal("nats", { creds_file: file("wrong.creds", wrong) }), /[Aa]uthori[sz]ation/)
        assert.match(
          yield* refusal("nats", { creds_file: file("no.creds", "no credentials") }),
          /nats\.creds_file is no credentials file/
        )
        const lines = JSON.stringify(yield* LogLines.use(({ all }) => all))
        assert.notInclude(lines, "SEED")
      }).pipe(Effect.provide(serverWith(config)))
    }).pipe(Effect.provide(quiet), Effect.scoped))
})

describe("the permissions of docs/nats-permissions.md", () => {
  const docs = readFileSync("docs/nats-permissions.md", "utf8")
  const blockOf = (protocol: string): string =>
    (new RegExp(`^## ${protocol}\\n+\`\`\`\\n([^]*?)\`\`\``, "m").exec(docs)?.[1] ?? "")
      .replace("$LLM_BOT_PASSWORD", "\"bot-password\"")
      .replace("$BRIDGE_PASSWORD", "\"bridge-password\"")

  const room: Room = { name: ChannelName.make("lobby"), domain: "cytu.be" }

  const bot = (protocol: Protocol) =>
    Layer.unwrap(Effect.gen(function*() {
      const { url } = yield* NatsServer
      const { url: base_url } = yield* LlmDouble
      return botWith(stringify({
        nats: { servers: [url], protocol, user: "llm-bot", password: "bot-password" },
        channels: [{ name: "lobby" }],
        bot: { username: "MovieBot" },
        llm_api: { base_url, api_key: "none", model: "double" },
        rate_limits: { global_cooldown_seconds: 0 }
      }))
    }))

  const bridge = Effect.gen(function*() {
    const { url } = yield* NatsServer
    return yield* Effect.acquireRelease(
      Effect.promise(() => connect({ servers: url.replace("nats://", ""), user: "bridge", pass: "bridge-password" })),
      (client) => Effect.promise(() => client.close())
    )
  })

  for (const protocol of Protocol.literals) {
    const [events = ""] = eventSubjects(protocol, room).map((subject) => subject.replace(/\.\*$/, ""))
    const { announces } = protocols[protocol]
    it(`${protocol}: are there`, () => assert.notStrictEqual(blockOf(protocol), ""))

    it.live(`${protocol}: are enough for a line and a private one, and nothing is refused`, () =>
      Effect.gen(function*() {
        const client = yield* bridge
        const seen: Array<string> = []
        client.subscribe(">", { callback: (_, { subject }) => void seen.push(subject) })
        yield* Effect.gen(function*() {
          yield* Announcements.use(({ begin }) => begin({ version: "1", hostname: "attic", httpPort: 8080 }))
          client.publish("kryten.service.discovery.poll", "{}")
          client.publish("kryten.lifecycle.robot.startup", "{}")
          const time = Date.now()
          client.publish(
            `${events}.chatMsg`,
            JSON.stringify({ username: "ana", msg: "MovieBot hello", meta: {}, time })
          )
          client.publish(
            `${events}.pm`,
            JSON.stringify({ username: "bob", to: "MovieBot", msg: "hello", meta: {}, time })
          )
          const wanted = [commandSubject(protocol, room, "chat"), commandSubject(protocol, room, "pm")]
          yield* eventually(
            "both commands",
            Effect.sync(() => seen),
            (all) =>
              wanted.every((subject) => all.includes(subject)) &&
              all.filter((subject) => wanted.includes(subject)).length === 2
          )
        }).pipe(Effect.provide(bot(protocol)))
        const lines = yield* LogLines.use(({ all }) => all)
        yield* Effect.promise(() => client.flush())
        const lifecycle = seen.filter((subject) => subject.startsWith("kryten.lifecycle.llm."))
        const expected = announces ? ["startup", "startup", "shutdown"] : []
        assert.deepStrictEqual(lifecycle, expected.map((kind) => `kryten.lifecycle.llm.${kind}`))
        assert.lengthOf(lines.filter(({ message }) => message === "Bridge started"), announces ? 1 : 0)
        assert.deepStrictEqual(lines.filter(({ message }) => /permission|NATS error/i.test(message)), [])
      }).pipe(
        Effect.provide(Layer.mergeAll(serverWith(blockOf(protocol)), LlmDouble.layer).pipe(Layer.provideMerge(quiet))),
        Effect.scoped
      ))
  }
})
