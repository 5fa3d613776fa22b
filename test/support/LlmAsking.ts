import { Effect, Layer, Option, Result, Schema } from "effect"
import { stringify } from "yaml"
import type { LlmAttempt } from "../../src/domain/decision/Decision.ts"
import { CorrelationId } from "../../src/domain/Ids.ts"
import { neverStop, type StopCondition } from "../../src/domain/reply/StopCondition.ts"
import { LlmApi } from "../../src/domain/settings/LlmSettings.ts"
import * as LlmOpenAi from "../../src/layers/llm/LlmOpenAi.ts"
import { BotConfig } from "../../src/services/BotConfig.ts"
import { type Completion, LlmClient, type LlmError } from "../../src/services/LlmClient.ts"
import { LlmServer } from "./LlmServer.ts"
import { settingsOf } from "./Simulation.ts"

/** The key requests are made with, to be looked for where it must not be. */
export const secret = "sk-or-v1-do-not-tell"

const decodeApi = Schema.decodeUnknownSync(LlmApi, { onExcessProperty: "error" })

/** The configuration that names a server; nothing of it but the server's address matters here. */
export const configured = (url: string): Layer.Layer<BotConfig> =>
  BotConfig.layerFixed(settingsOf(stringify({
    nats: { servers: ["nats://memory"] },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url: url, api_key: secret, model: "first" }
  })))

/** A server and the client that knows nothing of it yet. */
export const world = Layer.unwrap(
  Effect.map(LlmServer, ({ url }) => LlmOpenAi.layer.pipe(Layer.provide(configured(url))))
).pipe(Layer.provideMerge(LlmServer.layer))

/** What is asked for besides what always is. */
export interface Asking {
  readonly url?: string
  readonly api?: Readonly<Record<string, unknown>>
  readonly budgetMs?: number
  readonly enough?: () => StopCondition
}

/** How a completion went. */
export interface Asked {
  readonly result: Result.Result<Completion, LlmError>
  /** The answer's text, or the error's tag. */
  readonly end: string
  readonly attempts: ReadonlyArray<LlmAttempt>
  readonly tookMs: number
}

/** Asks for one completion, by default without retries and delays, and says how it went. */
export const ask = Effect.fnUntraced(
  function*({ api = {}, budgetMs, enough = () => neverStop, url = "http://llm.test/v1" }: Asking) {
    const llm = yield* LlmClient
    const attempts: Array<LlmAttempt> = []
    const began = performance.now()
    const result = yield* Effect.result(llm.complete({
      correlationId: CorrelationId.make("asking"),
      messages: [{ role: "user", content: "x".repeat(40) }],
      model: "first",
      api: decodeApi({
        base_url: url,
        api_key: secret,
        model: "first",
        retry_attempts: 0,
        retry_delay_seconds: 0.1,
        ...api
      }),
      budgetMs: Option.fromNullishOr(budgetMs),
      enough,
      onAttempt: (attempt) => Effect.sync(() => void attempts.push(attempt))
    }))
    const end = Result.match(result, { onSuccess: ({ text }) => text, onFailure: ({ _tag }) => _tag })
    const asked: Asked = { result, end, attempts, tookMs: performance.now() - began }
    return asked
  }
)

/** Asks the server of the test. */
export const askServer = (asking: Omit<Asking, "url"> = {}) =>
  Effect.flatMap(LlmServer, ({ url }) => ask({ ...asking, url }))
