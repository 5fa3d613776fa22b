import { Result, Schema } from "effect"
import { DecisionRecord, isEcho } from "./Decision.ts"
import { type DecisionJson, decisionJson } from "./DecisionJson.ts"
import { channelKey, ChannelName, CorrelationId, userKey, Username } from "../Ids.ts"
import { Count, Whole } from "../Field.ts"

/** Where a running bot is asked why (OPERATIONS, explain). */
export const explainSubject = "llm-bot.explain"

/** How many decisions an answer has when nobody says how many. */
export const defaultLast = 10

/** How many decisions an answer has at most, whatever was asked. */
export const mostDecisions = 100

/** Longer questions are not read, bytes. */
const longestQuestion = 4_096

/** Which decisions are asked for: the newest `last` of those to which all that is given applies. */
export const ExplainQuery = Schema.Struct({
  last: Schema.optionalKey(Count),
  /** In any case. */
  user: Schema.optionalKey(Username),
  /** In any case. */
  channel: Schema.optionalKey(ChannelName),
  correlationId: Schema.optionalKey(CorrelationId)
})
export type ExplainQuery = typeof ExplainQuery.Type

/** What a bot answers: who it is, and the decisions, oldest first. */
export const ExplainAnswer = Schema.Struct({
  bot: Username,
  /** The channels it listens to. */
  channels: Schema.Array(ChannelName),
  decisions: Schema.Array(DecisionRecord),
  /** How many more were asked for and found; they are older. */
  leftOut: Whole
})
export type ExplainAnswer = typeof ExplainAnswer.Type

/** What a bot answers to a question it does not understand. */
export const ExplainRefusal = Schema.Struct({ error: Schema.String })
export type ExplainRefusal = typeof ExplainRefusal.Type

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

const bytesOf = (text: string): number => utf8.encoder.encode(text).byteLength

const expected =
  "{\"last\": 10, \"user\": \"a name\", \"channel\": \"a channel\", \"correlationId\": \"an id\"}, each of them optional"

const QueryText = Schema.fromJsonString(ExplainQuery)
const decodeQuery = Schema.decodeUnknownResult(QueryText, { onExcessProperty: "error" })
const encodeQuery = Schema.encodeSync(QueryText)
const decodeReply = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Union([ExplainAnswer, ExplainRefusal])))

/** Reads a question; what is none is refused with a word on what is expected. */
export const readQuery = (body: Uint8Array): Result.Result<ExplainQuery, ExplainRefusal> =>
  Result.mapError(
    body.byteLength > longestQuestion ? Result.fail(undefined) : decodeQuery(utf8.decoder.decode(body)),
    () => ({ error: `not a question; expected JSON like ${expected}` })
  )

/** A question as it goes over the wire. */
export const queryText = (query: ExplainQuery): string => encodeQuery(query)

/** Reads what came back; an answer that cannot be read is another version's. */
export const readReply = (body: Uint8Array): Result.Result<ExplainAnswer, ExplainRefusal> =>
  Result.match(decodeReply(utf8.decoder.decode(body)), {
    onFailure: () => Result.fail({ error: "its answer cannot be read; is it another version than this program?" }),
    onSuccess: (reply) => "error" in reply ? Result.fail(reply) : Result.succeed(reply)
  })

/** The decisions a question asks for, oldest first. */
export const selectDecisions = <R extends DecisionRecord>(
  records: ReadonlyArray<R>,
  { channel, correlationId, last = defaultLast, user }: ExplainQuery
): ReadonlyArray<R> => {
  const filter = {
    channel: channel === undefined ? undefined : channelKey(channel),
    user: user === undefined ? undefined : userKey(user)
  }
  // The bot's own lines come back too: news only for who asks for them.
  const news = (record: DecisionRecord): boolean => correlationId !== undefined || user !== undefined || !isEcho(record)
  const matches = (record: DecisionRecord): boolean =>
    news(record) &&
    (correlationId === undefined || record.correlationId === correlationId) &&
    (filter.channel === undefined || channelKey(record.channel) === filter.channel) &&
    (filter.user === undefined || (record.username !== undefined && userKey(record.username) === filter.user))
  return records.filter(matches).toSorted((one, other) => one.arrivedAt - other.arrivedAt).slice(-last)
}

/** Who answers. */
export type Explainer = Pick<ExplainAnswer, "bot" | "channels">

/** An answer as it goes over the wire, in at most `maxBytes`: the newest decisions that fit, the rest is counted. */
export const answerText = (
  { bot, channels }: Explainer,
  selected: ReadonlyArray<DecisionRecord>,
  maxBytes: number
): string => {
  const textOf = (decisions: ReadonlyArray<DecisionJson>): string =>
    JSON.stringify({ bot, channels, leftOut: selected.length - decisions.length, decisions })
  const fitting: Array<DecisionJson> = []
  let bytes = bytesOf(textOf([]))
  for (const record of selected.slice(-mostDecisions).toReversed()) {
    const encoded = decisionJson(record)
    // One more for the comma.
    bytes += bytesOf(JSON.stringify(encoded)) + 1
    if (bytes > maxBytes) break
    fitting.push(encoded)
  }
  return textOf(fitting.toReversed())
}

/** A refusal as it goes over the wire. */
export const refusalText = (refusal: ExplainRefusal): string => JSON.stringify(refusal)
