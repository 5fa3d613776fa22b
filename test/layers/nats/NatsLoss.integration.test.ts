import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger, Metric } from "effect"
import { stringify } from "yaml"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { channelKey, ChannelName } from "../../../src/domain/Ids.ts"
import { DecisionLog } from "../../../src/services/decision/DecisionLog.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { Bus, type BusMessage } from "../../support/Bus.ts"
import { TcpProxy } from "../../support/TcpProxy.ts"
import { answerTo, askedLine, completionOf, LlmDouble } from "../../support/LlmDouble.ts"
import { eventually } from "../../support/eventually.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { botWith } from "../../support/RunningBot.ts"
import { unlimited } from "../../support/unlimited.ts"

// nats-server is killed with SIGKILL while replies are under way. NATS_DOWN_SECONDS=10 is the long form.
const downSeconds = Number(process.env["NATS_DOWN_SECONDS"] ?? 4)

const patient = Array.from({ length: 12 }, (_, index) => ChannelName.make(`patient${index}`))
/** Their replies are too late before the server is back. */
const hasty = Array.from({ length: 3 }, (_, index) => ChannelName.make(`hasty${index}`))

const settingsText = (nats: string, llm: string): string =>
  stringify({
    nats: { servers: [nats] },
    channels: [
      ...patient.map((name) => ({ name })),
      ...hasty.map((name) => ({ name, response_processing: { reply_deadline_seconds: downSeconds - 1 } }))
    ],
    bot: { username: "MovieBot" },
    llm_api: { base_url: llm, api_key: "none", model: "double" },
    triggers: [{ type: "mention" }],
    rate_limits: unlimited
  })

const bot = Layer.unwrap(Effect.gen(function*() {
  const { url: nats } = yield* TcpProxy
  const { url: llm } = yield* LlmDouble
  return botWith(settingsText(nats, llm))
}))

const world = bot.pipe(
  Layer.provideMerge(Layer.mergeAll(Bus.layer, LlmDouble.layer, TcpProxy.layer)),
  Layer.provideMerge(NatsServer.layer),
  Layer.provideMerge(Logger.layer([]))
)

// ---- traffic: a line says how long the model thinks about it, and its id is in it ----

/** A line that calls the bot. */
interface Call {
  readonly id: string
  readonly channel: ChannelName
  readonly thinksMs: number
}

const call = (channel: ChannelName, what: string, thinksMs: number): Call => ({
  id: `${what}-${channel}`,
  channel,
  thinksMs
})

const say = Effect.fnUntraced(function*({ channel, id, thinksMs }: Call) {
  const payload = { user: { name: "Ana", rank: 1 }, msg: `MovieBot ${id} ${thinksMs}`, meta: {}, time: Date.now() }
  yield* Bus.use((bus) =>
    bus.send(`cytube.events.${channel}.chatMsg`, JSON.stringify(payload), { "Correlation-Id": id })
  )
})
const sayAll = (calls: ReadonlyArray<Call>) => Effect.forEach(calls, say, { discard: true })

const everywhere = [...patient, ...hasty]
const before = everywhere.map((channel) => call(channel, "before", 0))
/** Ready about when the server dies, two a channel, one channel a millisecond. */
const atTheKill = patient.flatMap((channel, index) => ["edge", "brink"].map((what) => call(channel, what, 500 + index)))
/** Ready while it is down. */
const during = patient.flatMap((channel) => [1_800, 2_000, 2_400].map((ms) => call(channel, `during${ms}`, ms)))
const tooLate = hasty.flatMap((channel) => [1_800, 2_000].map((ms) => call(channel, `late${ms}`, ms)))
const after = everywhere.map((channel) => call(channel, "after", 0))

const slowly = Effect.fnUntraced(function*(onEdge: () => void) {
  yield* LlmDouble.use((llm) =>
    llm.behave({
      delayMs: (asked) => Number(askedLine(asked).match(/\d+$/)?.[0] ?? 0),
      body: (asked) => {
        const line = askedLine(asked)
        // In the middle of them, so that some have just left and some are about to.
        if (line.includes("edge-patient5 ")) onEdge()
        return completionOf(answerTo(line))
      }
    })
  )
})

// ---- what came of it ----

const records = DecisionLog.use(({ recent }) => Effect.forEach(everywhere, (name) => recent(channelKey(name)))).pipe(
  Effect.map((all) => new Map(all.flat().map((record) => [`${record.correlationId}`, record])))
)
type Records = ReadonlyMap<string, DecisionRecord>

const closed = (calls: ReadonlyArray<Call>) =>
  eventually("decisions are closed", records, (all) => calls.every(({ id }) => all.get(id)?.outcome !== undefined))

const outcomeOf = (all: Records, { id }: Call): string => {
  const outcome = all.get(id)?.outcome
  return outcome === undefined ? "none" : outcome._tag === "Skipped" ? outcome.reason : outcome._tag
}

const counted = (outcomes: ReadonlyArray<string>): Readonly<Record<string, number>> =>
  Object.fromEntries([...new Set(outcomes)].map((one) => [one, outcomes.filter((other) => other === one).length]))

const waitedForNats = (all: Records, { id }: Call): boolean =>
  all.get(id)?.steps.some((step) => step._tag === "Waited" && step.for === "connection") === true

const arrivedTimes = (commands: ReadonlyArray<BusMessage>, { id }: Call): number =>
  commands.filter(({ headers }) => headers["Correlation-Id"] === id).length

const dropped = Effect.map(
  Metric.snapshot,
  (all) =>
    Object.fromEntries(all.flatMap((metric) =>
      metric.type === "Counter" && metric.id === "outbox_dropped_total"
        ? [[metric.attributes?.["reason"] ?? "", Number(metric.state.count)] as const]
        : []
    ))
)

/** Those at the edge: each arrived at most once, whatever it was told; who waited for the return arrived. */
const checkEdge = (all: Records, commands: ReadonlyArray<BusMessage>): void => {
  const between = atTheKill.filter((one) => outcomeOf(all, one) === "Failed")
  for (const one of between) assert.deepInclude(all.get(one.id)?.outcome, { _tag: "Failed", error: "NatsUnconfirmed" })
  for (const channel of patient) assert.isAtMost(between.filter((one) => one.channel === channel).length, 1, channel)
  for (const one of atTheKill) {
    assert.isAtMost(arrivedTimes(commands, one), 1, one.id)
    if (waitedForNats(all, one)) assert.strictEqual(arrivedTimes(commands, one), 1, one.id)
  }
  const waited = atTheKill.filter((one) => waitedForNats(all, one)).length
  console.log(
    `kill -9 for ${downSeconds} s, ${atTheKill.length} replies ready at the kill in ${patient.length} channels: ` +
      `${
        atTheKill.length - waited - between.length
      } sent before, ${between.length} between publish and flush, at most one a channel ` +
      `(${
        between.filter((one) => arrivedTimes(commands, one) === 1).length
      } of them arrived), ${waited} sent after the return`
  )
}

const arrivedOnce = (commands: ReadonlyArray<BusMessage>, calls: ReadonlyArray<Call>): void =>
  assert.deepStrictEqual(calls.filter((one) => arrivedTimes(commands, one) !== 1).map(({ id }) => id), [])

describe("nats-server killed with SIGKILL while replies are under way", () => {
  it.live(
    "no reply is doubled, what is in time arrives after the return, what is late is dropped and counted",
    () =>
      Effect.gen(function*() {
        const server = yield* NatsServer
        const door = yield* TcpProxy
        const nats = yield* Nats
        const edge = yield* Deferred.make<void>()
        yield* slowly(() => Deferred.doneUnsafe(edge, Effect.void))

        yield* sayAll(before)
        yield* closed(before)
        yield* sayAll([...during, ...tooLate, ...atTheKill])
        yield* Deferred.await(edge)
        yield* server.kill
        yield* door.shut
        const down = yield* Effect.forkChild(Effect.sleep(`${downSeconds} seconds`), { startImmediately: true })
        yield* eventually("the loss is noticed", nats.connected, (connected) => !connected)
        yield* closed(tooLate)
        const meanwhile = yield* records
        assert.deepStrictEqual(counted(during.map((one) => outcomeOf(meanwhile, one))), { none: during.length })
        yield* Fiber.join(down)
        yield* server.restart
        // The bridge listens again before the bot is back: what is published to nobody is lost (F8).
        yield* Bus.use((bus) => bus.commands)
        yield* door.open
        yield* closed([...during, ...atTheKill])
        yield* sayAll(after)
        yield* closed(after)

        const all = yield* records
        const commands = yield* Bus.use((bus) => bus.commands)
        const inTime = [...before, ...during, ...after]
        assert.deepStrictEqual(counted(inTime.map((one) => outcomeOf(all, one))), { Replied: inTime.length })
        arrivedOnce(commands, inTime)
        assert.deepStrictEqual(counted(tooLate.map((one) => outcomeOf(all, one))), { deadline: tooLate.length })
        assert.deepStrictEqual(tooLate.map((one) => arrivedTimes(commands, one)).filter((times) => times > 0), [])
        assert.deepStrictEqual(yield* dropped, { deadline: tooLate.length })
        const ids = commands.map(({ headers }) => headers["Nats-Msg-Id"])
        assert.strictEqual(new Set(ids).size, ids.length, "a reply was doubled")
        checkEdge(all, commands)
      }).pipe(Effect.provide(world), Effect.provideService(Metric.MetricRegistry, new Map()), Effect.scoped),
    {
      timeout: 40_000 + downSeconds * 1_000
    }
  )
})
