import process from "node:process"
import { Context, type Duration, Effect, Layer, Option, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { Username } from "../../domain/Ids.ts"
import { DecisionLog } from "../../services/decision/DecisionLog.ts"
import { LlmClient } from "../../services/LlmClient.ts"
import * as ConfigFile from "../config/ConfigFile.ts"
import { AdjustableClock } from "../time/AdjustableClock.ts"
import * as LlmOpenAi from "../llm/LlmOpenAi.ts"
import * as LlmScripted from "../llm/LlmScripted.ts"
import * as Logging from "../telemetry/Logging.ts"
import { bot } from "../Main.ts"
import * as NatsMemory from "../nats/NatsMemory.ts"
import { packageFile } from "../process/Package.ts"
import { print, printError } from "../process/Print.ts"
import { PlaygroundChatter } from "./PlaygroundChatter.ts"
import { findModel } from "./PlaygroundModel.ts"
import { PlaygroundRoom } from "./PlaygroundRoom.ts"
import * as PlaygroundServer from "./PlaygroundServer.ts"
import { type PlaygroundFile, PlaygroundSettings } from "./PlaygroundSettings.ts"
import { isNews, lineText, recordText } from "./PlaygroundTerminal.ts"
import { StateStore } from "../../services/state/StateStore.ts"

/** How many ports after the wanted one are tried. */
const portsTried = 20

interface Setup extends PlaygroundFile {
  /** Whether a real model answers, not the built-in script. */
  readonly real: boolean
}

type Found = Effect.fn.Return<Setup, ConfigFile.ConfigError>

const setupOf = Effect.fnUntraced(function*(config: Option.Option<string>): Found {
  if (Option.isSome(config)) {
    const file = config.value
    return { file, text: yield* ConfigFile.textOf(file), environment: process.env, real: true }
  }
  const file = "playground/playground.yaml"
  return { file, text: packageFile(file), ...yield* findModel }
})

/** The page on the wanted port, or on the next free one. */
const page = (real: boolean, port: number, wanted = port): ReturnType<typeof startPage> =>
  startPage(real, port).pipe(
    Effect.catchTag("ServeError", (error) =>
      port === 0 || port - wanted >= portsTried ? Effect.fail(error) : page(real, port + 1, wanted))
  )

const startPage = (real: boolean, port: number) =>
  Effect.as(Layer.build(Layer.fresh(PlaygroundServer.layer(real, port))), port)

/** A short conversation that shows what is answered, what is not, and why. */
const conversation = Effect.gen(function*() {
  const room = yield* PlaygroundRoom
  const { bot: { username: name }, room: { name: channel } } = yield* (yield* PlaygroundSettings).channel
  const say = (after: Duration.Input, who: string, message: string, isPrivate = false) =>
    Effect.sleep(after).pipe(
      Effect.andThen(room.say({ channel, username: Username.make(who), message, private: isPrivate })),
      Effect.ignore
    )
  yield* say("300 millis", "Ana", "hi all, what are we watching?")
  yield* say("700 millis", "Ben", `@${name} what do you make of this scene?`)
  yield* say("2 seconds", "Ana", `and what does ${name} think of the music?`)
  yield* say("5 seconds", "Ben", "between us: did you like it?", true)
})

// Time jumps do not make the bot poll the model's server more often.
const realModel = Layer.effect(
  LlmClient,
  Effect.gen(function*() {
    const { outside, unmoved } = yield* AdjustableClock
    const model = Context.get(yield* unmoved(Layer.build(LlmOpenAi.layer)), LlmClient)
    // An evaluation that falls due during a jump still gets its answer.
    return LlmClient.of({ ...model, complete: (request) => outside(model.complete(request)) })
  })
)

/** The room, the bot and the simulated viewers. */
const world = (setup: Setup) =>
  Layer.mergeAll(bot, PlaygroundChatter.layer.pipe(Layer.provideMerge(PlaygroundRoom.layer))).pipe(
    Layer.provideMerge(Layer.mergeAll(NatsMemory.layer, setup.real ? realModel : LlmScripted.layer)),
    Layer.provideMerge(PlaygroundSettings.layer(setup)),
    Layer.provide(Layer.merge(SecureRandom.layerWebCrypto, StateStore.layerNone)),
    Layer.provide(Logging.layer({ log_level: "ERROR", log_format: "pretty" }))
  )

/** `llm-bot playground`: everything embedded, a page with a room, and a conversation in the terminal. */
export const playground = Effect.fnUntraced(
  function*(config: Option.Option<string>, port: number) {
    const setup = yield* setupOf(config)
    const services = yield* Layer.build(world(setup))
    const { bot, model, room } = yield* Context.get(services, PlaygroundSettings).channel
    const open = yield* Effect.provideContext(page(setup.real, port), services)
    yield* print(`llm-bot playground: room "${room.name}", bot ${bot.username}, model: ${model}`)
    if (open !== port) yield* print(`Port ${port} is taken.`)
    yield* print(`Talk to it at http://127.0.0.1:${open}/ (Ctrl-C ends it). A short conversation first:\n`)

    const { lines } = Context.get(services, PlaygroundRoom)
    const { changes } = Context.get(services, DecisionLog)
    yield* Effect.forkScoped(Stream.runForEach(lines, (line) => print(lineText(line))))
    yield* Effect.forkScoped(Stream.runForEach(Stream.filter(changes, isNews), (record) => print(recordText(record))))
    yield* Effect.provideContext(conversation, services)
    return yield* Effect.never
  },
  Effect.tapError(({ message }) => printError(message)),
  Effect.scoped,
  // Everything in the room uses the room's clock.
  Effect.provide(AdjustableClock.layer)
)
