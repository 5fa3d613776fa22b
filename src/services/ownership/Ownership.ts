import { Context, Effect, Layer, type Scope } from "effect"
import { type Partition, partitionsOf } from "../../domain/ownership/Partition.ts"

/** Tends a partition: returns once its channels are open; closing the scope stops them. */
export type Tend = (partition: Partition) => Effect.Effect<void, never, Scope.Scope>

/** Which partitions of the channels this replica owns: each belongs to one replica at a time. */
export class Ownership extends Context.Service<Ownership, {
  /** How many partitions there are. */
  readonly count: number
  /** Whether other replicas may own some. */
  readonly shared: boolean
  /**
   * Tends each partition for as long as this replica owns it, until the scope closes. When one is lost, its scope is closed
   * before another replica may own it, as long as NATS can be reached.
   */
  readonly tend: (tend: Tend) => Effect.Effect<void, never, Scope.Scope>
  /** The partitions owned now. */
  readonly owned: Effect.Effect<ReadonlyArray<Partition>>
}>()("llm-bot/Ownership") {
  /** A process that is alone owns everything. */
  static readonly alone = (count = 1): Layer.Layer<Ownership> => {
    const all = partitionsOf(count)
    return Layer.succeed(
      Ownership,
      Ownership.of({
        count,
        shared: false,
        tend: (tend) => Effect.forEach(all, tend, { discard: true }),
        owned: Effect.succeed(all)
      })
    )
  }
}
