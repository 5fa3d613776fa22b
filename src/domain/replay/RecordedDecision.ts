import { Schema, SchemaTransformation } from "effect"
import { DecisionRecord, Delivery, Outcome, skipped, SkipReason, Step } from "../decision/Decision.ts"
import type { DropCause, SkipFacts } from "../decision/SkipFacts.ts"

// What 0.1 wrote as sentences: why a step dropped an answer, a skip's figures, why a reply was not seen.
const OldProcessed = Schema.TaggedStruct("Processed", {
  at: Schema.Finite,
  step: Schema.String,
  before: Schema.Finite,
  after: Schema.Finite,
  note: Schema.String
})
const OldSkipped = Schema.TaggedStruct("Skipped", { reason: SkipReason, detail: Schema.String })
const OldUnconfirmed = Schema.TaggedStruct("Unconfirmed", { cause: Schema.Literals(["", "no bridge"]) })

const Written = Schema.Struct({
  ...DecisionRecord.fields,
  steps: Schema.Array(Schema.Union([OldProcessed, Step])),
  outcome: Schema.optionalKey(Schema.Union([OldSkipped, Outcome])),
  delivery: Schema.optionalKey(Schema.Union([OldUnconfirmed, Delivery]))
})

type Groups = ReadonlyArray<string>

const dropNotes: ReadonlyArray<readonly [RegExp, (groups: Groups) => DropCause]> = [
  [/^block pattern (.*)$/s, ([, pattern = ""]) => ({ _tag: "BlockPattern", pattern })],
  [/^block keyword (.*)$/s, ([, keyword = ""]) => ({ _tag: "BlockKeyword", keyword })],
  [/^none of require_keywords$/, () => ({ _tag: "NoRequiredKeyword" })],
  [/^(\d+) words?, fewer than (\d+)$/, ([, words, least]) => ({
    _tag: "TooFewWords",
    words: Number(words),
    minimum: Number(least)
  })],
  [/^(\d+) words?, more than (\d+)$/, ([, words, most]) => ({
    _tag: "TooManyWords",
    words: Number(words),
    maximum: Number(most)
  })],
  [/^empty$/, () => ({ _tag: "Empty" })],
  [/^repeats an earlier line of the bot$/, () => ({ _tag: "RepeatsBot" })],
  [/^echoes the trigger$/, () => ({ _tag: "EchoesTrigger" })],
  [/^says nothing$/, () => ({ _tag: "SaysNothing" })]
]

const ms = (seconds: string | undefined): number => Number(seconds) * 1000

const skipDetails: ReadonlyArray<readonly [RegExp, (groups: Groups) => SkipFacts]> = [
  [/^may be allowed again in (\d+) s$/, ([, seconds]) => ({ retryAfterMs: ms(seconds) })],
  [/^(\d+) s old$/, ([, age]) => ({ ageMs: ms(age) })],
  [/^(\d+) s old, more than ([\d.]+) s$/, ([, age, most]) => ({ ageMs: ms(age), maximumAgeMs: ms(most) })],
  [/^the model took too long$/, () => ({ waitedFor: "model" })],
  [/^NATS was away$/, () => ({ waitedFor: "connection" })],
  ...dropNotes.map(([pattern, read]) => [pattern, (groups: Groups) => ({ dropped: read(groups) })] as const)
]

/** The facts of a sentence, from the first pattern that matches. */
const readSentence = <A>(
  patterns: ReadonlyArray<readonly [RegExp, (groups: Groups) => A]>,
  sentence: string
): A | undefined => {
  for (const [pattern, read] of patterns) {
    const groups = pattern.exec(sentence)
    if (groups !== null) return read(groups)
  }
  return undefined
}

const stepOf = (step: (typeof Written.Type)["steps"][number]): Step => {
  if (!("note" in step)) return step
  const { note, ...processed } = step
  const dropped = readSentence(dropNotes, note)
  return dropped === undefined ? processed : { ...processed, dropped }
}

const outcomeOf = (outcome: NonNullable<(typeof Written.Type)["outcome"]>): Outcome => {
  // 0.1 had one name for all NATS errors; the message says which.
  if (outcome._tag === "Failed" && outcome.error === "NatsError") {
    return { ...outcome, error: outcome.message.startsWith("NATS flush failed") ? "NatsUnconfirmed" : "NatsNotSent" }
  }
  if (!("detail" in outcome)) return outcome
  const { detail, reason } = outcome
  if (reason === "own_line" && detail === "the echo of a reply") return skipped("echo")
  return skipped(reason, readSentence(skipDetails, detail))
}

const deliveryOf = (delivery: NonNullable<(typeof Written.Type)["delivery"]>): Delivery => {
  if (delivery._tag === "Delivered") return delivery
  switch (delivery.cause) {
    case "":
      return { _tag: "Unconfirmed" }
    case "no bridge":
      return { _tag: "Unconfirmed", cause: "no_bridge" }
    default:
      return { _tag: "Unconfirmed", ...(delivery.cause === undefined ? {} : { cause: delivery.cause }) }
  }
}

/** A recorded decision: in today's format, or with the sentences of 0.1, which become facts. */
export const RecordedDecision = Written.pipe(
  Schema.decodeTo(
    Schema.toType(DecisionRecord),
    SchemaTransformation.transform({
      decode: ({ delivery, outcome, steps, ...record }): DecisionRecord => ({
        ...record,
        steps: steps.map(stepOf),
        ...(outcome === undefined ? {} : { outcome: outcomeOf(outcome) }),
        ...(delivery === undefined ? {} : { delivery: deliveryOf(delivery) })
      }),
      encode: (record) => record
    })
  )
)
