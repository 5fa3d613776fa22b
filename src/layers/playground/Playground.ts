import process from "node:process"
import { Context, type Duration, Effect, Layer, Option, Result, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { activate } from "../domain/ChannelSettings.ts"
import { Username } from "../domain/Ids.ts"
import type { Settings } from "../domain/settings/Settings.ts"
import { parseSettings } from "../domain/settings/SettingsFile.ts"
import { BotConfig } from "../services/BotConfig.ts"
import { DecisionLog } from "../services/DecisionLog.ts"
import * as ConfigFile from "./ConfigFile.ts"
import * as LlmOpenAi from "./LlmOpenAi.ts"
import * as LlmScripted from "./LlmScripted.ts"
import * as Logging from "./Logging.ts"
import { bot } from "./Main.ts"
import * as NatsMemory from "./NatsMemory.ts"
import { packageFile } from "./Package.ts"
import { findModel } from "./PlaygroundModel.ts"
import { PlaygroundRoom } from "./PlaygroundRoom.ts"
import * as PlaygroundServer from "./PlaygroundServer.ts"
import { isNews, lineText, recordText } from "./PlaygroundTerminal.ts"

/** How many ports after the wanted one are tried. */
const portsTried = 20

interface Setup {
  readonly settings: Settings
  readonly model: string
  readonly real: boolean
}

// The bus within the program has the words of the seed's protocol, whatever the real bridge speaks.
const inMemory = (settings: Settings): Settings => ({ ...settings, nats: { ...settings.nats, protocol: "cytube" } })

const setupOf = Effect.fnUntraced(function*(config: Option.Option<string>) {
  if (Option.isSome(config)) {
    const { settings } = yield* ConfigFile.load(config.value)
    return { settings: inMemory(settings), model: settings.llm_api.model, real: true } satisfies Setup
  }
  const file = "playground/playground.yaml"
  const { environment, model, real } = yield* findModel
  const parsed = parseSettings(packageFile(file), environment)
  if (Result.isFailure(parsed)) {
    const problems = parsed.failure.map((problem) => ConfigFile.problemText(file, problem))
    return yield* new ConfigFile.ConfigError({ file, problems })
  }
  return { settings: parsed.success.settings, model, real } satisfies Setup
})

/** The page on the wanted port, or on the next free one. */
const page = (model: string, port: number, wanted = port): ReturnType<typeof startPage> =>
  startPage(model, port).pipe(
    Effect.catchTag("ServeError", (error) =>
      port === 0 || port - wanted >= portsTried ? Effect.fail(error) : page(model, port + 1, wanted))
  )

const startPage = (model: string, port: number) =>
  Effect.as(Layer.build(Layer.fresh(PlaygroundServer.layer(model, port))), port)

const print = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stdout.write(`${text}\n`))

/** A short conversation that shows the main job: what is answered, what is not, and why. */
const conversation = Effect.gen(function*() {
  const room = yield* PlaygroundRoom
  const { bot: { username: name }, room: { name: channel } } = room.channel
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

/** `llm-bot playground`: everything embedded, a page with a room, and a conversation in the terminal. */
export const playground = Effect.fnUntraced(function*(config: Option.Option<string>, port: number) {
  const { model, real, settings } = yield* setupOf(config)
  const [channel] = activate(settings).channels.values()
  if (channel === undefined) return
  const world = Layer.mergeAll(NatsMemory.layer, real ? LlmOpenAi.layer : LlmScripted.layer).pipe(
    Layer.provideMerge(BotConfig.layerFixed(settings))
  )
  const services = yield* Layer.build(
    Layer.mergeAll(bot, PlaygroundRoom.layer(channel)).pipe(
      Layer.provideMerge(world),
      Layer.provide(SecureRandom.layerWebCrypto),
      Layer.provide(Logging.layer({ log_level: "ERROR", log_format: "pretty" }))
    )
  )
  const open = yield* Effect.provideContext(page(model, port), services)
  yield* print(`llm-bot playground: room "${channel.room.name}", bot ${channel.bot.username}, model: ${model}`)
  if (open !== port) yield* print(`Port ${port} is taken.`)
  yield* print(`Talk to it at http://127.0.0.1:${open}/ (Ctrl-C ends it). A short conversation first:\n`)

  const room = Context.get(services, PlaygroundRoom)
  const decisions = Context.get(services, DecisionLog)
  yield* Effect.forkScoped(Stream.runForEach(room.lines, (line) => print(lineText(line))))
  yield* Effect.forkScoped(Stream.runForEach(Stream.filter(decisions.changes, isNews), (record) => print(recordText(record))))
  yield* Effect.provideContext(conversation, services)
  return yield* Effect.never
}, Effect.tapError(({ message }) => Effect.sync(() => void process.stderr.write(`${message}\n`))), Effect.scoped)
