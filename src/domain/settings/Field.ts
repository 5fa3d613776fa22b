import { Effect, Schema } from "effect"

/** A whole number of at least 1: sizes and counts. */
export const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/** A whole number of at least 0. */
export const Whole = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Seconds, fractions allowed, 0 = off. */
export const Seconds = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** Seconds above 0: for what must take some time. */
export const PositiveSeconds = Schema.Finite.check(Schema.isGreaterThan(0))

/** A maximum of a limit: null = no limit, 0 = none allowed. */
export const Maximum = Schema.OptionFromNullOr(Whole)

/** A finite number between two bounds, both included. */
export const Between = (minimum: number, maximum: number) =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum }))

/** A list of at least one. */
export const AtLeastOne = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).check(Schema.isMinLength(1, { message: "needs at least one" }))

/** A field that may be left out: its default, in the file's own terms, and what it does. */
export const field = <S extends Schema.Top>(schema: S, value: S["Encoded"], description: string) =>
  Schema.withDecodingDefaultKey<S>(Effect.succeed(value))(schema).annotateKey({ description })

/** A field that must be given. */
export const required = <S extends Schema.Top>(schema: S, description: string) => schema.annotateKey({ description })

/** A string that must not show up in logs, errors or health: wrapped from the first moment (N4). */
export const Secret = (label: string) => Schema.RedactedFromValue(Schema.NonEmptyString, { label })
