import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import * as NatsConnection from "../../../src/layers/nats/NatsConnection.ts"
import { intakeOf, outletOf } from "../../../src/layers/Transport.ts"
import { BotConfig } from "../../../src/services/BotConfig.ts"
import { BridgeSightings } from "../../../src/services/bridge/BridgeSightings.ts"
import { Intake } from "../../../src/services/Intake.ts"
import { ChannelStates } from "../../../src/services/state/ChannelStates.ts"
import { heardCommands, settingsOf, speaker, startBot } from "../../support/DurableBot.ts"
import { eventually } from "../../support/eventually.ts"
import { clientOf, managerOf, provisioned, serverWith } from "../../support/JetStreamWorld.ts"
import { answerTo, LlmDouble, promptOf } from "../../support/LlmDouble.ts"
import { natsServerBinaries } from "../../support/natsServerBinary.ts"

const world = Effect.fnUntraced(function*(protocol: Protocol, binary: string | undefined) {
  const { restart, kill, url } = yield* serverWith(binary)
  const llm = Context.get(yield* Layer.build(LlmDouble.layer), LlmDouble)
  const client = yield* clientOf(url)
  const heard = yield* heardCommands(client)
  return {
    kill,
    restart,
    client,
    heard,
    llm,
    manager: yield* managerOf(client),
    room: speaker(client, protocol),
    settings: settingsOf(protocol, url, llm.url)
  }
})

const quiet = Logger.layer([])

/** The servers, oldest first, for one protocol each. */
const servers = natsServerBinaries()

Protocol.literals.forEach((protocol, index) => {
  const [suite, binary] = servers[index % servers.length] ?? ["bookworm", undefined]

  describe(`durable intake, ${protocol} on ${suite}'s nats-server`, () => {
    it.live("what was said while the bot was away: 1,000 lines, none lost, none answered late", () =>
      Effect.gen(function*() {
        const { client, heard, llm, manager, room, settings } = yield* world(protocol, binary)
        yield* Effect.gen(function*() {
          const { decisions } = yield* startBot(settings)
          room.say("Ana", "before the stop")
          room.say("Ana", "KrytenBot, are you there?")
          yield* eventually("the first reply", Effect.succeed(decisions), ({ length }) => length >= 2)
        }).pipe(Effect.scoped)
        assert.lengthOf(heard, 1)

        for (let line = 0; line < 990; line++) room.say("Bob", `line ${line}`)
        for (let late = 0; late < 5; late++) room.say("Cleo", `KrytenBot, late ${late}`, 300_000 + late)
        for (let fresh = 0; fresh < 5; fresh++) room.say("Dan", `KrytenBot, fresh ${fresh}`)
        yield* Effect.promise(() => client.flush())

        const { decisions } = yield* startBot(settings)
        yield* eventually("1,000 decisions", Effect.succeed(decisions), ({ length }) => length >= 1_000)
        yield* eventually("six commands", Effect.succeed(heard), ({ length }) => length >= 6)
        const { num_ack_pending, num_pending } = yield* eventually(
          "nothing under way",
          Effect.promise(async () => {
            for await (const consumer of manager.consumers.list("b_IN")) return consumer
            throw new Error("no consumer")
          }),
          (consumer) => consumer.num_ack_pending === 0 && consumer.num_pending === 0
        )
        const lines = new Set(decisions.map(({ content }) => content?.line))
        const lost = Array.from({ length: 990 }, (_, line) => `line ${line}`).filter((line) => !lines.has(line))
        const answered = decisions.filter(({ outcome }) => outcome?._tag === "Replied").map(({ content }) =>
          content?.line
        )
        const late = answered.filter((line) => line?.includes("late"))
        console.log(
          `${protocol} on ${suite}: ${decisions.length} of 1000 lines decided, ${lost.length} lost, ` +
            `${late.length} answered late, ${heard.length - 1} of 5 fresh ones answered, ${
              num_pending + num_ack_pending
            } left`
        )
        assert.deepStrictEqual({ lost, late }, { lost: [], late: [] })
        assert.lengthOf(decisions, 1_000)
        assert.sameMembers(
          heard.map(({ body }) => body.includes("fresh")),
          [false, true, true, true, true, true]
        )
        const skips = decisions.flatMap(({ outcome }) => outcome?._tag === "Skipped" ? [outcome.reason] : [])
        assert.lengthOf(skips.filter((reason) => reason === "stale" || reason === "before_start"), 5)
        const prompt = promptOf((yield* llm.calls).at(-1) ?? { method: "", path: "", authorization: "", body: "" })
        assert.include(prompt, "line 989")
      }).pipe(Effect.provide(quiet), Effect.scoped))

    it.live("what was said before the stop is context after it", () =>
      Effect.gen(function*() {
        const { heard, llm, room, settings } = yield* world(protocol, binary)
        yield* Effect.gen(function*() {
          const { decisions } = yield* startBot(settings)
          room.say("Ana", "my cat is called Minka")
          room.say("Ana", "KrytenBot, remember that")
          yield* eventually("two decisions", Effect.succeed(decisions), ({ length }) => length >= 2)
        }).pipe(Effect.scoped)
        const { decisions } = yield* startBot(settings)
        room.say("Ana", "KrytenBot, what is my cat called?")
        yield* eventually("the reply", Effect.succeed(heard), ({ length }) => length >= 2)
        assert.include(
          promptOf((yield* llm.calls).at(-1) ?? { method: "", path: "", authorization: "", body: "" }),
          "Minka"
        )
        assert.lengthOf(decisions.filter(({ outcome }) => outcome?._tag === "Replied"), 1)
        assert.include(heard[1]?.body ?? "", answerTo("KrytenBot, what is my cat called?").slice(0, 20))
      }).pipe(Effect.provide(quiet), Effect.scoped))

    it.live("what the streams have kept is decided, also where nobody has opened its partition before", () =>
      Effect.gen(function*() {
        const { heard, manager, room, settings } = yield* world(protocol, binary)
        yield* Effect.scoped(provisioned(settings))
        room.say("Ana", "KrytenBot, is anybody there?")
        const kept = Effect.promise(() => manager.streams.info("b_IN"))
        yield* eventually("the line in the stream", kept, ({ state }) => state.messages === 1)
        yield* startBot(settings)
        yield* eventually("the reply", Effect.succeed(heard), ({ length }) => length === 1)
      }).pipe(Effect.provide(quiet), Effect.scoped))

    it.live("garbage in the stream is counted and stands in nobody's way", () =>
      Effect.gen(function*() {
        const { heard, manager, room, settings } = yield* world(protocol, binary)
        yield* startBot(settings)
        for (const body of ["", "{", "null", "[]", "\u0000", "{\"user\":7}", "x".repeat(100_000)]) {
          room.raw("chatMsg", body)
        }
        room.say("Ana", "KrytenBot, still there?")
        yield* eventually(
          "the reply",
          Effect.succeed(heard),
          ({ length }) => length >= 1
        )
        yield* eventually(
          "nothing under way",
          Effect.promise(async () => {
            for await (const consumer of manager.consumers.list("b_IN")) return consumer
            throw new Error("no consumer")
          }),
          (consumer) => consumer.num_ack_pending === 0 && consumer.num_pending === 0
        )
      }).pipe(Effect.provide(quiet), Effect.scoped))

    it.live("streams that are wiped under it are made again, and the room goes on", () =>
      Effect.gen(function*() {
        const { heard, manager, room, settings } = yield* world(protocol, binary)
        yield* startBot(settings)
        room.say("Ana", "KrytenBot, one")
        yield* eventually("the first reply", Effect.succeed(heard), ({ length }) => length >= 1)
        for (const name of ["b_IN"]) yield* Effect.promise(() => manager.streams.delete(name))
        yield* eventually(
          "the stream again",
          Effect.promise(() => manager.streams.info("b_IN").then(({ state }) => state.consumer_count, () => 0)),
          (count) => count === 1
        )
        room.say("Ana", "KrytenBot, two")
        yield* eventually("the second reply", Effect.succeed(heard), ({ length }) => length >= 2)
      }).pipe(Effect.provide(quiet), Effect.scoped))

    it.live("a channel that is closed takes nothing any more: its events go to whoever opens it next", () =>
      Effect.gen(function*() {
        const { client, room, settings } = yield* world(protocol, binary)
        const [channel = assert.fail("no channel")] = settings.channels.values()
        /** Opens the channel in a process of its own; the lines that come, and whether each was delivered before. */
        const listen = Effect.fnUntraced(function*() {
          const services = yield* Layer.build(
            intakeOf(settings.settings.nats).pipe(
              Layer.provide(outletOf(settings.settings.nats)),
              Layer.provide(Layer.merge(NatsConnection.layer(settings.settings.nats), BridgeSightings.layerNoDeps)),
              Layer.provide(Layer.merge(BotConfig.layerFixed(settings.settings), ChannelStates.layer))
            )
          )
          const taken: Array<readonly [text: string, earlier: string | undefined]> = []
          const opened = yield* Scope.fork(yield* Effect.scope)
          yield* Scope.provide(
            Context.get(services, Intake).open(channel, ({ ack, arrival: { earlier, event } }) => {
              if (event._tag === "ChatMsg" && earlier !== "handled") taken.push([event.text, earlier])
              ack()
            }),
            opened
          )
          return { taken, close: Scope.close(opened, Exit.void) }
        })
        const former = yield* listen()
        room.say("Ana", "one")
        yield* eventually("the first line", Effect.succeed(former.taken), ({ length }) => length === 1)
        yield* former.close
        room.say("Ana", "two")
        yield* Effect.promise(() => client.flush())
        const next = yield* listen()
        yield* eventually("the line said meanwhile", Effect.succeed(next.taken), ({ length }) => length === 1)
        assert.deepStrictEqual([former.taken, next.taken], [[["one", undefined]], [["two", undefined]]])
      }).pipe(Effect.provide(quiet), Effect.scoped))
  })
})
