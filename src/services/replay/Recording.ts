import { Schema, SchemaTransformation } from "effect"
import { LlmAttempt } from "../../domain/decision/Decision.ts"
import { ChannelName, CorrelationId, EntryKey, EventIdentity } from "../../domain/Ids.ts"
import {
  LlmBadAnswer,
  LlmBroken,
  LlmEmpty,
  LlmEndpointClosed,
  LlmKeyUnusable,
  LlmRateLimited,
  LlmRedirected,
  LlmRejected,
  LlmServerFailed,
  LlmTimeout,
  LlmUnreachable
} from "../LlmClient.ts"
import { RecordedDecision } from "../../domain/replay/RecordedDecision.ts"
import { NatsNotSent, NatsSendError, NatsUnconfirmed } from "../Nats.ts"

/** When it happened: `ts` in epoch seconds as captures have it, `mono` in ms of the clock that never goes back. */
const Stamp = { ts: Schema.Finite, mono: Schema.Finite }
export const Stamped = Schema.Struct(Stamp)
export type Stamped = typeof Stamped.Type

/** The format that this version writes; it reads the earlier ones too. */
export const recordingFormat = 1

/** A recording begins: with which version of the program, when, and whether the names in it are invented. */
const Began = Schema.Struct({
  kind: Schema.tag("recording"),
  ...Stamp,
  /** Absent in recordings of version 0.1, whose events are encoded anew in the plain shape. */
  format: Schema.optionalKey(Schema.Int),
  version: Schema.String,
  anonymous: Schema.Boolean,
  /** Whether nothing was published (`run --dry-run`); absent: it was. */
  dryRun: Schema.optionalKey(Schema.Boolean)
})

/** The configuration in force from here on, secrets hidden. */
const Configured = Schema.Struct({ kind: Schema.tag("config"), ...Stamp, settings: Schema.Unknown })

/** The message of an event as it came, at the moment the pipeline took it: the line is one of a capture too. */
const Event = Schema.Struct({
  kind: Schema.tag("event"),
  ...Stamp,
  /** The event's id in decisions, the sender's where it gave one; format 1. */
  id: Schema.optionalKey(CorrelationId),
  subject: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  /** The body's JSON, envelope included. */
  payload: Schema.Unknown,
  /** When the bot began to listen to the channel. */
  since: Stamped,
  /** Format 0.1 only: what the dice are a function of, since the plain shape could lose a part of it. */
  identity: Schema.optionalKey(EventIdentity),
  /** Format 0.1 only: the domain that the envelope named. */
  domain: Schema.optionalKey(Schema.String)
})

/** JSON has no `undefined`: a wait that the server did not name is left out. */
const RateLimited = Schema.TaggedStruct("LlmRateLimited", { retryAfterMs: Schema.optionalKey(Schema.Finite) }).pipe(
  Schema.decodeTo(
    LlmRateLimited,
    SchemaTransformation.transform({
      decode: ({ _tag, retryAfterMs }) => ({ _tag, retryAfterMs }),
      encode: ({ _tag, retryAfterMs }) => retryAfterMs === undefined ? { _tag } : { _tag, retryAfterMs }
    })
  )
)

/** How a request to the model ended. */
export const CompletionEnd = Schema.TaggedUnion({
  Answered: {
    text: Schema.String,
    model: Schema.String,
    finishReason: Schema.String,
    inputTokens: Schema.Finite,
    outputTokens: Schema.Finite,
    estimated: Schema.Boolean
  },
  Failed: {
    error: Schema.Union([
      LlmTimeout,
      LlmUnreachable,
      LlmBroken,
      LlmServerFailed,
      RateLimited,
      LlmEndpointClosed,
      LlmKeyUnusable,
      LlmRedirected,
      LlmRejected,
      LlmBadAnswer,
      LlmEmpty
    ])
  },
  /** The bot was stopped before there was an answer. */
  Stopped: {}
})
export type CompletionEnd = typeof CompletionEnd.Type

/** A decision's request to the model, when it was over; a decision's requests stand in the order of their ends. */
const Completion = Schema.Struct({
  kind: Schema.tag("completion"),
  ...Stamp,
  id: CorrelationId,
  /** ms from the question to the end. */
  took: Schema.Finite,
  attempts: Schema.Array(LlmAttempt),
  end: CompletionEnd
})

/** Why a line failed, as recordings of version 0.1 have it: one error, told apart by what was tried. */
const EarlierFailure = Schema.TaggedStruct("NatsError", { operation: Schema.String, detail: Schema.String }).pipe(
  Schema.decodeTo(
    Schema.toType(NatsSendError),
    SchemaTransformation.transform({
      decode: ({ detail, operation }) =>
        operation === "flush" ? new NatsUnconfirmed({ detail }) : new NatsNotSent({ detail }),
      encode: ({ _tag, detail }) => ({
        _tag: "NatsError" as const,
        operation: _tag === "NatsUnconfirmed" ? "flush" : "publish",
        detail
      })
    })
  )
)

/** A decision's line, when NATS had it or failed to take it. */
const Sent = Schema.Struct({
  kind: Schema.tag("sent"),
  ...Stamp,
  id: CorrelationId,
  failure: Schema.optionalKey(Schema.Union([...NatsSendError.members, EarlierFailure]))
})

/** A decision's line was ready, and it was looked at whether it may leave. */
const Turn = Schema.Struct({ kind: Schema.tag("turn"), ...Stamp, id: CorrelationId })

/** Nobody was there to hear a decision's line (WIRE, protocols). */
const Unheard = Schema.Struct({ kind: Schema.tag("unheard"), ...Stamp, id: CorrelationId })

/** The interval of a contextual entry was over. */
const Look = Schema.Struct({ kind: Schema.tag("look"), ...Stamp, channel: ChannelName, entry: EntryKey })

/** NATS came or went. */
const Connection = Schema.Struct({ kind: Schema.tag("connection"), ...Stamp, up: Schema.Boolean })

/** What the live run decided, without its texts; again when delivery amended it. */
const Decided = Schema.Struct({ kind: Schema.tag("decision"), ...Stamp, record: RecordedDecision })

/** One line of a recording. The lines stand in the order in which things happened to the bot. */
export const RecordingEntry = Schema.Union([
  Event,
  Began,
  Configured,
  Completion,
  Turn,
  Sent,
  Unheard,
  Look,
  Connection,
  Decided
])
export type RecordingEntry = typeof RecordingEntry.Type

/** A line of a recording as text. */
export const RecordingLine = Schema.fromJsonString(RecordingEntry)
