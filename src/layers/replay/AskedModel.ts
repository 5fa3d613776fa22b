import { Clock, Context, Effect, type Exit, Fiber, Layer } from "effect"
import type { LlmAttempt } from "../../domain/decision/Decision.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import { type Completion, LlmClient, type LlmError, type LlmRequest } from "../../services/LlmClient.ts"
import * as LlmOpenAi from "../llm/LlmOpenAi.ts"

/** A real model over the network: the replay waits for it, and lets as much time pass as it took. */
export interface AskedModel {
  readonly client: LlmClient["Service"]
  readonly name: string
  readonly busy: () => boolean
  /** Waits until no request is in progress. */
  readonly settled: Effect.Effect<void>
}

/** The model of a configuration, asked in real time (`replay --llm`). */
export const askedModel = Effect.fnUntraced(function*(settings: Settings) {
  const services = yield* Layer.build(Layer.provide(LlmOpenAi.layer, BotConfig.layerFixed(settings)))
  const model = Context.get(services, LlmClient)
  const clock = yield* Clock.Clock
  const run = Effect.runForkWith(yield* Effect.context<never>())
  // Bounded by `llm_api.max_concurrent_per_channel`.
  const underWay = new Set<Fiber.Fiber<unknown>>()

  /** Asks outside the replay's time: the replay's fiber only sees the result. */
  const ask = (request: LlmRequest) =>
    Effect.callback<Exit.Exit<Completion, LlmError>>((resume) => {
      const fiber = run(Effect.exit(Effect.provideService(model.complete(request), Clock.Clock, clock)))
      underWay.add(fiber)
      fiber.addObserver((exit) => {
        underWay.delete(fiber)
        resume(exit)
      })
      return Fiber.interrupt(fiber)
    })

  const complete = Effect.fnUntraced(function*(request: LlmRequest) {
    const began = clock.currentTimeMillisUnsafe()
    const attempts: Array<LlmAttempt> = []
    const onAttempt = (attempt: LlmAttempt) => Effect.sync(() => void attempts.push(attempt))
    const exit = yield* ask({ ...request, onAttempt })
    yield* Effect.sleep(clock.currentTimeMillisUnsafe() - began)
    yield* Effect.forEach(attempts, request.onAttempt, { discard: true })
    return yield* exit
  })

  return {
    client: LlmClient.of({ ...model, complete }),
    name: settings.llm_api.model,
    busy: () => underWay.size > 0,
    settled: Effect.suspend(() => Effect.forEach([...underWay], Fiber.await, { discard: true }))
  } satisfies AskedModel
})
