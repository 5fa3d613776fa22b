import { Effect, Schema, SchemaGetter } from "effect"

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

/** A share of something: null = all of it. */
export const Share = Schema.OptionFromNullOr(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))

/** A finite number between two bounds, both included. */
export const Between = (minimum: number, maximum: number) => Schema.Finite.check(Schema.isBetween({ minimum, maximum }))

/** A list of at least one. */
export const AtLeastOne = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).check(Schema.isMinLength(1, { message: "needs at least one" }))

/** Text that is not empty. */
export const Text = Schema.String.check(Schema.isMinLength(1, { message: "must not be empty" }))

/**
 * A rule that JSON Schema cannot state in full: what is wrong, if anything, and the part that editors can check. A
 * value may still be a `${VARIABLE}` when an editor sees it.
 */
export const rule = <T>(wrong: (value: T) => string | undefined, pattern?: string) =>
  Schema.makeFilter(wrong, { toJsonSchema: () => pattern === undefined ? {} : { pattern: `${pattern}|\\$\\{` } })

/** An address of a server that speaks HTTP. */
export const HttpUrl = Text.check(
  rule((url: string) =>
    /^https?:\/\/[^\s/]/i.test(url) && URL.canParse(url)
      ? undefined
      : "must be a URL that begins with http:// or https://", "^[hH][tT][tT][pP][sS]?://")
)

/** A field that may be left out: its default, in the file's own terms, and what it does. */
export const field = <S extends Schema.Top>(schema: S, value: S["Encoded"], description: string) =>
  // What `withDecodingDefaultKey` does, annotated on the file's side: that is the one JSON Schema describes.
  Schema.toEncoded(schema).annotate({ description, default: value }).pipe(
    Schema.optionalKey,
    Schema.decodeTo(schema, {
      decode: SchemaGetter.withDefault(Effect.succeed(value)),
      encode: SchemaGetter.passthrough()
    })
  )

/** A field that may be null, and is when left out. */
export const optional = <S extends Schema.Top>(schema: S, description: string) =>
  field(Schema.OptionFromNullOr(schema), null, description)

/** A field that must be given. */
export const required = <S extends Schema.Top>(schema: S, description: string) =>
  schema.pipe(Schema.annotateEncoded({ description }))

/** A string that must not show up in logs, errors or health: wrapped from the first moment (N4). */
export const Secret = (label: string) => Schema.RedactedFromValue(Text, { label })
