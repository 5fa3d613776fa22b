import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Effect, Layer, Logger, Schedule } from "effect"
import { partitionOfToken } from "../../../src/domain/ownership/Partition.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { channels } from "./Load.ts"
import type { Replica } from "./Replica.ts"
import { type Question, Rooms } from "./Rooms.ts"
import { within } from "./within.ts"

/** How many partitions the replicas share. */
const partitionCount = 32
/** How long the model takes, ms. */
export const modelMs = 400

const slowModel = Layer.effectDiscard(LlmDouble.use(({ behave }) => behave({ delayMs: modelMs })))

/** A server with JetStream whose files outlive it, the rooms on it, and a model that takes its time. */
export const world = Layer.unwrap(Effect.sync(() => {
  const folder = mkdtempSync(join(tmpdir(), "llm-bot-scale-"))
  return slowModel.pipe(
    Layer.provideMerge(Layer.mergeAll(Rooms.layer, LlmDouble.layer)),
    Layer.provideMerge(NatsServer.layerWith(["-js", "-sd", folder])),
    Layer.provideMerge(Logger.layer([]))
  )
}))

/** What each replica owns. */
const shares = (replicas: ReadonlyArray<Replica>) =>
  Effect.forEach(replicas, ({ owned }) => owned, { concurrency: "unbounded" })

/** Waits until the replicas together own every partition once, each a fair share; the sizes of the shares. */
export const shared = (replicas: ReadonlyArray<Replica>) =>
  within(
    60,
    `${partitionCount} partitions shared by ${replicas.length}`,
    shares(replicas),
    (owned) =>
      owned.flat().length === partitionCount &&
      owned.every(({ length }) => length >= Math.floor(partitionCount / replicas.length))
  ).pipe(
    Effect.map((owned) => owned.map(({ length }) => length))
  )

/** The rooms that a replica has now; one that is busy is asked again. */
export const roomsOf = ({ name, owned }: Replica) =>
  Effect.map(within(10, `rooms of ${name}`, owned, ({ length }) => length > 0), (partitions) => {
    const has = new Set(partitions)
    return channels.filter((channel) => has.has(partitionOfToken(channel, partitionCount)))
  })

/** What became of questions. */
export interface Counted {
  readonly asked: number
  /** Without a reply. */
  readonly lost: number
  /** With more than one. */
  readonly doubled: number
}

/** Counts what became of the questions. */
export const count = (questions: ReadonlyArray<Question>): Counted => ({
  asked: questions.length,
  lost: questions.filter(({ replies }) => replies.length === 0).length,
  doubled: questions.filter(({ replies }) => replies.length > 1).length
})

/** Names the questions without exactly one reply, for whoever looks for a cause in the logs. */
const tellLost = (questions: ReadonlyArray<Question>): void => {
  for (const { askedAt, channel, id, replies } of questions) {
    if (replies.length === 1) continue
    console.log(
      `  ${replies.length} replies to user${id} in ${channel}, asked at ${
        new Date(performance.timeOrigin + askedAt).toISOString()
      }`
    )
  }
}

/** Waits until every question is answered, or nothing comes any more; what became of them. */
export const settled = Effect.fnUntraced(function*(questions: () => ReadonlyArray<Question>, seconds = 40) {
  yield* Effect.sync(() => count(questions()).lost).pipe(
    Effect.repeat({ until: (lost) => lost === 0, schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOption(`${seconds} seconds`)
  )
  // A second reply would come soon after the first.
  yield* Effect.sleep("3 seconds")
  tellLost(questions())
  return count(questions())
})

/** What the consumers of the events have not acknowledged yet: waiting, and on its way. */
export const unacknowledged = Effect.fnUntraced(function*() {
  const { url } = yield* NatsServer
  return yield* Effect.acquireUseRelease(
    Effect.promise(() => connect({ servers: url.replace("nats://", "") })),
    (client) =>
      Effect.promise(async () => {
        const manager = await jetstreamManager(client)
        let left = 0
        for await (const { num_ack_pending, num_pending } of manager.consumers.list("llmbot_IN")) {
          left += num_ack_pending + num_pending
        }
        return left
      }),
    (client) => Effect.promise(() => client.close())
  )
})

/** Prints what was counted. */
export const report = (what: string, counted: Readonly<Record<string, unknown>>): void => {
  console.log(`  ${what}: ${Object.entries(counted).map(([name, value]) => `${name} ${String(value)}`).join(", ")}`)
}
