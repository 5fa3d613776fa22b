import { Effect, Option, Result, Schema } from "effect"
import { SavedAt } from "../../domain/state/Restart.ts"
import { type StateName, StateStore, type StateUnreadable } from "./StateStore.ts"

/** How a value is stored: the version of its shape, and the shape. */
export interface StoredShape<A> {
  /** A value of another version is put aside. */
  readonly version: number
  readonly schema: Schema.Codec<A, unknown>
}

/** The shape of values that are JSON as they stand: nothing need be done to store one. */
export const storedShape = <A extends E, E>(version: number, schema: Schema.Codec<A, E>): StoredShape<A> => ({
  version,
  schema
})

/** A value as it was stored. */
export interface StoredValue<A> {
  readonly savedAt: SavedAt
  readonly value: A
}

const Envelope = Schema.Struct({ version: Schema.Int, savedAt: SavedAt, value: Schema.Unknown })
const decodeEnvelope = Schema.decodeUnknownResult(Envelope)

const decode = <A>({ schema, version }: StoredShape<A>, stored: unknown): Result.Result<StoredValue<A>, string> => {
  const envelope = decodeEnvelope(stored)
  if (Result.isFailure(envelope)) return Result.fail("it is no saved state")
  const { savedAt, value, version: found } = envelope.success
  if (found !== version) return Result.fail(`it is of version ${found}, this program writes ${version}`)
  return Result.mapBoth(Schema.decodeUnknownResult(schema)(value), {
    onFailure: () => "its fields are not those of its version",
    onSuccess: (decoded) => ({ savedAt, value: decoded })
  })
}

/** Loads a value; one that cannot be decoded is put aside, which is logged. */
export const loadValue = Effect.fnUntraced(function*<A>(
  name: StateName,
  shape: StoredShape<A>
): Effect.fn.Return<Option.Option<StoredValue<A>>, StateUnreadable, StateStore> {
  const store = yield* StateStore
  const stored = yield* store.load(name)
  if (Option.isNone(stored)) return Option.none()
  const value = decode(shape, stored.value)
  if (Result.isSuccess(value)) return Option.some(value.success)
  yield* store.putAside(name, value.failure)
  return Option.none()
})

/** A value as it is stored. */
export const encodeValue = <A>({ version }: StoredShape<A>, { savedAt, value }: StoredValue<A>): unknown => ({
  version,
  savedAt,
  value
})
