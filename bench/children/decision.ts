import { Session } from "node:inspector/promises"
import process from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Context, Effect, Layer, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import { stringify } from "yaml"
import { parseSettings } from "../../src/domain/settings/SettingsFile.ts"
import type { WireMessage } from "../../src/domain/wire/Wire.ts"
import { layerOf } from "../../src/layers/llm/LlmScripted.ts"
import { botOn, byTheClock } from "../../src/layers/Main.ts"
import * as IntakeCore from "../../src/layers/nats/IntakeCore.ts"
import * as NatsMemory from "../../src/layers/nats/NatsMemory.ts"
import * as Logging from "../../src/layers/telemetry/Logging.ts"
import { BotConfig } from "../../src/services/BotConfig.ts"
import { ChannelStates } from "../../src/services/state/ChannelStates.ts"
import { Intake, type IntakeHandler, type IntakeMessage } from "../../src/services/Intake.ts"
import { Ownership } from "../../src/services/ownership/Ownership.ts"
import { Nats } from "../../src/services/Nats.ts"
import { answering } from "./answering.ts"
import { floorChannel } from "./floor.ts"
import { heldByPart } from "./heldByPart.ts"
import { shares } from "./profileShares.ts"
import { StateStore } from "../../src/services/state/StateStore.ts"

// The bot without a bus, in this process: bytes are handed to its subscriptions, and no line is answered.

interface Work {
  /**
   * What is measured: all of it, or one half. The baselines are `parse`, the bytes to a value, and `floor`, the least that
   * does what `receive` does.
   */
  readonly part: "receive" | "decode" | "decide" | "parse" | "floor" | "profile" | "memory"
  readonly count: number
}

const { channels, sections, users } = JSON.parse(process.argv[2] ?? "{}")
const { settings } = Result.getOrThrow(parseSettings(
  stringify({
    nats: { servers: ["nats://127.0.0.1:4222"] },
    channels: Array.from({ length: channels }, (_, index) => ({ name: `ch${index}` })),
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "none" },
    ...sections
  }),
  {}
))

const handlers = new Map<string, (message: WireMessage) => void>()
/** Decoded messages that wait to be decided; none while all goes its way. */
let decoded: Array<() => void> | undefined
let decided = 0

const nats = Layer.effect(
  Nats,
  Effect.map(Nats, (memory) =>
    Nats.of({
      ...memory,
      // One handler a channel takes every subject of it.
      subscribe: (subject, handler) => Effect.sync(() => void handlers.set(subject, handler))
    }))
).pipe(Layer.provide(NatsMemory.layer))

const decide = (handle: IntakeHandler, message: IntakeMessage): void => {
  handle(message)
  decided++
}

const intake = Layer.effect(
  Intake,
  Effect.map(Intake, ({ open }) =>
    Intake.of({
      take: () => undefined,
      sent: () => Effect.succeed([]),
      open: (channel, handle) =>
        open(channel, (message: IntakeMessage) =>
          decoded === undefined ? decide(handle, message) : void decoded.push(() =>
            decide(handle, message)
          ))
    }))
).pipe(Layer.provide(IntakeCore.layer))

const utf8 = new TextEncoder()
const text = new TextDecoder()
const headers = new Map<string, string>()
let number = 0

/** A message, and who listens to it: a client finds that by a number, not by the subject. */
interface Received {
  readonly channel: number
  readonly message: WireMessage
  readonly handle: (message: WireMessage) => void
}

const nextMessage = (): Received => {
  number++
  const channel = number % channels
  const user = { name: `viewer${number * 7 % users}`, rank: 1 }
  const line = { user, msg: `some words about the film, this is the line ${number}`, meta: {}, time: Date.now() }
  const subjects = `cytube.events.ch${channel}`
  const handle = handlers.get(`${subjects}.*`)
  if (handle === undefined) throw new Error(`nobody listens to ${subjects}`)
  const message = { subject: `${subjects}.chatMsg`, headers, body: utf8.encode(JSON.stringify(line)) }
  return { channel, message, handle }
}

const receive = ({ handle, message }: Received): void => handle(message)

const floors = Array.from({ length: channels }, floorChannel)
const floor = ({ channel, message }: Received): void => floors[channel]?.(message)

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Runs all, so few in one turn of the loop that the bot never puts any off; the CPU of it in µs each. */
const timed = async <A>(items: ReadonlyArray<A>, act: (item: A) => void): Promise<number> => {
  globalThis.gc?.()
  const began = process.cpuUsage()
  for (let index = 0; index < items.length; index += 50) {
    for (const item of items.slice(index, index + 50)) act(item)
    await turn()
  }
  const { system, user } = process.cpuUsage(began)
  return (user + system) / items.length
}

const run = async ({ count, part }: Work, states: Context.Service.Shape<typeof ChannelStates>): Promise<unknown> => {
  const messages = Array.from({ length: count }, nextMessage)
  switch (part) {
    case "receive":
      return timed(messages, receive)
    case "parse":
      return timed(messages, ({ message: { body } }) => void JSON.parse(text.decode(body)))
    case "floor":
      return timed(messages, floor)
    case "decode":
      decoded = []
      return timed(messages, receive).finally(() => (decoded = undefined))
    case "decide": {
      const ready: Array<() => void> = []
      decoded = ready
      await timed(messages, receive)
      decoded = undefined
      return timed(ready, (decide) => decide())
    }
    case "profile": {
      const session = new Session()
      session.connect()
      await session.post("Profiler.enable")
      await session.post("Profiler.setSamplingInterval", { interval: 200 })
      await session.post("Profiler.start")
      await timed(messages, receive)
      const { profile } = await session.post("Profiler.stop")
      session.disconnect()
      return shares(profile)
    }
    case "memory": {
      const all = decided + count
      const isBehind = (): boolean => decided < all
      await timed(messages, receive)
      // Where the machine has other work too, some were put off: nothing may come once the parts are let go of.
      while (isBehind()) await turn()
      return heldByPart(states.all())
    }
  }
}

const isWork = (question: unknown): question is Work => typeof question === "object" && question !== null

const program = Effect.gen(function*() {
  const states = yield* ChannelStates
  answering((question) => isWork(question) ? run(question, states) : undefined)
  return yield* Effect.never
}).pipe(Effect.provide(
  botOn(intake).pipe(
    Layer.provideMerge(ChannelStates.layer),
    Layer.provide(Layer.mergeAll(byTheClock, Ownership.alone())),
    Layer.provide(Layer.mergeAll(
      nats,
      layerOf(() => ({ afterMs: 0, says: Result.succeed("") })),
      BotConfig.layerFixed(settings),
      Logging.layerFollowing(() => settings),
      SecureRandom.layerWebCrypto,
      StateStore.layerNone
    ))
  )
))

NodeRuntime.runMain(program)
