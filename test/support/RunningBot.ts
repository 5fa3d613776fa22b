import { Effect, Layer, Result, Schedule } from "effect"
import { SecureRandom } from "effect/crypto"
import { channelKey } from "../../src/domain/Ids.ts"
import type { DecisionRecord } from "../../src/domain/decision/Decision.ts"
import { type ParsedSettings, parseSettings } from "../../src/domain/settings/SettingsFile.ts"
import * as LlmOpenAi from "../../src/layers/llm/LlmOpenAi.ts"
import * as Main from "../../src/layers/Main.ts"
import * as NatsConnection from "../../src/layers/nats/NatsConnection.ts"
import { BotConfig } from "../../src/services/BotConfig.ts"
import { DecisionLog } from "../../src/services/decision/DecisionLog.ts"
import { LlmDouble } from "./LlmDouble.ts"
import { NatsServer } from "./NatsServer.ts"
import { StateStore } from "../../src/services/state/StateStore.ts"

/** Settings from YAML text, the key of the model from the environment. */
const parse = (yaml: string, environment: Readonly<Record<string, string>>): Effect.Effect<ParsedSettings> =>
  Result.match(parseSettings(yaml, environment), {
    onSuccess: Effect.succeed,
    onFailure: (problems) => Effect.die(new Error(JSON.stringify(problems)))
  })

const settingsText = (nats: string, llm: string, protocol: string): string => `
nats:
  servers: ["${nats}"]
  protocol: ${protocol}
channels:
  - name: TestChan
    domain: cytube.test
bot:
  username: KrytenBot
llm_api:
  base_url: ${llm}
  api_key: \${LLM_API_KEY}
  model: double
`

/** Neither cooldowns nor silences nor limits; appended to the settings above. */
export const everythingOff = `
  max_concurrent_per_channel: 1000
triggers:
  - type: mention
  - type: pm
rate_limits:
  max_per_user_per_minute: null
  max_per_user_per_hour: null
  max_per_channel_per_minute: null
  max_per_channel_per_hour: null
  global_cooldown_seconds: 0
  media_change_cooldown_seconds: 0
`

/** The whole bot in this process, on the real NATS and over real HTTP. */
export const botWith = (yaml: string, environment: Readonly<Record<string, string>> = { LLM_API_KEY: "test-key" }) =>
  Layer.unwrap(Effect.map(parse(yaml, environment), ({ settings }) =>
    Main.bot.pipe(
      Layer.provideMerge(Layer.mergeAll(NatsConnection.layer(settings.nats), LlmOpenAi.layer)),
      Layer.provide(Layer.mergeAll(BotConfig.layerFixed(settings), SecureRandom.layerWebCrypto, StateStore.layerNone))
    )))

/** The same in the room TestChan as KrytenBot. */
export const runningBot = (protocol: string, more: string) =>
  Layer.unwrap(Effect.gen(function*() {
    const nats = yield* NatsServer
    const llm = yield* LlmDouble
    return botWith(settingsText(nats.url, llm.url, protocol) + more)
  }))

/** The room's decisions, oldest first, once there are `count` of them and each has its outcome. */
export const decisions = (count: number): Effect.Effect<ReadonlyArray<DecisionRecord>, never, DecisionLog> =>
  Effect.gen(function*() {
    const recent = (yield* DecisionLog).recent(channelKey("TestChan"))
    const closed = (records: ReadonlyArray<DecisionRecord>) =>
      records.filter(({ outcome }) => outcome !== undefined).length
    return yield* recent.pipe(
      Effect.repeat({
        until: (records) => records.length >= count && closed(records) === records.length,
        schedule: Schedule.spaced("2 millis")
      }),
      Effect.timeoutOrElse({
        duration: "20 seconds",
        orElse: () =>
          Effect.flatMap(
            recent,
            (records) =>
              Effect.die(
                new Error(`after 20 s ${closed(records)} of ${records.length} decisions are closed, not ${count}`)
              )
          )
      })
    )
  })
