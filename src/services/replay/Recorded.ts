import { Cause, Effect, Exit, Layer, Option, Predicate, Result, Schema, Stream } from "effect"
import type { ActiveSettings } from "../../domain/ChannelSettings.ts"
import type { LlmAttempt } from "../../domain/decision/Decision.ts"
import { CorrelationId } from "../../domain/Ids.ts"
import { maskedSettings } from "../../domain/settings/MaskedSettings.ts"
import { parseBody, type WireCommand } from "../../domain/wire/Wire.ts"
import { BotConfig } from "../BotConfig.ts"
import { NextEvaluation } from "../triggers/NextEvaluation.ts"
import { type Arrival, Intake } from "../Intake.ts"
import { type Completion, LlmClient, type LlmError, type LlmRequest } from "../LlmClient.ts"
import { readClock } from "../Time.ts"
import { Nats, type NatsSendError, type Published } from "../Nats.ts"
import { now, Recorder, stamp } from "./Recorder.ts"
import type { CompletionEnd, RecordingEntry } from "./Recording.ts"

const idOf = Schema.decodeUnknownOption(CorrelationId)

/** Recorded nesting levels of a payload. The wire reads far fewer, and too deep a JSON cannot be written. */
const deepest = 64

/** A payload cut at a nesting depth. */
const shallow = (value: unknown, levels: number): unknown => {
  if (Array.isArray(value)) return levels === 0 ? [] : value.map((inner) => shallow(inner, levels - 1))
  if (!Predicate.isObject(value)) return value
  const entries = levels === 0 ? [] : Object.entries(value)
  return Object.fromEntries(entries.map(([key, inner]) => [key, shallow(inner, levels - 1)]))
}

const eventEntry = ({ arrivedAt, correlationId, earlier, raw, subscribedAt }: Arrival): Option.Option<RecordingEntry> =>
  Option.map(
    // Without a bus there is nothing to replay, and the decoded event is JSON.
    Option.flatMap(
      Option.fromUndefinedOr(raw),
      ({ body, headers, subject }) =>
        Option.map(Result.getSuccess(parseBody(body)), (payload) => ({ subject, headers, payload }))
    ),
    ({ headers, payload, subject }) => ({
      kind: "event",
      ...stamp(arrivedAt),
      id: correlationId,
      subject,
      headers: Object.fromEntries(headers),
      payload: shallow(payload, deepest),
      since: stamp(subscribedAt),
      ...(earlier === undefined ? {} : { earlier })
    })
  )

/** Builds the effect that records a changed configuration: run it before anything reads the configuration. */
const configurationNotes = Effect.gen(function*() {
  const config = yield* BotConfig
  const { append } = yield* Recorder
  let last: ActiveSettings | undefined
  const note = Effect.flatMap(config.current, (current) => {
    if (current === last) return Effect.void
    last = current
    return Effect.flatMap(now, (at) => append({ kind: "config", ...at, settings: maskedSettings(current.settings) }))
  })
  return { note }
})

/** Records every event when the pipeline handles it, and every configuration change. */
export const intake: Layer.Layer<Intake, never, BotConfig | Intake | Recorder> = Layer.effect(
  Intake,
  Effect.gen(function*() {
    const inner = yield* Intake
    const config = yield* BotConfig
    const { append } = yield* Recorder
    const { note: noteConfiguration } = yield* configurationNotes
    yield* noteConfiguration
    // Channels start and stop and timers restart before anything reads it.
    yield* config.changes.pipe(
      Stream.runForEach(() => noteConfiguration),
      Effect.forkScoped({ startImmediately: true })
    )
    const run = Effect.runSyncWith(yield* Effect.context<never>())
    const note = (arrival: Arrival): Effect.Effect<void> =>
      Option.match(eventEntry(arrival), { onNone: () => Effect.void, onSome: append })
    return Intake.of({
      take: inner.take,
      sent: (channel) =>
        Effect.tap(inner.sent(channel), (replies) =>
          replies.length === 0
            ? Effect.void
            : Effect.flatMap(now, (at) => append({ kind: "recalled", ...at, channel: channel.room.name, replies }))),
      open: (channel, handle) =>
        inner.open(channel, (message) => {
          run(Effect.andThen(noteConfiguration, note(message.arrival)))
          handle(message)
        })
    })
  })
)

const endOf = (exit: Exit.Exit<Completion, LlmError>): CompletionEnd => {
  if (Exit.isSuccess(exit)) return { _tag: "Answered", ...exit.value }
  return Option.match(Cause.findErrorOption(exit.cause), {
    onNone: () => ({ _tag: "Stopped" }),
    onSome: (error) => ({ _tag: "Failed", error })
  })
}

/** Records every completion or failure of the model, and its duration. */
export const llm: Layer.Layer<LlmClient, never, LlmClient | Recorder> = Layer.effect(
  LlmClient,
  Effect.gen(function*() {
    const inner = yield* LlmClient
    const { append } = yield* Recorder
    return LlmClient.of({
      ...inner,
      complete: Effect.fnUntraced(function*(request: LlmRequest) {
        const began = yield* readClock
        const attempts: Array<LlmAttempt> = []
        const onAttempt = (attempt: LlmAttempt) => {
          attempts.push(attempt)
          return request.onAttempt(attempt)
        }
        return yield* Effect.onExit(
          inner.complete({ ...request, onAttempt }),
          (exit) =>
            Effect.flatMap(readClock, (moment) =>
              append({
                kind: "completion",
                ...stamp(moment),
                id: request.correlationId,
                took: moment.monotonic - began.monotonic,
                attempts,
                end: endOf(exit)
              }))
        )
      })
    })
  })
)

/** Records when each line of the bot was sent, and when NATS connected and disconnected. */
export const nats: Layer.Layer<Nats, never, Nats | Recorder> = Layer.effect(
  Nats,
  Effect.gen(function*() {
    const inner = yield* Nats
    const { append } = yield* Recorder

    const publish = (id: CorrelationId, command: WireCommand): Effect.Effect<Published, NatsSendError> =>
      inner.publish(command).pipe(
        Effect.tap(({ at, heard }) =>
          Effect.flatMap(
            readClock,
            (moment) =>
              append({
                kind: "sent",
                ...stamp({ ...moment, monotonic: at }),
                id,
                ...(heard ? {} : { heard })
              })
          )
        ),
        Effect.tapError((failure) => Effect.flatMap(now, (at) => append({ kind: "sent", ...at, id, failure })))
      )

    yield* inner.connection.pipe(
      Stream.drop(1),
      Stream.runForEach((up) => Effect.flatMap(now, (at) => append({ kind: "connection", ...at, up }))),
      Effect.forkScoped
    )
    return Nats.of({
      ...inner,
      publish: (command) =>
        Option.match(idOf(command.headers.get("Correlation-Id")), {
          onNone: () => inner.publish(command),
          onSome: (id) => publish(id, command)
        })
    })
  })
)

/** Records when the contextual timer evaluated a room. */
export const evaluations: Layer.Layer<NextEvaluation, never, BotConfig | NextEvaluation | Recorder> = Layer.effect(
  NextEvaluation,
  Effect.gen(function*() {
    const inner = yield* NextEvaluation
    const config = yield* BotConfig
    const { append } = yield* Recorder
    const { note: noteConfiguration } = yield* configurationNotes
    return NextEvaluation.of({
      after: (channel, entry, intervalMs) =>
        Effect.tap(
          inner.after(channel, entry, intervalMs),
          (moment) =>
            Effect.flatMap(
              Effect.andThen(noteConfiguration, config.channel(channel)),
              Option.match({
                onNone: () => Effect.void,
                onSome: ({ room }) => append({ kind: "look", ...stamp(moment), channel: room.name, entry })
              })
            )
        )
    })
  })
)
