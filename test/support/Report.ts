import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Result, Schema } from "effect"
import { completionReader } from "../../src/domain/llm/CompletionReader.ts"
import { neverStop } from "../../src/domain/reply/StopCondition.ts"
import { play, type Scenario } from "./Scenario.ts"

const Failure = Schema.Literals(["Empty", "Broken", "Malformed", "Failed"])

const Right = Schema.Union([
  Schema.Struct({ sent: Schema.NonEmptyArray(Schema.String) }),
  Schema.Struct({ silent: Schema.NonEmptyString }),
  Schema.Struct({ failed: Failure })
])

const Case = Schema.Struct({
  line: Schema.optionalKey(Schema.String),
  private: Schema.optionalKey(Schema.Boolean),
  /** `Name: text` each. */
  before: Schema.optionalKey(Schema.Array(Schema.String)),
  answer: Schema.optionalKey(Schema.String),
  response: Schema.optionalKey(Schema.String),
  fixture: Schema.optionalKey(Schema.String),
  right: Right
})
type Case = typeof Case.Type

/** A report as people write it: see README.md beside the files. */
export const Report = Schema.Struct({
  source: Schema.NonEmptyString,
  config: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  cases: Schema.NonEmptyArray(Case)
})
export type Report = typeof Report.Type

const fixtures = resolve(import.meta.dirname, "../fixtures/llm")

/** A fixture without its first line, which says what it holds. */
const bodyOf = (fixture: string): string => readFileSync(resolve(fixtures, fixture), "utf8").replace(/^.*\n/, "")

/** What a case's model says, or how its response fails to be an answer. */
const answerOf = ({ answer, fixture, response }: Case): Result.Result<string, typeof Failure.Type> => {
  const body = fixture === undefined ? response : bodyOf(fixture)
  if (body === undefined) return Result.succeed(answer ?? "Answer number 1 of the script")
  const reader = completionReader(neverStop)
  reader.feed(body)
  const read = reader.end()
  return read._tag === "Text" ? Result.succeed(read.text) : Result.fail(read._tag)
}

const scenarioOf = (
  report: Report,
  { before = [], line = "@MovieBot well?", ...given }: Case,
  says: string
): Scenario => ({
  holds: ["report"],
  story: report.source,
  ...(report.config === undefined ? {} : { config: report.config }),
  model: [{ says }],
  happens: [
    ...before.map((text, index) => {
      const [, from = "Bob", said = text] = /^([^:]+): (.*)$/u.exec(text) ?? []
      return { at: index / 100, from, says: said }
    }),
    { at: 1, from: "Ana", ...(given.private === true ? { whispers: line } : { says: line }) }
  ],
  commands: []
})

/** What the bot makes of a case, in the words of its right value. */
export const outcomeOf = (report: Report, given: Case): Effect.Effect<typeof Right.Encoded> => {
  const answer = answerOf(given)
  if (Result.isFailure(answer)) return Effect.succeed({ failed: answer.failure })
  return Effect.map(play(scenarioOf(report, given, answer.success)), ({ commands, ends }) => {
    const [first, ...others] = commands.map(({ says }) => says)
    return first === undefined ? { silent: ends.at(-1)?.end ?? "no decision" } : { sent: [first, ...others] }
  })
}
