import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Result, SubscriptionRef } from "effect"
import { SecureRandom } from "effect/crypto"
import { activate, type ActiveSettings } from "../../../src/domain/ChannelSettings.ts"
import { explainSubject, readReply } from "../../../src/domain/decision/Explain.ts"
import type { Settings } from "../../../src/domain/settings/Settings.ts"
import { layerOf } from "../../../src/layers/llm/LlmScripted.ts"
import { bot } from "../../../src/layers/Main.ts"
import * as NatsMemory from "../../../src/layers/nats/NatsMemory.ts"
import { BotConfig } from "../../../src/services/BotConfig.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { endOf, settingsOf } from "../../support/Simulation.ts"
import { epoch, passTo, VirtualTime } from "../../support/VirtualTime.ts"
import { StateStore } from "../../../src/services/state/StateStore.ts"

const settings = settingsOf(`
nats: { servers: ["nats://memory"] }
channels: [{ name: Lobby }, { name: second }, { name: closed, enabled: false }]
bot: { username: MovieBot }
llm_api: { base_url: "http://localhost/v1", api_key: none, model: script }
triggers: [{ type: mention }]
rate_limits: { max_per_user_per_minute: 1, global_cooldown_seconds: 0 }
`)

const enabled = (enabled: boolean): Settings => ({ ...settings, explain: { enabled } })
const logging = (settings: Settings): Settings => ({
  ...settings,
  telemetry: { ...settings.telemetry, log_content: true }
})

/** Somebody hears what the bot says. */
const bridge = Layer.effectDiscard(Nats.use((nats) => nats.subscribe("cytube.commands.>", () => {})))

/** The whole bot on a bus in memory with a bridge, and the reference that holds its configuration. */
const withBot = <A, E>(
  begin: Settings,
  story: (active: SubscriptionRef.SubscriptionRef<ActiveSettings>) => Effect.Effect<A, E, Nats | VirtualTime>
) =>
  Effect.gen(function*() {
    const active = yield* SubscriptionRef.make(activate(begin))
    const world = Layer.mergeAll(
      Layer.provideMerge(bridge, NatsMemory.layer),
      layerOf(() => ({ afterMs: 0, says: Result.succeed("an answer of the script") })),
      Layer.succeed(BotConfig, BotConfig.fromRef(active)),
      SecureRandom.layerWebCrypto,
      StateStore.layerNone
    )
    return yield* Effect.provide(story(active), Layer.provideMerge(bot, world))
  }).pipe(Effect.provide([VirtualTime.layer, Logger.layer([])]), Effect.scoped)

const say = Effect.fnUntraced(function*(channel: string, name: string, msg: string, id: string, at: number) {
  const nats = yield* Nats
  yield* passTo(at)
  yield* nats.publish({
    subject: `cytube.events.${channel}.chatMsg`,
    headers: new Map([["Correlation-Id", id]]),
    body: JSON.stringify({ user: { name, rank: 1 }, msg, meta: {}, time: epoch + at }),
    request: false
  })
  yield* passTo(at)
})

const conversation = Effect.gen(function*() {
  yield* say("lobby", "Ana", "MovieBot are you there?", "first", 1_000)
  yield* say("second", "ana", "MovieBot and here?", "other-room", 2_000)
  yield* say("lobby", "bob", "nothing to do with anybody", "nothing", 3_000)
})

const ask = (question: string) =>
  Nats.use((nats) => Effect.map(nats.request(explainSubject, question), ({ bodies }) => bodies))
const answer = (question: string) =>
  Effect.map(ask(question), (replies) => replies.map((reply) => Result.getOrThrow(readReply(reply)))[0])

const story = (question: string) =>
  Effect.map(
    answer(question),
    (answer) => answer?.decisions.map((record) => `${record.correlationId} ${endOf(record)}`)
  )

describe("a question over NATS", () => {
  it.live("is answered by who the bot is, and by the decisions with their gates", () =>
    withBot(settings, () =>
      Effect.gen(function*() {
        yield* conversation
        const all = yield* answer("{}")
        assert.deepStrictEqual([String(all?.bot), all?.channels.map(String), all?.leftOut], ["MovieBot", [
          "Lobby",
          "second"
        ], 0])
        assert.deepStrictEqual(yield* story("{}"), ["first replied", "other-room user_per_minute", "nothing no_match"])
        assert.deepStrictEqual(yield* story("{\"user\":\"ANA\"}"), ["first replied", "other-room user_per_minute"])
        assert.deepStrictEqual(yield* story("{\"channel\":\"lobby\",\"last\":1}"), ["nothing no_match"])
        assert.deepStrictEqual(yield* story("{\"correlationId\":\"elsewhere\"}"), [])
        const refused = yield* answer("{\"correlationId\":\"other-room\"}")
        const gate = refused?.decisions[0]?.steps.find((step) => step._tag === "Limit" && !step.allowed)
        assert.deepInclude(gate, { limit: "user_per_minute", used: 1, maximum: 1 })
      })))

  it.live("holds texts only where they may be kept", () => {
    const texts = Effect.map(Effect.andThen(conversation, ask("{}")), ([reply]) => new TextDecoder().decode(reply))
    return Effect.gen(function*() {
      const without = yield* withBot(settings, () => texts)
      for (const text of ["are you there", "an answer of the script", "role"]) assert.notInclude(without, text)
      const held = yield* withBot(logging(settings), () => texts)
      for (const text of ["are you there", "an answer of the script", "role"]) assert.include(held, text)
    })
  })

  it.live("that is none is told what is expected, and the bot goes on", () =>
    withBot(settings, () =>
      Effect.gen(function*() {
        yield* conversation
        const [reply] = yield* ask("why?")
        assert.include(Result.getOrThrow(Result.flip(readReply(reply ?? new Uint8Array()))).error, "\"last\"")
        assert.lengthOf((yield* story("{}")) ?? [], 3)
      })))

  it.live("is heard while explain.enabled, and a reload changes that at once", () =>
    withBot(enabled(false), (active) =>
      Effect.gen(function*() {
        yield* conversation
        assert.deepStrictEqual(yield* ask("{}"), [])
        yield* SubscriptionRef.set(active, activate(enabled(true)))
        yield* passTo(4_000)
        assert.lengthOf((yield* story("{}")) ?? [], 3)
        yield* SubscriptionRef.set(active, activate(logging(enabled(true))))
        yield* passTo(5_000)
        assert.lengthOf(yield* ask("{}"), 1)
        yield* SubscriptionRef.set(active, activate(enabled(false)))
        yield* passTo(6_000)
        assert.deepStrictEqual(yield* ask("{}"), [])
      })))
})
