import { Result, Schema } from "effect"
import { DecisionRecord, isEcho } from "./Decision.ts"
import { type DecisionJson, decisionJson } from "./DecisionJson.ts"
import { channelKey, ChannelName, CorrelationId, userKey, Username } from "../Ids.ts"
import { Count, Whole } from "../Field.ts"

/** The subject on which running bots answer (OPERATIONS, explain). */
export const explainSubject = "llm-bot.explain"

/** Decisions in an answer by default. */
export const defaultLast = 10

/** Decisions in an answer at most. */
export const mostDecisions = 100

/** The largest request, bytes. */
const longestQuestion = 4_096

/** A request: the newest `last` decisions that match every given field. */
export const ExplainQuery = Schema.Struct({
  last: Schema.optionalKey(Count),
  /** In any case. */
  user: Schema.optionalKey(Username),
  /** In any case. */
  channel: Schema.optionalKey(ChannelName),
  correlationId: Schema.optionalKey(CorrelationId)
})
export type ExplainQuery = typeof ExplainQuery.Type

/** An answer: the bot and its decisions, oldest first. */
export const ExplainAnswer = Schema.Struct({
  bot: Username,
  /** The channels it listens to. */
  channels: Schema.Array(ChannelName),
  decisions: Schema.Array(DecisionRecord),
  /** Matching decisions that were left out; they are older. */
  leftOut: Whole
})
export type ExplainAnswer = typeof ExplainAnswer.Type

/** The answer to a request that cannot be read. */
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

/** Decodes a request; the error describes what is expected. */
export const readQuery = (body: Uint8Array): Result.Result<ExplainQuery, ExplainRefusal> =>
  Result.mapError(
    body.byteLength > longestQuestion ? Result.fail(undefined) : decodeQuery(utf8.decoder.decode(body)),
    () => ({ error: `not a question; expected JSON like ${expected}` })
  )

/** Encodes a request. */
export const queryText = (query: ExplainQuery): string => encodeQuery(query)

/** Decodes an answer; one that cannot be read is from another version. */
export const readReply = (body: Uint8Array): Result.Result<ExplainAnswer, ExplainRefusal> =>
  Result.match(decodeReply(utf8.decoder.decode(body)), {
    onFailure: () => Result.fail({ error: "its answer cannot be read; is it another version than this program?" }),
    onSuccess: (reply) => "error" in reply ? Result.fail(reply) : Result.succeed(reply)
  })

/** The decisions that match a request, oldest first. */
export const selectDecisions = <R extends DecisionRecord>(
  records: ReadonlyArray<R>,
  { channel, correlationId, last = defaultLast, user }: ExplainQuery
): ReadonlyArray<R> => {
  const filter = {
    channel: channel === undefined ? undefined : channelKey(channel),
    user: user === undefined ? undefined : userKey(user)
  }
  // The bot's echoes are left out unless asked for.
  const news = (record: DecisionRecord): boolean => correlationId !== undefined || user !== undefined || !isEcho(record)
  const matches = (record: DecisionRecord): boolean =>
    news(record) &&
    (correlationId === undefined || record.correlationId === correlationId) &&
    (filter.channel === undefined || channelKey(record.channel) === filter.channel) &&
    (filter.user === undefined || (record.username !== undefined && userKey(record.username) === filter.user))
  return records.filter(matches).toSorted((one, other) => one.arrivedAt - other.arrivedAt).slice(-last)
}

/**
 * The decisions that match a request among those found and those of one more channel; of that only what is not older than
 * all that is found needs to be read.
 */
export const selectNewest = (
  found: ReadonlyArray<DecisionRecord>,
  decisionsSince: (since: number) => ReadonlyArray<DecisionRecord>,
  query: ExplainQuery
): ReadonlyArray<DecisionRecord> => {
  const [oldest] = found
  const isFull = oldest !== undefined && found.length >= (query.last ?? defaultLast)
  const more = decisionsSince(isFull ? oldest.arrivedAt : Number.NEGATIVE_INFINITY)
  return more.length === 0 ? found : selectDecisions([...found, ...more], query)
}

/** The bot that answers. */
export type Explainer = Pick<ExplainAnswer, "bot" | "channels">

/** Encodes an answer in at most `maxBytes`: the newest decisions that fit, the rest is counted. */
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

/** Encodes a refusal. */
export const refusalText = (refusal: ExplainRefusal): string => JSON.stringify(refusal)
