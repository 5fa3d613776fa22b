import { Context, Effect, Layer, Option, Result, Schedule, Semaphore, Stream } from "effect"
import { readDeployment } from "../../domain/jetstream/Deployment.ts"
import { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
import { streamName } from "../../domain/jetstream/StreamNames.ts"
import { planFacts, type PlannedStream, planStreams } from "../../domain/jetstream/StreamPlan.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import { Nats } from "../../services/Nats.ts"
import { faultOf } from "./ApiFaults.ts"
import { JetStream } from "./JetStream.ts"
import { findStream, provision } from "./Provision.ts"

/** How often it is looked whether the streams are there. */
const lookEvery = "10 seconds"

/** The names of all streams of the account. */
const streamNames = Effect.gen(function*() {
  const { manager } = yield* JetStream
  return yield* Effect.tryPromise({
    try: async () => {
      const found = new Set<string>()
      for await (const name of manager.streams.names()) found.add(name)
      return found
    },
    catch: (cause) => faultOf("STREAM.NAMES", cause)
  })
})

/** Whether anybody takes events off the stream now. */
const isBusy = Effect.fnUntraced(function*(stream: string) {
  const { manager } = yield* JetStream
  return yield* Effect.tryPromise({
    try: async () => {
      for await (const { num_waiting } of manager.consumers.list(stream)) if (num_waiting > 0) return true
      return false
    },
    catch: (cause) => faultOf(stream, cause)
  })
})

/** Warns when another replica of the deployment runs with other rooms or limits. */
const compareReplicas = Effect.fnUntraced(function*(planned: PlannedStream) {
  const found = yield* findStream(planned.name)
  const others = Option.flatMapNullishOr(found, ({ config }) => readDeployment(config.description)?.settings)
  if (Option.isNone(others) || others.value === readDeployment(planned.description)?.settings) return
  if (yield* isBusy(planned.name)) {
    yield* Effect.logWarning(
      `Another replica on ${planned.name} runs with other rooms or user limits: finish the rollout, or give each deployment a nats.jetstream.prefix of its own`
    )
  }
})

/** Keeps the deployment's streams as the configuration wants them, whatever becomes of them (N2). */
export class Streams extends Context.Service<Streams, {
  /** Makes sure that all streams are there. */
  readonly ensure: Effect.Effect<void, JetStreamFault>
}>()("llm-bot/Streams") {
  static readonly layer: Layer.Layer<Streams, JetStreamFault, BotConfig | JetStream | Nats> = Layer.effect(
    Streams,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const jetStream = yield* JetStream
      const nats = yield* Nats
      const turn = Semaphore.makeUnsafe(1)
      let planned: ReadonlyArray<PlannedStream> = []

      /** Makes all streams as planned, and tells which were there before and had gone. */
      const ensure = Effect.gen(
        function*() {
          const { settings } = yield* config.current
          const next = planStreams(planFacts(settings))
          const wanted = new Set(next.flatMap(({ subjects }) => subjects))
          const dropped = new Set(planned.flatMap(({ subjects }) => subjects).filter((subject) => !wanted.has(subject)))
          const results = yield* Effect.forEach(next, (plan) => provision(plan, dropped))
          const before = new Set(planned.map(({ name }) => name))
          planned = next
          const gone = next.filter(({ name }, index) => results[index] === "created" && before.has(name))
          if (gone.length === 0) return
          const names = gone.map(({ name }) => name).join(", ")
          yield* Effect.logWarning(`JetStream streams were gone and are made again: ${names}`)
        }
      ).pipe(Effect.provideService(JetStream, jetStream), turn.withPermit)

      /** Looks whether the streams are there, and makes those that are not. */
      const look = Effect.gen(function*() {
        if (!(yield* nats.connected)) return
        const names = yield* Effect.provideService(streamNames, JetStream, jetStream)
        if (planned.some(({ name }) => !names.has(name))) yield* ensure
      }).pipe(Effect.catch((fault) => Effect.logWarning("JetStream streams cannot be looked after", fault.message)))

      const { settings } = yield* config.current
      const [events] = planStreams(planFacts(settings))
      if (events !== undefined) yield* compareReplicas(events)
      yield* ensure
      yield* Effect.logInfo(
        `JetStream streams are ready: ${planned.length} named ${streamName(settings.nats.jetstream.prefix, "…")}`
      )
      yield* config.changes.pipe(
        Stream.runForEach(() =>
          Effect.flatMap(Effect.result(ensure), (result) =>
            Result.isFailure(result)
              ? Effect.logError("JetStream streams cannot follow the configuration", result.failure.message)
              : Effect.void)
        ),
        Effect.forkScoped
      )
      yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(lookEvery)))
      yield* nats.connection.pipe(
        Stream.drop(1),
        Stream.filter((up) => up),
        Stream.runForEach(() => look),
        Effect.forkScoped
      )
      return Streams.of({ ensure })
    }).pipe(Effect.annotateLogs({ logger: "JetStream" }))
  )
}
