import { Effect, Layer, Option, SubscriptionRef } from "effect"
import { SecureRandom } from "effect/crypto"
import { estimateTokens } from "../../domain/llm/ChatCompletion.ts"
import { promptLength } from "../../domain/llm/Prompt.ts"
import { type ChannelKey, CorrelationId } from "../../domain/Ids.ts"
import type { WireCommand } from "../../domain/wire/Wire.ts"
import { Intake, type IntakeHandler, type IntakeMessage } from "../../services/Intake.ts"
import { type Completion, LlmClient, type LlmError, type LlmRequest, LlmTimeout } from "../../services/LlmClient.ts"
import type { CompletionEnd } from "../../services/replay/Recording.ts"
import { SharedLimits } from "../../services/limits/SharedLimits.ts"
import { monotonicMillis } from "../../services/Time.ts"
import { Nats, NatsNotSent, NatsUnreachable } from "../../services/Nats.ts"
import type { Playback, RecordedResult } from "./Playback.ts"

/** A recorded result arrives at its recorded time when the replay is this close to the live run, ms; else by its duration. */
const closeMs = 1_000
/** Results recorded later than this belong to other circumstances, ms. */
export const longestWait = 6_000

/** Counts the sources of the answers, for the report. */
export interface Answers {
  recorded: number
  stoodIn: number
}

/** Feeds the bot's channels with the replay's events. */
export const makeIntake = (playback: Playback) => {
  // One a channel the bot listens to.
  const handlers = new Map<ChannelKey, IntakeHandler>()
  return {
    layer: Layer.succeed(
      Intake,
      Intake.of({
        // What a bridge answered stands in the recording as the event it became.
        take: () => undefined,
        sent: ({ key }) => Effect.sync(() => playback.recalled(key)),
        open: ({ key }, handle) =>
          Effect.asVoid(Effect.acquireRelease(
            Effect.sync(() => handlers.set(key, handle)),
            // The channel may have been reopened meanwhile.
            () => Effect.sync(() => handlers.get(key) === handle && handlers.delete(key))
          ))
      })
    ),
    /** False when the bot does not listen to the channel. */
    offer: (message: IntakeMessage): boolean => {
      const handle = handlers.get(message.arrival.channel)
      handle?.(message)
      return handle !== undefined
    }
  }
}

/** NATS as recorded; in a capture always connected. */
export const makeNats = (playback: Playback, up: SubscriptionRef.SubscriptionRef<boolean>) => {
  const publish = Effect.fnUntraced(function*(command: WireCommand) {
    const id = CorrelationId.make(command.headers.get("Correlation-Id") ?? "none")
    const result = playback.sent(id)
    const now = yield* monotonicMillis
    const asRecorded = result !== undefined && !playback.past(result.index) && result.entry.mono - now < longestWait
    if (asRecorded) {
      yield* playback.until(result.index)
      if (result.entry.failure === undefined) {
        return { at: result.entry.mono, heard: result.entry.heard ?? true }
      }
      // A publisher learns of a loss before the connection stream does.
      if (result.entry.failure._tag === "NatsNotSent") yield* SubscriptionRef.set(up, false)
      return yield* result.entry.failure
    }
    if (!(yield* SubscriptionRef.get(up))) {
      return yield* new NatsNotSent({ detail: "not connected" })
    }
    return { at: now, heard: true }
  })

  return Layer.succeed(
    Nats,
    Nats.of({
      publish,
      subscribe: () => Effect.void,
      respond: () => Effect.void,
      request: () => new NatsUnreachable({ detail: "this is a replay" }),
      refused: Effect.succeed({ publish: new Set<string>(), subscribe: new Set<string>() }),
      connected: SubscriptionRef.get(up),
      connection: SubscriptionRef.changes(up),
      lost: Effect.never
    })
  )
}

type Failed = Extract<CompletionEnd, { readonly _tag: "Failed" }>

/** A recorded failure; an earlier recording leaves it to the clock which limit a timeout ran into. */
const failureOf = ({ error }: Failed, { budgetMs }: LlmRequest, tookMs: number): LlmError =>
  error._tag === "LlmTimeout" && !("budgetSpent" in error)
    ? new LlmTimeout({ ...error, budgetSpent: Option.exists(budgetMs, (budget) => budget <= tookMs) })
    : error

const ended = (
  { entry: { end }, index }: RecordedResult<"completion">,
  playback: Playback,
  request: LlmRequest,
  tookMs: number
): Effect.Effect<Completion, LlmError> => {
  switch (end._tag) {
    case "Answered":
      return Effect.succeed(end)
    case "Failed":
      return Effect.fail(failureOf(end, request, tookMs))
    case "Stopped":
      // A new configuration itself interrupts the request and restarts what asked.
      return playback.reconfiguredAfter(index) ? Effect.never : Effect.interrupt
  }
}

/** A stand-in's line: long enough, distinct for each request, and a yes to the question whether a comment fits. */
const standInText = ({ correlationId }: LlmRequest): string =>
  `Yes, a stand-in's answer to ${correlationId}: no model was asked`

/** A stand-in for the model with a fixed latency and meaningless answers. */
export const standIn = (latencyMs: number): LlmClient["Service"] =>
  LlmClient.of({
    available: Effect.succeed(true),
    closed: Effect.succeed([]),
    reopen: Effect.void,
    complete: Effect.fnUntraced(function*(request: LlmRequest) {
      const text = standInText(request)
      yield* Effect.sleep(latencyMs)
      yield* request.onAttempt({ model: "stand-in", attempt: 1, status: "success", durationMs: latencyMs, detail: "" })
      return {
        text,
        model: "stand-in",
        finishReason: "stop",
        inputTokens: estimateTokens(promptLength(request.messages)),
        outputTokens: estimateTokens(text.length),
        estimated: true
      }
    })
  })

/** The recording's answers; a request it does not hold goes to the other model. */
export const makeLlm = (playback: Playback, other: LlmClient["Service"], answers: Answers) => {
  const recorded = Effect.fnUntraced(function*(result: RecordedResult<"completion">, request: LlmRequest) {
    const { entry, index } = result
    const now = yield* monotonicMillis
    const asLive = !playback.past(index) && Math.abs(entry.mono - entry.took - now) < closeMs
    yield* asLive ? playback.until(index) : Effect.sleep(entry.took)
    yield* Effect.forEach(entry.attempts, request.onAttempt, { discard: true })
    return yield* ended(result, playback, request, (yield* monotonicMillis) - now)
  })

  return Layer.succeed(
    LlmClient,
    LlmClient.of({
      available: Effect.succeed(true),
      closed: Effect.succeed([]),
      reopen: Effect.void,
      complete: (request) =>
        Effect.flatMap(monotonicMillis, (now) => {
          const result = playback.completion(request.correlationId, now)
          if (result === undefined) answers.stoodIn++
          else answers.recorded++
          return result === undefined ? other.complete(request) : recorded(result, request)
        })
    })
  )
}

/** The recording's answers of the limits that replicas share; where it holds none, nobody shared any. */
export const makeSharedLimits = (playback: Playback): Layer.Layer<never> =>
  Layer.succeed(SharedLimits, {
    charge: ({ correlationId }) =>
      Effect.suspend(() => {
        const result = playback.charged(correlationId)
        if (result === undefined) return Effect.undefined
        const { entry: { refusal }, index } = result
        return playback.past(index) ? Effect.succeed(refusal) : Effect.as(playback.until(index), refusal)
      }),
    giveBack: () => Effect.void
  })

/** No one receives a replay's commands, so their ids need not be unique. */
export const noRandom: Layer.Layer<SecureRandom.SecureRandom> = Layer.succeed(
  SecureRandom.SecureRandom,
  SecureRandom.make((size) => new Uint8Array(size))
)
