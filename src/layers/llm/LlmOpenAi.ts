import { Clock, Effect, Layer, Option } from "effect"
import type { LlmAttempt } from "../../domain/decision/Decision.ts"
import type { NextAttempt } from "../../domain/endpoints/ReplyTime.ts"
import type { BotConfig } from "../../services/BotConfig.ts"
import {
  attemptStatus,
  type Completion,
  LlmClient,
  type LlmError,
  type LlmRequest,
  LlmTimeout
} from "../../services/LlmClient.ts"
import { monotonicMillis, monotonicOf } from "../../services/Time.ts"
import { tracedChat } from "../../services/telemetry/TracedChat.ts"
import { askings, nobodyAsked, noteFailure, planNext } from "./LlmAttempts.ts"
import { makeAvailability } from "./LlmAvailability.ts"
import { makeDialects } from "./LlmDialects.ts"
import { makeEndpoints } from "./LlmEndpoints.ts"
import type { Endpoint } from "./LlmExchange.ts"
import * as Http from "./LlmHttp.ts"

/** Makes one attempt at an endpoint, within a time limit, and reports it. */
const makeAttempt = (http: Http.LlmHttp["Service"]) => {
  const dialects = makeDialects(http)
  return (
    endpoint: Endpoint,
    request: LlmRequest,
    number: number,
    { isLast, limitMs }: NextAttempt
  ): Effect.Effect<Completion, LlmError> =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const began = monotonicOf(clock)
      let firstTextMs: number | undefined
      const onFirstText = (): void => {
        firstTextMs = monotonicOf(clock) - began
      }
      const report = (status: LlmAttempt["status"], detail: string) =>
        Effect.suspend(() =>
          request.onAttempt({
            model: endpoint.model,
            attempt: number,
            status,
            durationMs: monotonicOf(clock) - began,
            ...(firstTextMs === undefined ? {} : { firstTextMs }),
            detail
          })
        )
      const ask = Effect.timeoutOrElse(dialects.ask(endpoint, request, onFirstText), {
        duration: limitMs,
        // Which of two limits that end together is told does not depend on the timer.
        orElse: () => new LlmTimeout({ afterMs: limitMs, budgetSpent: isLast })
      })
      return tracedChat({ ...endpoint, api: request.api }, () => firstTextMs, ask).pipe(
        Effect.tap(() => report("success", "")),
        Effect.tapError((error) => report(attemptStatus(error), error.message))
      )
    })
}

/** Asks the endpoints of a request, in order and again as their failures and its time allow. */
const makeComplete = (
  endpoints: ReturnType<typeof makeEndpoints>,
  attempt: ReturnType<typeof makeAttempt>
) =>
  Effect.fnUntraced(function*(request: LlmRequest): Effect.fn.Return<Completion, LlmError> {
    const deadline = (yield* monotonicMillis) + Option.getOrElse(request.budgetMs, () => Number.POSITIVE_INFINITY)
    const asked = askings(request)
    let failure: LlmError | undefined
    for (;;) {
      const now = yield* monotonicMillis
      const next = planNext(asked, request, endpoints.closure, now, deadline)
      if (next === undefined) return yield* failure ?? nobodyAsked(asked, request, endpoints.closure, now)
      const { asking, waitMs } = next
      const { endpoint } = asking
      if (waitMs > 0) {
        if (yield* endpoints.wait(endpoint, waitMs)) asking.tries++
        continue
      }
      for (const other of asked) other.failedFast = false
      const request_ = Effect.suspend(() => attempt(endpoint, request, ++asking.requests, next))
      const result = yield* Effect.result(endpoints.guard(endpoint, request_))
      if (result._tag === "Success") return result.success
      // An answer without text is an answer: no other endpoint is asked.
      if (result.failure._tag === "LlmEmpty") return yield* result.failure
      if (result.failure._tag !== "LlmEndpointClosed") failure = result.failure
      yield* noteFailure(asking, result.failure, request)
    }
  })

/** Asks any OpenAI-compatible server (F5). */
export const layerNoDeps: Layer.Layer<LlmClient, never, Http.LlmHttp | BotConfig> = Layer.effect(
  LlmClient,
  Effect.gen(function*() {
    const http = yield* Http.LlmHttp
    const availability = yield* makeAvailability(http)
    const endpoints = makeEndpoints()
    const complete = makeComplete(endpoints, makeAttempt(http))
    return LlmClient.of({
      complete: (request) =>
        complete(request).pipe(
          Effect.tap(() => availability.answered),
          Effect.tapError(availability.failed),
          Effect.annotateLogs({ logger: "LlmClient" })
        ),
      available: availability.available,
      closed: endpoints.closed,
      reopen: endpoints.forget
    })
  })
)

/** Over Node's HTTP. */
export const layer: Layer.Layer<LlmClient, never, BotConfig> = Layer.provide(layerNoDeps, Http.layer())
