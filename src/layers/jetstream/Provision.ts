import { type StreamConfig, type StreamInfo } from "@nats-io/jetstream"
import { Effect, Option } from "effect"
import { readDeployment } from "../../domain/jetstream/Deployment.ts"
import { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
import type { PlannedStream } from "../../domain/jetstream/StreamPlan.ts"
import { codeOf, codes, faultOf } from "./ApiFaults.ts"
import { JetStream } from "./JetStream.ts"
import { configOf, differences } from "./StreamConfigs.ts"

/** What provisioning did to a stream. */
export type Provisioned = "created" | "updated" | "as planned"

/** The stream of a name, if there is one. */
export const findStream = Effect.fnUntraced(function*(name: string) {
  const { manager } = yield* JetStream
  return yield* Effect.tryPromise({
    try: (): Promise<Option.Option<StreamInfo>> =>
      manager.streams.info(name).then(Option.some, (cause: unknown) => {
        if (codeOf(cause) === codes.streamNotFound) return Option.none()
        throw cause
      }),
    catch: (cause) => faultOf(name, cause)
  })
})

/** The other streams that take any of these subjects. */
export const overlapping = Effect.fnUntraced(function*({ name, subjects }: PlannedStream) {
  const { manager } = yield* JetStream
  const names = yield* Effect.forEach(subjects, (subject) =>
    Effect.tryPromise({
      try: async () => {
        const found: Array<string> = []
        for await (const other of manager.streams.names(subject)) found.push(other)
        return found
      },
      catch: (cause) => faultOf("STREAM.NAMES", cause)
    }))
  return [...new Set(names.flat())].filter((other) => other !== name)
})

/** Whether a stream of a planned name belongs to this deployment. */
export const ownFault = (info: StreamInfo, plan: PlannedStream): JetStreamFault | undefined => {
  const { name } = plan
  const [is, wanted] = [readDeployment(info.config.description), readDeployment(plan.description)]
  if (is === undefined) return new JetStreamFault({ reason: "foreign_stream", about: name, detail: "" })
  if (wanted === undefined) return undefined
  if (is.bot !== wanted.bot) return new JetStreamFault({ reason: "other_deployment", about: name, detail: is.bot })
  return is.partitions === wanted.partitions ? undefined : new JetStreamFault({
    reason: "other_partitions",
    about: name,
    detail: `${is.partitions} partitions, not ${wanted.partitions}`
  })
}

/** Makes a stream; another replica may have made it in the same moment. */
const create = Effect.fnUntraced(function*(plan: PlannedStream) {
  const { manager } = yield* JetStream
  return yield* Effect.tryPromise({
    try: () =>
      manager.streams.add(configOf(plan)).then(() => true, (cause: unknown) => {
        if (codeOf(cause) === codes.streamNameInUse) return false
        throw cause
      }),
    catch: (cause) => ({ cause, fault: faultOf(plan.name, cause) })
  }).pipe(
    Effect.catch(({ cause, fault }) =>
      codeOf(cause) !== codes.subjectsOverlap ? Effect.fail(fault) : Effect.flatMap(
        overlapping(plan),
        // Another replica may have made this very stream meanwhile.
        (others) =>
          others.length === 0
            ? Effect.succeed(false)
            : Effect.fail(new JetStreamFault({ reason: "overlap", about: plan.name, detail: others.join(", ") }))
      )
    )
  )
})

/** The configuration that a stream is to have. Other replicas' rooms stay in a tap; `dropped` are this one's no more. */
const merged = (is: StreamConfig, plan: PlannedStream, dropped: ReadonlySet<string>): PlannedStream => ({
  ...plan,
  subjects: [...new Set([...plan.subjects, ...is.subjects.filter((subject) => !dropped.has(subject))])]
})

/** Makes a stream as planned, whatever there is of it (N2). */
export const provision = Effect.fnUntraced(
  function*(
    plan: PlannedStream,
    dropped: ReadonlySet<string>
  ): Effect.fn.Return<Provisioned, JetStreamFault, JetStream> {
    const { manager } = yield* JetStream
    const found = yield* findStream(plan.name)
    if (Option.isNone(found) && (yield* create(plan))) return "created"
    const info = Option.isSome(found) ? found.value : Option.getOrUndefined(yield* findStream(plan.name))
    if (info === undefined) return yield* provision(plan, dropped)
    const fault = ownFault(info, plan)
    if (fault !== undefined) return yield* fault
    const config = configOf(plan.republish?.src === ">" ? merged(info.config, plan, dropped) : plan)
    if (differences(info.config, config).length === 0) return "as planned"
    yield* Effect.tryPromise({
      try: () => manager.streams.update(plan.name, { ...info.config, ...config }),
      catch: (cause) => faultOf(plan.name, cause)
    })
    return "updated"
  }
)
