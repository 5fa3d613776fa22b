import { Schema } from "effect"

/** Why a processing step dropped the answer (F7). Keywords and patterns are the configuration's, never the answer's. */
export const DropCause = Schema.TaggedUnion({
  BlockPattern: { pattern: Schema.String },
  BlockKeyword: { keyword: Schema.String },
  NoRequiredKeyword: {},
  TooFewWords: { words: Schema.Finite, minimum: Schema.Finite },
  TooManyWords: { words: Schema.Finite, maximum: Schema.Finite },
  Empty: {},
  RepeatsBot: {},
  EchoesTrigger: {},
  SaysNothing: {}
})
export type DropCause = typeof DropCause.Type

/** Why an answer was dropped; present only where it was. */
export const dropped = Schema.optionalKey(DropCause)

/** The figures of a skip besides its reason. */
export const SkipFacts = Schema.Struct({
  /** ms until the limit that refused may allow it again (F4); absent where time alone does not help. */
  retryAfterMs: Schema.optionalKey(Schema.Finite),
  /** How old the line was on arrival, ms, and how old it may be (F1). */
  ageMs: Schema.optionalKey(Schema.Finite),
  maximumAgeMs: Schema.optionalKey(Schema.Finite),
  /** What a late reply waited for until its deadline (F7). */
  waitedFor: Schema.optionalKey(Schema.Literals(["model", "connection", "bridge"])),
  dropped
})
export type SkipFacts = typeof SkipFacts.Type
