import { Clock, Context, Effect, Layer, Option, Result, Schema, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DecisionRecord } from "../../src/domain/decision/Decision.ts"
import { parseSettings } from "../../src/domain/settings/SettingsFile.ts"
import type { Settings } from "../../src/domain/settings/Settings.ts"
import type { WireMessage } from "../../src/domain/wire/Wire.ts"
import { layerOf, type ScriptedAnswer } from "../../src/layers/llm/LlmScripted.ts"
import { bot } from "../../src/layers/Main.ts"
import * as NatsMemory from "../../src/layers/nats/NatsMemory.ts"
import { BotConfig } from "../../src/services/BotConfig.ts"
import type { BridgeWatch } from "../../src/services/bridge/BridgeWatch.ts"
import { DecisionLog } from "../../src/services/decision/DecisionLog.ts"
import type { Health } from "../../src/services/Health.ts"
import type { LlmRequest } from "../../src/services/LlmClient.ts"
import { Nats } from "../../src/services/Nats.ts"
import { FlakyNats } from "./FlakyNats.ts"
import { epoch, VirtualTime } from "./VirtualTime.ts"
import { StateStore } from "../../src/services/state/StateStore.ts"

/** Settings from YAML text; a mistake in a test's YAML ends the test. */
export const settingsOf = (yaml: string): Settings =>
  Result.getOrThrowWith(parseSettings(yaml, {}), (problems) => new Error(JSON.stringify(problems)))
    .settings

/** A command the bot sent, and when. */
export interface SentCommand {
  /** ms since the simulation began. */
  readonly at: number
  readonly channel: string
  readonly to: string | undefined
  readonly message: string
  readonly headers: ReadonlyMap<string, string>
}

const Line = Schema.Struct({ message: Schema.String, to: Schema.optionalKey(Schema.String) })
const Body = Schema.fromJsonString(Schema.Union([
  Schema.Struct({ data: Line }),
  Schema.Struct({ args: Line, meta: Schema.Struct({ channel: Schema.String }) })
]))

/** The whole bot on a bus in memory, with simulated time and a scripted model. */
export class Simulation extends Context.Service<Simulation, {
  /** Publishes an event payload in its plain shape. */
  readonly publish: (channel: string, event: string, payload: unknown, id?: string) => Effect.Effect<void>
  readonly commands: Effect.Effect<ReadonlyArray<SentCommand>>
  /** Every closed decision in order of closing, the last version of each. */
  readonly records: Effect.Effect<ReadonlyArray<DecisionRecord>>
  readonly requests: Effect.Effect<ReadonlyArray<LlmRequest>>
}>()("test/Simulation") {
  static readonly layer = (
    settings: Settings,
    script: (request: LlmRequest, index: number) => ScriptedAnswer,
    store: Layer.Layer<StateStore> = StateStore.layerNone
  ): Layer.Layer<Simulation | BridgeWatch | FlakyNats | Health | Nats, never, VirtualTime> => {
    const requests: Array<LlmRequest> = []
    const commands: Array<SentCommand> = []
    // The bridge outlives the bot: it hears what the bot still says when it stops.
    const bridge = Layer.effectDiscard(Effect.gen(function*() {
      const nats = yield* Nats
      const clock = yield* Clock.Clock
      const take = ({ body, headers, subject }: WireMessage): void => {
        const command = Schema.decodeSync(Body)(new TextDecoder().decode(body))
        const at = clock.currentTimeMillisUnsafe() - epoch
        const { message, to } = "data" in command ? command.data : command.args
        const channel = "data" in command ? subject.split(".").at(-2) ?? "" : command.meta.channel
        commands.push({ at, channel, to, message, headers })
      }
      for (const subject of ["cytube.commands.*.*", "kryten.robot.command"]) {
        yield* Effect.orDie(nats.subscribe(subject, take))
      }
    }))
    const world = Layer.mergeAll(
      bridge.pipe(Layer.provideMerge(NatsMemory.layer)),
      layerOf((request, index) => {
        requests.push(request)
        return script(request, index)
      }),
      BotConfig.layerFixed(settings),
      SecureRandom.layerWebCrypto
    )
    return Layer.effect(
      Simulation,
      Effect.gen(function*() {
        const nats = yield* Nats
        const { settled } = yield* VirtualTime
        const records = new Map<string, DecisionRecord>()
        const decisions = yield* DecisionLog

        yield* decisions.changes.pipe(
          Stream.runForEach((record) =>
            Effect.sync(() => records.set(`${record.correlationId} ${record.arrivedAt}`, record))
          ),
          Effect.forkScoped({ startImmediately: true })
        )

        return Simulation.of({
          publish: (channel, event, payload, id) =>
            nats.publish({
              subject: subjectOf(settings.nats.protocol, channel.toLowerCase(), event),
              headers: new Map(id === undefined ? [] : [["Correlation-Id", id]]),
              body: JSON.stringify(payload),
              request: false
            }).pipe(Effect.andThen(settled), Effect.orDie),
          commands: Effect.sync(() => [...commands]),
          records: Effect.sync(() => [...records.values()]),
          requests: Effect.sync(() => [...requests])
        })
      })
    ).pipe(
      Layer.provideMerge(bot.pipe(Layer.provide(Layer.merge(FlakyNats.nats, store)))),
      Layer.provideMerge(FlakyNats.layer),
      Layer.provideMerge(world)
    )
  }
}

/** Where the bridge publishes an event; `kryten-legacy` is not simulated. */
const subjectOf = (protocol: Settings["nats"]["protocol"], channel: string, event: string): string =>
  protocol === "kryten" ? `kryten.events.cytube.${channel}.${event.toLowerCase()}` : `cytube.events.${channel}.${event}`

/** The reason of a record's end in one word: `replied`, `failed`, or why it was skipped. */
export const endOf = (record: DecisionRecord): string =>
  Option.match(Option.fromNullishOr(record.outcome), {
    onNone: () => "under way",
    onSome: (outcome) => outcome._tag === "Skipped" ? outcome.reason : outcome._tag.toLowerCase()
  })
