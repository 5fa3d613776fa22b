import { Array as Arr, Clock, Context, Effect, Layer, Option, Result } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { awaySince, type Restart, type SavedAt } from "../../domain/state/Restart.ts"
import { BotConfig } from "../BotConfig.ts"
import { stopStep } from "../Stopping.ts"
import { count } from "../telemetry/Metrics.ts"
import { monotonicOf, readClock } from "../Time.ts"
import { BootClock, savedAtOf } from "./BootClock.ts"
import { type StateName, StateStore } from "./StateStore.ts"
import { encodeValue, loadValue, type StoredShape } from "./StoredValue.ts"

/** Parts saved between two rests, each in a step of its own: what is in between gets its turn. */
const batch = 8
/** Parts written at the same time: a disk that waits must not take every thread of the process. */
const writers = 2
/** A pause after each batch: at most 800 parts a second. Ten thousand took a quarter of a core for a minute. */
const rest = "10 millis"
/** How long saving what changed last may take at the stop. */
const finishWithin = "4 seconds"

/** A part of the bot that outlives the process. */
export interface Part<A> {
  readonly name: StateName
  readonly shape: StoredShape<A>
  /** What it is now, in one synchronous step. */
  readonly snapshot: (now: ClockReading) => A
  /** Whether it changed since this was last asked. */
  readonly takeChange: () => boolean
}

/** What was saved of a part, and how long ago. */
export interface Restored<A> {
  readonly value: A
  readonly restart: Restart
}

/** How saving goes. */
export interface CheckpointStatus {
  /** When a part was last saved, epoch ms. */
  readonly lastSavedAt: number | undefined
  /** Parts that changed and are not saved yet, and how long the first of them has waited, ms. */
  readonly unsaved: number
  readonly unsavedMs: number
  /** Why the last attempt failed, if it did. */
  readonly failure: string | undefined
}

/** What of a part is not saved yet; a later change takes its place. */
interface Change {
  /** When the first was seen, monotonic ms. */
  readonly since: number
}

interface KeptPart {
  readonly encode: (savedAt: SavedAt, now: ClockReading) => unknown
  readonly takeChange: () => boolean
}

/**
 * What outlives the process: parts that are restored when they begin and saved within seconds of each change (F13). They
 * are one process's own: where replicas share the store, nothing is restored and nothing saved.
 */
export class Checkpoints extends Context.Service<Checkpoints, {
  /** What was saved of a part, which is saved from now on; none where nothing was, or the part is kept already. */
  readonly keep: <A>(part: Part<A>) => Effect.Effect<Option.Option<Restored<A>>>
  /** A part is kept no longer; what was saved of it stays. */
  readonly leave: (name: StateName) => void
  /** A part is no more, and neither is what was saved of it. */
  readonly forget: (name: StateName) => Effect.Effect<void>
  /** A part as it would be saved now; none where there is no such part. */
  readonly take: (name: StateName) => Effect.Effect<Option.Option<unknown>>
  /** The names of all parts. */
  readonly names: Effect.Effect<ReadonlyArray<StateName>>
  /** How saving goes; none where nothing survives. */
  readonly status: Effect.Effect<Option.Option<CheckpointStatus>>
}>()("llm-bot/Checkpoints") {
  static readonly layerNoDeps = Layer.effect(
    Checkpoints,
    Effect.gen(function*() {
      const store = yield* StateStore
      const config = yield* BotConfig
      const clock = yield* Clock.Clock
      const uptime = yield* BootClock
      const isSaved = store.reach === "next_process"
      // One a channel, and a few.
      const parts = new Map<StateName, KeptPart>()
      // Those of the parts that changed, the longest waiting first.
      const unsaved = new Map<StateName, Change>()
      // Those of the parts that are being written.
      const writing = new Set<StateName>()
      let lastSavedAt: number | undefined
      let failure: string | undefined

      const readClocks = Effect.map(
        readClock,
        (now): readonly [savedAt: SavedAt, now: ClockReading] => [savedAtOf(uptime, now), now]
      )

      const leave = (name: StateName): void => {
        parts.delete(name)
        unsaved.delete(name)
      }

      const noteChanges = (): void => {
        const now = monotonicOf(clock)
        for (const [name, { takeChange }] of parts) {
          if (takeChange()) unsaved.set(name, { since: unsaved.get(name)?.since ?? now })
        }
      }

      /** A part was saved as it was at `taken`, with that change; one that came later waits for its turn. */
      const noteSaved = (name: StateName, change: Change | undefined, taken: number): void => {
        const last = unsaved.get(name)
        unsaved.delete(name)
        if (last !== undefined && last !== change) unsaved.set(name, { since: taken })
      }

      /** Saves a part as it is now; false when the store does not take it. */
      const save = Effect.fnUntraced(function*(name: StateName) {
        const part = parts.get(name)
        if (part === undefined) return true
        const [savedAt, now] = yield* readClocks
        part.takeChange()
        const change = unsaved.get(name)
        writing.add(name)
        const saved = yield* Effect.result(store.save(name, part.encode(savedAt, now)))
        yield* count("stateSaves", { result: Result.isSuccess(saved) ? "success" : "failure" })
        // Whoever forgot it meanwhile left it to us.
        if (!writing.delete(name)) yield* Effect.ignore(store.remove(name))
        failure = Result.isFailure(saved) ? saved.failure.detail : undefined
        if (Result.isFailure(saved)) return false
        lastSavedAt = clock.currentTimeMillisUnsafe()
        noteSaved(name, change, now.monotonic)
        return true
      })

      /** Saves what changed, a part at a time; at the first failure the others wait with it for the next time. */
      const saveChanged = Effect.fnUntraced(function*(pausing: boolean) {
        noteChanges()
        for (const names of Arr.chunksOf(unsaved.keys(), batch)) {
          const saved = yield* Effect.forEach(names, save, { concurrency: writers })
          if (saved.includes(false)) return
          if (pausing) yield* Effect.sleep(rest)
        }
      })

      const beat = Effect.gen(function*() {
        const { settings } = yield* config.current
        yield* Effect.sleep(settings.state.save_seconds * 1000)
        yield* saveChanged(true)
      })

      const load = Effect.fnUntraced(function*<A>({ name, shape }: Part<A>) {
        if (store.reach === "replicas") return Option.none()
        const stored = yield* loadValue(name, shape).pipe(
          Effect.provideService(StateStore, store),
          Effect.catch(({ message }) => Effect.as(Effect.logWarning(message), Option.none()))
        )
        const [at, now] = yield* readClocks
        return Option.map(stored, ({ savedAt, value }): Restored<A> => ({
          value,
          restart: { now, awayMs: awaySince(savedAt, at) }
        }))
      })

      if (isSaved) {
        yield* Effect.addFinalizer(() =>
          stopStep({ done: "State saved", givenUp: "State save timed out" }, finishWithin, saveChanged(false))
        )
        yield* Effect.forkScoped(Effect.forever(beat))
      }

      return Checkpoints.of({
        keep: Effect.fnUntraced(function*<A>(part: Part<A>) {
          if (parts.has(part.name)) return Option.none()
          const restored = yield* load(part)
          parts.set(part.name, {
            encode: (savedAt, now) => encodeValue(part.shape, { savedAt, value: part.snapshot(now) }),
            takeChange: part.takeChange
          })
          return restored
        }),
        leave,
        forget: (name) =>
          Effect.suspend(() => {
            leave(name)
            if (writing.delete(name)) return Effect.void
            return Effect.catch(store.remove(name), ({ message }) => Effect.logWarning(message))
          }),
        take: (name) =>
          Effect.map(
            readClocks,
            ([savedAt, now]) =>
              Option.map(Option.fromUndefinedOr(parts.get(name)), ({ encode }) => encode(savedAt, now))
          ),
        names: Effect.sync(() => [...parts.keys()]),
        status: Effect.sync(() => {
          if (!isSaved) return Option.none()
          noteChanges()
          const [first] = unsaved.values()
          const unsavedMs = first === undefined ? 0 : monotonicOf(clock) - first.since
          return Option.some({ lastSavedAt, unsaved: unsaved.size, unsavedMs, failure })
        })
      })
    })
  )
}
