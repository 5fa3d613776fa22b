import { Effect, Layer } from "effect"
import { layerNoDeps } from "../../src/layers/llm/LlmOpenAi.ts"
import { LlmHttp } from "../../src/layers/llm/LlmHttp.ts"
import type { LlmClient } from "../../src/services/LlmClient.ts"
import { configured } from "./LlmAsking.ts"

/** A response without a socket. */
interface Said {
  readonly status: number
  readonly body: string
}

/** The client, and a server without a socket that lives in simulated time; `isCompletion` or a look at its models. */
export const withoutSocket = (answer: (isCompletion: boolean) => Effect.Effect<Said>): Layer.Layer<LlmClient> =>
  layerNoDeps.pipe(
    Layer.provide(Layer.succeed(
      LlmHttp,
      LlmHttp.of({
        begin: ({ body: posted }) => ({
          response: Effect.map(answer(posted !== undefined), ({ body, status }) => ({
            status,
            headers: {},
            read: (take) => Effect.sync(() => void take(body)),
            finish: () => undefined
          })),
          close: () => undefined
        })
      })
    )),
    Layer.provide(configured("http://llm.test/v1"))
  )
