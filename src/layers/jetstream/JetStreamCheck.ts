import { Effect, Option, Result } from "effect"
import { apiSubjects } from "../../domain/jetstream/ApiSubjects.ts"
import { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
import { planFacts, type PlannedStream, planStreams } from "../../domain/jetstream/StreamPlan.ts"
import { partitionOf } from "../../domain/ownership/Partition.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import { NatsClient } from "../nats/NatsClient.ts"
import { attempt, faultOf, refusedSubject } from "./ApiFaults.ts"
import { JetStream } from "./JetStream.ts"
import { findStream, overlapping, ownFault } from "./Provision.ts"

/** How long the server may take to refuse a question or to answer it, ms. */
const answerMs = 2_000

/** Why a stream could not be made, or is not the bot's. */
const streamFault = Effect.fnUntraced(function*(plan: PlannedStream) {
  const found = yield* findStream(plan.name)
  if (Option.isSome(found)) return Option.fromUndefinedOr(ownFault(found.value, plan))
  const others = yield* overlapping(plan)
  return others.length === 0
    ? Option.none()
    : Option.some(new JetStreamFault({ reason: "overlap", about: plan.name, detail: others.join(", ") }))
})

/** Whether the account has room for the streams that are still to be made. */
const storageFault = Effect.fnUntraced(function*(missing: ReadonlyArray<PlannedStream>) {
  const { manager } = yield* JetStream
  const { limits: { max_storage: most }, storage } = yield* Effect.tryPromise({
    try: () => manager.getAccountInfo(),
    catch: (cause) => faultOf("the account", cause)
  })
  const wanted = missing.reduce((sum, { maxBytes }) => sum + (maxBytes ?? 0), 0)
  const left = most - storage
  return most < 0 || wanted <= left ? Option.none() : Option.some(
    new JetStreamFault({
      reason: "storage",
      about: missing[0]?.name ?? "",
      detail: `${wanted} bytes wanted, ${left} left`
    })
  )
})

/** Asks what has no meaning: the server refuses it to this user, or JetStream says that it is none. */
const permissionFault = Effect.fnUntraced(function*(subject: string) {
  const connection = yield* NatsClient
  return yield* attempt(() => connection.request(subject, "?", { timeout: answerMs })).pipe(
    Effect.match({
      onSuccess: () => Option.none<JetStreamFault>(),
      onFailure: ({ cause }) =>
        Option.map(
          Option.fromUndefinedOr(refusedSubject(cause)),
          (about) => new JetStreamFault({ reason: "permission", about, detail: "publish" })
        )
    })
  )
})

/** What stands in the way of durable intake; it changes nothing at the server (OPERATIONS, check-config). */
export const durableFaults = (
  settings: Settings
): Effect.Effect<ReadonlyArray<JetStreamFault>, never, NatsClient> =>
  Effect.gen(function*() {
    const plan = planStreams(planFacts(settings))
    const [channel] = settings.channels
    const { partitions, prefix } = settings.nats.jetstream
    const subjects = channel === undefined ? [] : apiSubjects(prefix, plan, partitionOf(channel, partitions))
    const refused = yield* Effect.forEach(subjects, permissionFault, { concurrency: "unbounded" })
    const permissions = refused.flatMap(Option.toArray)
    if (permissions.length > 0) return permissions
    const found = yield* Effect.forEach(plan, (stream) => Effect.result(streamFault(stream)))
    const faults = found.flatMap((result) =>
      Result.isFailure(result) ? [result.failure] : Option.toArray(result.success)
    )
    const present = yield* Effect.forEach(plan, ({ name }) => findStream(name))
    const missing = plan.filter((_, index) => Option.isNone(present[index] ?? Option.none()))
    return [...faults, ...Option.toArray(yield* storageFault(missing))]
  }).pipe(
    Effect.provide(JetStream.layer),
    Effect.catch((fault) => Effect.succeed([fault]))
  )
