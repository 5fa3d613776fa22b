import { DateTime, Effect, Logger, type Option, Record, Result, Schema, SchemaIssue } from "effect"
import { decisionJson } from "../../domain/decision/DecisionJson.ts"
import {
  type ExplainAnswer,
  ExplainQuery,
  type ExplainRefusal,
  explainSubject,
  queryText,
  readReply,
  selectDecisions
} from "../../domain/decision/Explain.ts"
import { type Explained, explainText } from "../../domain/decision/ExplainText.ts"
import type { NatsSettings } from "../../domain/settings/Settings.ts"
import { Nats, NatsUnreachable } from "../../services/Nats.ts"
import * as ConfigFile from "../config/ConfigFile.ts"
import { UsageError } from "../process/Exit.ts"
import { print, printError } from "../process/Print.ts"
import * as NatsConnection from "../nats/NatsConnection.ts"

/** The options of `llm-bot explain`. */
export interface ExplainOptions {
  readonly file: string
  readonly format: "json" | "text"
  readonly last: number
  readonly user: Option.Option<string>
  readonly channel: Option.Option<string>
  readonly correlationId: Option.Option<string>
}

/** The timeout of the whole command. */
const patience = "10 seconds"

/** No bot answered. */
class NobodyExplains extends Schema.TaggedError<NobodyExplains>()("NobodyExplains", {}) {
  override get message() {
    return `no bot answers on ${explainSubject}: is it running on this NATS, is explain.enabled on, ` +
      "may this user and the bot's use that subject (docs/nats-permissions.md)?"
  }
}

/** Every answer is a refusal or cannot be read. */
export class NoExplanation extends Schema.TaggedError<NoExplanation>()("NoExplanation", { error: Schema.String }) {
  override get message() {
    return `a bot answers: ${this.error}`
  }
}

/** No decision matches. */
class NothingFound extends Schema.TaggedError<NothingFound>()("NothingFound", { bots: Schema.String }) {
  override get message() {
    return `no such decision; each bot remembers the last 200 of a channel, and none from before its start (${this.bots})`
  }
}

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const queryOf = ({ channel, correlationId, last, user }: ExplainOptions) =>
  Schema.decodeEffect(ExplainQuery)({ last, ...Record.getSomes({ channel, correlationId, user }) }).pipe(
    Effect.mapError(({ issue }) => {
      const [first] = formatter(issue).issues
      return new UsageError({ message: `${(first?.path ?? []).join(".")}: ${first?.message ?? "not as expected"}` })
    })
  )

/** Asks over its own connection: one attempt, and no log lines. */
const ask = (settings: NatsSettings, question: string) =>
  Nats.use((nats) => nats.request(explainSubject, question)).pipe(
    Effect.provide(NatsConnection.layer({ ...settings, connect_attempts: 1 })),
    Effect.scoped,
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => new NatsUnreachable({ detail: "no answer within 10 s" })
    }),
    Effect.provide(Logger.layer([]))
  )

/** The decisions of all bots, in order of time. */
const merged = (answers: ReadonlyArray<ExplainAnswer>, query: ExplainQuery): ReadonlyArray<Explained> =>
  selectDecisions(answers.flatMap(({ bot, decisions }) => decisions.map((record) => ({ ...record, bot }))), query)

const jsonText = (decisions: ReadonlyArray<Explained>): string =>
  JSON.stringify({ decisions: decisions.map(({ bot, ...record }) => ({ bot, ...decisionJson(record) })) }, null, 2)

const leftOutText = (leftOut: number): string =>
  `${leftOut} older decisions found no room in the answer; narrow the question with --user or --channel`

const botsText = (answers: ReadonlyArray<ExplainAnswer>): string =>
  answers.map(({ bot, channels }) => `${bot} in ${channels.join(", ")}`).join("; ")

const printAnswers = Effect.fnUntraced(function*(
  answers: ReadonlyArray<ExplainAnswer>,
  query: ExplainQuery,
  format: ExplainOptions["format"]
) {
  const decisions = merged(answers, query)
  const zone = DateTime.zoneMakeLocal()
  if (format === "json") yield* print(jsonText(decisions))
  else if (decisions.length > 0) {
    yield* print(decisions.map((one) => explainText(one, zone, answers.length > 1)).join("\n\n"))
  }
  const leftOut = answers.reduce((sum, answer) => sum + answer.leftOut, 0)
  if (leftOut > 0) yield* printError(leftOutText(leftOut))
  if (decisions.length === 0) return yield* new NothingFound({ bots: botsText(answers) })
})

const errorsOf = (replies: ReadonlyArray<Result.Result<ExplainAnswer, ExplainRefusal>>): ReadonlyArray<NoExplanation> =>
  replies.flatMap((reply) => Result.isFailure(reply) ? [new NoExplanation(reply.failure)] : [])

/** `llm-bot explain`: asks running bots why they did or did not answer (OPERATIONS, explain). */
export const explain = Effect.fn("Explain")(
  function*(options: ExplainOptions) {
    const query = yield* queryOf(options)
    const { settings } = yield* ConfigFile.load(options.file)
    const replies = (yield* ask(settings.nats, queryText(query))).bodies.map(readReply)
    const answers = replies.flatMap((reply) => Result.isSuccess(reply) ? [reply.success] : [])
    const [error, ...others] = errorsOf(replies)
    if (answers.length === 0) return yield* error ?? new NobodyExplains()
    for (const { message } of error === undefined ? [] : [error, ...others]) yield* printError(message)
    yield* printAnswers(answers, query, options.format)
  },
  Effect.tapError(({ message }) => printError(message))
)
