import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import type { FaultReason } from "../../../src/domain/bridge/BridgeFault.ts"
import { BridgePauseMs, BridgeWatch } from "../../../src/services/bridge/BridgeWatch.ts"
import { DecisionLog } from "../../../src/services/decision/DecisionLog.ts"
import { channelKey } from "../../../src/domain/Ids.ts"
import { Health } from "../../../src/services/Health.ts"
import { Bridge, type BridgeOptions } from "../../support/Bridge.ts"
import { eventually } from "../../support/eventually.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { LogLines } from "../../support/LogLines.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder, fileWith, llmBot } from "../../support/Program.ts"
import { botWith } from "../../support/RunningBot.ts"

const withoutBridge: BridgeOptions = { protocol: "kryten", atStart: "stays away" }

/** A situation, and the sentence that names it. */
interface Situation {
  readonly what: string
  readonly bridge: BridgeOptions
  readonly protocol?: string
  readonly domain?: string
  /** What the bot may publish; all of it where absent. */
  readonly publish?: ReadonlyArray<string>
  readonly subscribe?: ReadonlyArray<string>
  readonly reason: FaultReason
  readonly says: string
  readonly harmless?: boolean
}

const situations: ReadonlyArray<Situation> = [
  {
    what: "the configured protocol is another one's",
    bridge: { protocol: "kryten" },
    protocol: "cytube",
    reason: "wrong_protocol",
    says: "the bridge speaks kryten, but nats.protocol is cytube: set nats.protocol to auto"
  },
  {
    what: "the configured protocol is not the older bridge's",
    bridge: { protocol: "kryten-legacy" },
    protocol: "kryten",
    reason: "wrong_protocol",
    says: "the bridge speaks kryten-legacy, but nats.protocol is kryten: set nats.protocol to auto"
  },
  {
    what: "there is no bridge",
    bridge: withoutBridge,
    reason: "no_bridge",
    says: "no bridge listens for TestChan on cytube.test: start it, or give it and the bot the same NATS"
  },
  {
    what: "the bridge has another account",
    bridge: { protocol: "kryten", account: "SomebodyElse" },
    reason: "wrong_account",
    says: "the bridge is logged in as SomebodyElse, but bot.username is KrytenBot"
  },
  {
    what: "the bot may not publish",
    bridge: { protocol: "kryten" },
    protocol: "kryten",
    publish: ["nothing"],
    reason: "may_not_publish",
    says: "NATS does not let this user publish kryten.robot.command, so nothing the bot says arrives"
  },
  {
    what: "the older bridge's bot may not publish",
    bridge: { protocol: "kryten-legacy" },
    protocol: "kryten-legacy",
    publish: ["nothing"],
    reason: "may_not_publish",
    says: "NATS does not let this user publish cytube.commands.cytube.test.testchan.chat"
  },
  {
    what: "the bot may not subscribe",
    bridge: { protocol: "kryten" },
    protocol: "kryten",
    subscribe: ["_INBOX.>"],
    reason: "may_not_subscribe",
    says: "NATS does not let this user subscribe to kryten.events.cytube.testchan.*, so the bot does not hear TestChan"
  },
  {
    what: "the domain is spelled otherwise",
    bridge: { protocol: "kryten" },
    domain: "CyTube.Test",
    reason: "domain_spelling",
    says: "the bridge writes the domain cytube.test, but channels[].domain is CyTube.Test",
    harmless: true
  },
  {
    what: "the domain is another one",
    bridge: { protocol: "kryten" },
    domain: "cytu.be",
    reason: "wrong_domain",
    says: "the bridge of TestChan is on cytube.test, but channels[].domain is cytu.be"
  },
  {
    what: "the bridge is in another channel",
    bridge: { protocol: "kryten", channel: "Elsewhere" },
    reason: "wrong_channel",
    says: "the bridge is in Elsewhere on cytube.test, not in TestChan on cytube.test"
  }
]

const yaml = (nats: string, llm: string, { domain = "cytube.test", protocol = "auto" }: Partial<Situation>): string => `
nats:
  servers: ["${nats}"]
  user: \${NATS_USER}
  password: \${NATS_PASSWORD}
  protocol: ${protocol}
channels:
  - { name: TestChan, domain: ${domain} }
bot: { username: KrytenBot }
llm_api: { base_url: "${llm}", api_key: "\${LLM_API_KEY}", model: double }
`

const permissions = ({ publish, subscribe }: Partial<Situation>): string => {
  const list = (subjects: ReadonlyArray<string> = [">"]): string => JSON.stringify(subjects)
  return `
authorization {
  users = [
    { user: bot, password: right, permissions: { publish: ${list(publish)}, subscribe: ${list(subscribe)} } }
    { user: bridge, password: right }
  ]
  timeout: 5
}
no_auth_user: bridge
`
}

/** A server, a bridge and a model for a situation. */
const world = (situation: Partial<Situation> & Pick<Situation, "bridge">) =>
  Layer.unwrap(Effect.map(emptyFolder, (folder) => {
    const file = join(folder, "nats.conf")
    writeFileSync(file, permissions(situation))
    return Bridge.layer(situation.bridge).pipe(
      Layer.provideMerge(Layer.mergeAll(NatsServer.layerWith(["-c", file]), LlmDouble.layer))
    )
  }))

const environment = { NATS_USER: "bot", NATS_PASSWORD: "right", LLM_API_KEY: "test-key" }

const configOf = Effect.fnUntraced(function*(situation: Partial<Situation>) {
  const { url: nats } = yield* NatsServer
  const { url: llm } = yield* LlmDouble
  return yaml(nats, llm, situation)
})

/** The bot in this process, watching its bridge. */
const watchingBot = (situation: Partial<Situation>) =>
  Layer.unwrap(
    Effect.map(configOf(situation), (text) =>
      Layer.tap(botWith(text, environment), (services) =>
        BridgeWatch.use(({ begin }) =>
          begin
        ).pipe(Effect.provideContext(services))))
  )

/** The same in its world, the log kept. */
const watched = (situation: Partial<Situation> & Pick<Situation, "bridge">) =>
  watchingBot(situation).pipe(Layer.provideMerge(world(situation)), Layer.provideMerge(LogLines.layer))

const report = Health.use((health) => health.report)
const ready = Health.use((health) => health.ready)

describe("a bridge that is away or does not fit", () => {
  for (const situation of situations) {
    const { harmless = false, reason, says, what } = situation
    it.live(`${what}: /health, the log and a metric say so`, () =>
      Effect.gen(function*() {
        const found = yield* eventually("the fault", report, ({ bridge_faults = [] }) => bridge_faults.length > 0)
        const [fault] = found.bridge_faults ?? []
        assert.deepStrictEqual([String(fault?.channel), fault?.reason], ["TestChan", reason])
        assert.include(fault?.message, says)
        assert.lengthOf(found.bridge_faults ?? [], 1)
        assert.strictEqual(found.status, harmless ? "healthy" : "degraded")
        assert.strictEqual(yield* ready, reason !== "may_not_subscribe")
        const logged = LogLines.use(({ all }) => all)
        yield* eventually("the log line", logged, (lines) =>
          lines.some(({ annotations, message }) =>
            message.includes(says) && annotations["reason"] === reason
          ))
        yield* Health.use((health) => health.gauges)
        const gauge = (yield* Metric.snapshot).find(({ id }) => id === "bridge_faults")
        assert.deepInclude(gauge, { attributes: { channel: "TestChan" }, state: { value: harmless ? 0 : 1 } })
      }).pipe(
        Effect.provide(watched(situation)),
        Effect.provideService(BridgePauseMs, 200),
        Effect.provideService(Metric.MetricRegistry, new Map()),
        Effect.scoped
      ))

    it.live(`${what}: check-config --connect says so`, () =>
      Effect.gen(function*() {
        const file = yield* fileWith("config.yaml", yield* configOf(situation))
        const program = yield* llmBot(["check-config", file, "--connect"], environment)
        const code = yield* program.exit
        const output = yield* program.output
        assert.include(output, says)
        assert.lengthOf(output.match(/^.*: (?:error|warning): .*$/gm) ?? [], 1, output)
        assert.strictEqual(code, harmless ? 0 : 1)
      }).pipe(Effect.provide(world(situation)), Effect.scoped))
  }

  for (const protocol of ["kryten", "kryten-legacy"] as const) {
    it.live(`${protocol}: killed, it is missed; back, all is well`, () =>
      Effect.gen(function*() {
        const bridge = yield* Bridge
        yield* bridge.chat("Ana", "hello")
        yield* eventually("it is heard", report, ({ last_event_timestamp }) => last_event_timestamp !== null)
        assert.strictEqual((yield* report).status, "healthy")
        yield* bridge.leave("without a word")
        const { bridge_faults } = yield* eventually("it is missed", report, ({ status }) => status === "degraded")
        assert.deepInclude(bridge_faults?.[0], { reason: "bridge_gone" })
        assert.include(bridge_faults?.[0]?.message, "the bridge of TestChan is gone: start it again")
        yield* bridge.come
        yield* eventually("it is back", report, ({ status }) => status === "healthy")
      }).pipe(
        Effect.provide(watched({ bridge: { protocol } })),
        Effect.provideService(BridgePauseMs, 200),
        Effect.scoped
      ))
  }

  it.live("that hears but answers nothing is named, whoever else listens to everything", () =>
    Effect.gen(function*() {
      yield* Bridge.use((bridge) => bridge.answers(false))
      const { bridge_faults } = yield* eventually("it is named", report, ({ status }) => status === "degraded")
      assert.deepInclude(bridge_faults?.[0], { reason: "bridge_silent" })
    }).pipe(
      Effect.provide(watched({ protocol: "kryten", bridge: { protocol: "kryten" } })),
      Effect.provideService(BridgePauseMs, 200),
      Effect.scoped
    ))

  for (const protocol of ["cytube", "kryten", "kryten-legacy"] as const) {
    it.live(`${protocol}: one that fits leaves nothing to say`, () =>
      Effect.gen(function*() {
        const file = yield* fileWith("config.yaml", yield* configOf({}))
        const program = yield* llmBot(["check-config", file, "--connect"], environment)
        assert.strictEqual(yield* program.exit, 0, yield* program.output)
        assert.strictEqual(yield* program.output, "valid\n")
      }).pipe(Effect.provide(world({ bridge: { protocol } })), Effect.scoped))
  }
})

describe("a bot that starts after its bridge", () => {
  it.live("asks who is there, and knows the ranks", () =>
    Effect.gen(function*() {
      const bridge = yield* Bridge
      const log = yield* DecisionLog
      let lines = 0
      const rank = Effect.gen(function*() {
        yield* bridge.chat("Ana", `line ${lines++}`)
        return (yield* log.recent(channelKey("TestChan"))).at(-1)?.rank
      })
      yield* eventually("Ana's rank is known", rank, (now) => now === 3)
    }).pipe(
      Effect.provide(watched({ bridge: { protocol: "kryten", members: [{ name: "Ana", rank: 3 }] } })),
      Effect.provideService(BridgePauseMs, 200),
      Effect.scoped
    ))
})
