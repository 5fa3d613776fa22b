import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Option } from "effect"
import { EventIdentity, UserKey } from "../../../src/domain/Ids.ts"
import { CorrelationId } from "../../../src/domain/Ids.ts"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import * as UserLimitStreams from "../../../src/layers/jetstream/UserLimitStreams.ts"
import { SharedLimits } from "../../../src/services/limits/SharedLimits.ts"
import { heardCommands, settingsOf, speaker, startBot } from "../../support/DurableBot.ts"
import { eventually } from "../../support/eventually.ts"
import { clientOf, durableSettings, managerOf, provisioned, serverWith } from "../../support/JetStreamWorld.ts"
import { answerTo, LlmDouble } from "../../support/LlmDouble.ts"
import { natsServerBinaries } from "../../support/natsServerBinary.ts"
import { BotConfig } from "../../../src/services/BotConfig.ts"

const quiet = Logger.layer([])
const servers = natsServerBinaries()

const commandOf: Readonly<Record<Protocol, string>> = {
  cytube: "cytube.commands.testchan.chat",
  kryten: "kryten.commands.cytube.testchan.chat",
  "kryten-legacy": "cytube.commands.cytube.test.testchan.chat"
}

Protocol.literals.forEach((protocol, index) => {
  const [suite, binary] = servers[index % servers.length] ?? ["bookworm", undefined]

  describe(`the outbox, ${protocol} on ${suite}'s nats-server`, () => {
    it.live("a reply comes out of it once, where the bridge listens, and a doubled one does not", () =>
      Effect.gen(function*() {
        const { url } = yield* serverWith(binary)
        const llm = Context.get(yield* Layer.build(LlmDouble.layer), LlmDouble)
        const client = yield* clientOf(url)
        const manager = yield* managerOf(client)
        const heard = yield* heardCommands(client)
        const room = speaker(client, protocol)
        yield* startBot(settingsOf(protocol, url, llm.url))
        room.say("Ana", "KrytenBot, which film is that?")
        yield* eventually("the reply", Effect.succeed(heard), ({ length }) => length >= 1)
        const line = heard[0] ?? assert.fail("nothing was heard")
        assert.strictEqual(line.subject, commandOf[protocol])
        assert.deepStrictEqual(JSON.parse(line.body), {
          action: "chat",
          data: { message: answerTo("KrytenBot, which film is that?") }
        })
        const stream = protocol === "kryten" ? "b_OUT_KRYTEN" : "b_OUT_CYTUBE"
        const stored = yield* Effect.promise(() => manager.streams.getMessage(stream, { seq: 1 }))
        for (let again = 0; again < 3; again++) {
          client.publish(stored?.subject ?? "", line.body, {
            headers: stored?.header ?? assert.fail("nothing is stored")
          })
        }
        room.say("Ana", "KrytenBot, and the next?")
        yield* eventually("the next reply", Effect.succeed(heard), ({ length }) => length >= 2)
        assert.lengthOf(heard, 2)
      }).pipe(Effect.provide(quiet), Effect.scoped))

    it.live("limits and cooldowns are not refilled by a restart", () =>
      Effect.gen(function*() {
        const { url } = yield* serverWith(binary)
        const llm = Context.get(yield* Layer.build(LlmDouble.layer), LlmDouble)
        const client = yield* clientOf(url)
        const heard = yield* heardCommands(client)
        const room = speaker(client, protocol)
        const settings = settingsOf(protocol, url, llm.url, {
          triggers: [{ type: "mention" }, { type: "keyword", keywords: ["popcorn"], cooldown_seconds: 600 }],
          rate_limits: {
            max_per_user_per_minute: 1,
            max_per_user_per_hour: null,
            max_per_channel_per_minute: 3,
            global_cooldown_seconds: 0
          }
        })
        yield* Effect.gen(function*() {
          const { decisions } = yield* startBot(settings)
          room.say("Ana", "KrytenBot, one")
          room.say("Bob", "popcorn please")
          yield* eventually("two decisions", Effect.succeed(decisions), ({ length }) => length >= 2)
        }).pipe(Effect.scoped)
        assert.lengthOf(heard, 2)
        const { decisions } = yield* startBot(settings)
        room.say("Ana", "KrytenBot, two")
        room.say("Cleo", "popcorn again")
        room.say("Dan", "KrytenBot, three")
        room.say("Eve", "KrytenBot, four")
        yield* eventually("four decisions", Effect.succeed(decisions), ({ length }) => length >= 4)
        const ends = Object.fromEntries(decisions.map(({ outcome, username }) => [
          username,
          outcome?._tag === "Skipped" ? outcome.reason : outcome?._tag
        ]))
        assert.deepStrictEqual(ends, {
          Ana: "user_per_minute",
          Cleo: "cooldown",
          Dan: "Replied",
          Eve: "channel_per_minute"
        })
      }).pipe(Effect.provide(quiet), Effect.scoped))
  })
})

for (const [suite, binary] of servers) {
  describe(`the limits that replicas share, on ${suite}'s nats-server`, () => {
    /** One replica's limits. */
    const replica = Effect.fnUntraced(function*(active: ReturnType<typeof durableSettings>) {
      const { services } = yield* provisioned(active)
      const limits = yield* Layer.build(
        UserLimitStreams.layer.pipe(
          Layer.provide(Layer.succeedContext(services)),
          Layer.provide(BotConfig.layerFixed(active.settings))
        )
      )
      return yield* Effect.provideContext(SharedLimits, limits)
    })
    const chargeOf = (n: number, user = "ana") => ({
      correlationId: CorrelationId.make(`c${n}`),
      cause: EventIdentity.make(`${user}-${n}`),
      user: UserKey.make(user),
      limits: { max_per_user_per_minute: Option.some(3), max_per_user_per_hour: Option.some(10) }
    })

    it.live("allow so many of a person together, charge a cause once, and take back", () =>
      Effect.gen(function*() {
        const { kill, url } = yield* serverWith(binary)
        const active = durableSettings(url)
        const both = [yield* replica(active), yield* replica(active)]
        const results = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => n),
          (n) => both[n % 2]?.charge(chargeOf(n)) ?? Effect.die("no replica"),
          { concurrency: "unbounded" }
        )
        const allowed = results.flatMap((refusal, n) => refusal === undefined ? [n] : [])
        console.log(`${suite}: ${allowed.length} of 20 racing charges allowed, the limit is 3`)
        assert.lengthOf(allowed, 3)
        assert.deepStrictEqual(results.find((refusal) => refusal !== undefined), {
          limit: "user_per_minute",
          maximum: 3
        })
        const [first = 0] = allowed
        const owner = both[first % 2]
        assert.isUndefined(yield* (owner?.charge(chargeOf(first)) ?? Effect.undefined))
        yield* (owner?.giveBack(chargeOf(first).cause) ?? Effect.void)
        assert.isUndefined(yield* (both[0]?.charge(chargeOf(50)) ?? Effect.undefined))
        assert.isDefined(yield* (both[1]?.charge(chargeOf(51)) ?? Effect.undefined))
        assert.isUndefined(yield* (both[1]?.charge(chargeOf(1, "böb. *>")) ?? Effect.undefined))
        yield* kill
        assert.deepStrictEqual(yield* (both[0]?.charge(chargeOf(60, "cleo")) ?? Effect.undefined), {
          limit: "limit_unknown",
          maximum: 0
        })
      }).pipe(Effect.provide(quiet), Effect.scoped))
  })
}
