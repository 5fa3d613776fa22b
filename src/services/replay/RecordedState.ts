import { Effect, Layer, Option, Schema } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { awaySince, SavedAt, type Uptime } from "../../domain/state/Restart.ts"
import { BootClock, savedAtOf } from "../state/BootClock.ts"
import { type StateName, StateStore } from "../state/StateStore.ts"
import { readClock } from "../Time.ts"
import { Recorder } from "./Recorder.ts"
import type { StateEntry } from "./Recording.ts"

/** The clock of a recording: what was restored is as old by it in the replay as it was live. */
const boot = "recording"

/** The monotonic clock in place of the machine's. */
export const recordingClock: Layer.Layer<never> = Layer.succeed(
  BootClock,
  ({ monotonic }: ClockReading): Option.Option<Uptime> => Option.some({ boot, ms: monotonic })
)

const Stored = Schema.StructWithRest(Schema.Struct({ savedAt: SavedAt }), [
  Schema.Record(Schema.String, Schema.Unknown)
])
const decodeStored = Schema.decodeUnknownOption(Stored)

/** A stored value, just as old by another clock; what is none of ours stays as it is. */
const redate = (value: unknown, from: SavedAt, to: SavedAt): unknown =>
  Option.match(decodeStored(value), {
    onNone: () => value,
    onSome: ({ savedAt, ...rest }) => {
      const { uptime, wall } = to
      const awayMs = awaySince(savedAt, from)
      const dated = uptime === undefined ? {} : { uptime: { ...uptime, ms: uptime.ms - awayMs } }
      return { ...rest, savedAt: { wall: wall - awayMs, ...dated } }
    }
  })

/** A recorded value on a recording's clock that began so much earlier, ms. */
export const onEarlierClock = (value: unknown, byMs: number): unknown =>
  Option.match(decodeStored(value), {
    onNone: () => value,
    onSome: ({ savedAt: { uptime, wall }, ...rest }) => ({
      ...rest,
      savedAt: { wall, ...(uptime === undefined ? {} : { uptime: { ...uptime, ms: uptime.ms + byMs } }) }
    })
  })

/** Records what is restored, on the recording's clock, and remembers what is saved for the files that follow. */
export const state: Layer.Layer<StateStore, never, Recorder | StateStore> = Layer.effect(
  StateStore,
  Effect.gen(function*() {
    const inner = yield* StateStore
    const { append, remember } = yield* Recorder
    const machineUptime = yield* BootClock

    const entryOf = (name: StateName, { monotonic, wall }: ClockReading, value: unknown): StateEntry => ({
      kind: "state",
      ts: wall / 1000,
      mono: monotonic,
      name,
      value
    })
    const onRecording = ({ monotonic, wall }: ClockReading): SavedAt => ({ wall, uptime: { boot, ms: monotonic } })

    return StateStore.of({
      ...inner,
      load: Effect.fnUntraced(function*(name: StateName) {
        const stored = yield* inner.load(name)
        if (Option.isNone(stored)) return stored
        const now = yield* readClock
        const entry = entryOf(name, now, redate(stored.value, savedAtOf(machineUptime, now), onRecording(now)))
        yield* append(entry)
        yield* remember(entry)
        return Option.some(entry.value)
      }),
      save: Effect.fnUntraced(function*(name: StateName, value: unknown) {
        const now = yield* readClock
        yield* inner.save(name, redate(value, onRecording(now), savedAtOf(machineUptime, now)))
        yield* remember(entryOf(name, now, value))
      })
    })
  })
)
