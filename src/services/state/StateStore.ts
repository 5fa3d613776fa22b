import { Context, Effect, Layer, Option, Schema } from "effect"

/** Names a stored value: words of `a-z 0-9 _ -` with dots in between, so it is a file's name and a key as it stands. */
export const StateName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9_-]{1,40}(\.[a-z0-9_-]{1,40}){0,2}$/)
).pipe(Schema.brand("StateName"))
export type StateName = typeof StateName.Type

/** Stored values cannot be read now; a retry may help. */
export class StateUnreadable extends Schema.TaggedError<StateUnreadable>()("StateUnreadable", {
  detail: Schema.String
}) {
  override get message() {
    return `the saved state cannot be read (${this.detail})`
  }
}

/** A value was not stored; a retry may help. The store itself says so in log and health. */
export class StateUnsaved extends Schema.TaggedError<StateUnsaved>()("StateUnsaved", { detail: Schema.String }) {
  override get message() {
    return `the state is not saved (${this.detail})`
  }
}

/**
 * Who finds what is saved: nobody (at most something is there to begin with), the next process in this place, or every
 * replica at once. What only one process can say of itself belongs in a place of its own, never in the replicas'.
 */
export type StateReach = "nobody" | "next_process" | "replicas"

/**
 * Where values outlive the process, by name. A value is JSON; `StoredValue` gives it a schema and a version. Saving one
 * replaces it as a whole: after a crash the old one or the new one is there, never a part.
 */
export class StateStore extends Context.Service<StateStore, {
  readonly reach: StateReach
  /** A stored value; none where there is none, or none that could be read. */
  readonly load: (name: StateName) => Effect.Effect<Option.Option<unknown>, StateUnreadable>
  readonly save: (name: StateName, value: unknown) => Effect.Effect<void, StateUnsaved>
  /** Removes a value; none there is as good. */
  readonly remove: (name: StateName) => Effect.Effect<void, StateUnsaved>
  /** The names of all stored values. */
  readonly names: Effect.Effect<ReadonlyArray<StateName>, StateUnreadable>
  /** Puts aside a value that nobody understands, with a warning that says why; it is not loaded again. */
  readonly putAside: (name: StateName, why: string) => Effect.Effect<void>
}>()("llm-bot/StateStore") {
  /** Nothing survives. */
  static readonly layerNone = Layer.succeed(
    StateStore,
    StateStore.of({
      reach: "nobody",
      load: () => Effect.succeedNone,
      save: () => Effect.void,
      remove: () => Effect.void,
      names: Effect.succeed([]),
      putAside: () => Effect.void
    })
  )

  /** What survives is a map of the caller's; with the reach `nobody` it is read alone. */
  static readonly layerMap = (values: Map<StateName, unknown>, reach: StateReach = "next_process") =>
    Layer.succeed(
      StateStore,
      StateStore.of({
        reach,
        load: (name) => Effect.sync(() => values.has(name) ? Option.some(values.get(name)) : Option.none()),
        save: (name, value) => Effect.sync(() => void values.set(name, value)),
        remove: (name) => Effect.sync(() => void values.delete(name)),
        names: Effect.sync(() => [...values.keys()]),
        putAside: (name, why) =>
          Effect.andThen(
            Effect.sync(() => void values.delete(name)),
            Effect.logWarning(`Saved state ${name} is not used: ${why}`)
          )
      })
    )
}
