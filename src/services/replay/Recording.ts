import { Schema, SchemaTransformation } from "effect"
import { LimitName, LlmAttempt } from "../../domain/decision/Decision.ts"
import { ChannelName, CorrelationId, EntryKey, EventIdentity } from "../../domain/Ids.ts"
import { SentReply } from "../../domain/limits/SentReply.ts"
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
import { StateName } from "../state/StateStore.ts"
import { NatsNotSent, NatsSendError, NatsUnconfirmed } from "../Nats.ts"

/** When it happened: `ts` in epoch seconds as in captures, `mono` in monotonic ms. */
const Stamp = { ts: Schema.Finite, mono: Schema.Finite }
/** The time of a line alone. */
export const Stamped = Schema.Struct(Stamp)
export type Stamped = typeof Stamped.Type

/** The format that this version writes; it reads the earlier ones too. */
export const recordingFormat = 1

/** The heading of a recording: the program's version, the start, and whether names are pseudonyms. */
const Began = Schema.Struct({
  kind: Schema.tag("recording"),
  ...Stamp,
  /** Absent in recordings of version 0.1, whose events were re-encoded in the plain shape. */
  format: Schema.optionalKey(Schema.Int),
  version: Schema.String,
  anonymous: Schema.Boolean,
  /** Whether nothing was published (`run --dry-run`); absent: it was. */
  dryRun: Schema.optionalKey(Schema.Boolean)
})

/** The configuration in force from here on, secrets hidden. */
const Configured = Schema.Struct({ kind: Schema.tag("config"), ...Stamp, settings: Schema.Unknown })

/** The raw message of an event, when the pipeline handled it; a capture's line has the same fields. */
const Event = Schema.Struct({
  kind: Schema.tag("event"),
  ...Stamp,
  /** The event's id in decisions, the sender's where there is one; format 1. */
  id: Schema.optionalKey(CorrelationId),
  subject: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  /** The body's JSON, envelope included. */
  payload: Schema.Unknown,
  /** When the bot subscribed to the channel. */
  since: Stamped,
  /** How far it had come before, where durable intake delivered it again; absent: it was new. */
  earlier: Schema.optionalKey(Schema.Literals(["handled", "unfinished"])),
  /** Format 0.1 only: the event's identity, the seed of its draws; the plain shape could lose a part of it. */
  identity: Schema.optionalKey(EventIdentity),
  /** Format 0.1 only: the domain that the envelope named. */
  domain: Schema.optionalKey(Schema.String)
})

/** JSON has no `undefined`: an absent Retry-After is left out. */
const RateLimited = Schema.TaggedStruct("LlmRateLimited", { retryAfterMs: Schema.optionalKey(Schema.Finite) }).pipe(
  Schema.decodeTo(
    LlmRateLimited,
    SchemaTransformation.transform({
      decode: ({ _tag, retryAfterMs }) => ({ _tag, retryAfterMs }),
      encode: ({ _tag, retryAfterMs }) => retryAfterMs === undefined ? { _tag } : { _tag, retryAfterMs }
    })
  )
)

/** No answer within the time limit, in recordings that do not say which limit. */
const EarlierTimeout = Schema.TaggedStruct("LlmTimeout", { afterMs: Schema.Finite })

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
      EarlierTimeout,
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
  /** The bot stopped before the answer. */
  Stopped: {}
})
export type CompletionEnd = typeof CompletionEnd.Type

/** A decision's request to the model, recorded when it ended; a decision's requests are in order of their ends. */
const Completion = Schema.Struct({
  kind: Schema.tag("completion"),
  ...Stamp,
  id: CorrelationId,
  /** Duration, ms. */
  took: Schema.Finite,
  attempts: Schema.Array(LlmAttempt),
  end: CompletionEnd
})

/** Why a send failed, in recordings of version 0.1: one error for all, distinguished by its operation. */
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

/** A decision's line was sent, or the send failed. */
const Sent = Schema.Struct({
  kind: Schema.tag("sent"),
  ...Stamp,
  id: CorrelationId,
  /** False when nobody was there to hear it; absent: somebody was, or nobody knows. */
  heard: Schema.optionalKey(Schema.Boolean),
  failure: Schema.optionalKey(Schema.Union([...NatsSendError.members, EarlierFailure]))
})

/** What was sent to a channel before the bot opened it, where durable intake knows. */
const Recalled = Schema.Struct({
  kind: Schema.tag("recalled"),
  ...Stamp,
  channel: ChannelName,
  replies: Schema.Array(SentReply)
})

/** What the limits that replicas share said to a decision; absent: it may be answered. */
const Charged = Schema.Struct({
  kind: Schema.tag("charged"),
  ...Stamp,
  id: CorrelationId,
  refusal: Schema.optionalKey(Schema.Struct({ limit: LimitName, maximum: Schema.Finite }))
})

/** A decision's ready line was checked for whether it may be sent; at the gate, whether it waited too long for NATS. */
const Turn = Schema.Struct({
  kind: Schema.tag("turn"),
  ...Stamp,
  id: CorrelationId,
  gate: Schema.optionalKey(Schema.Literal(true))
})

/** Version 0.1 only: nobody was there to hear a decision's line, which was not sent again. */
const Unheard = Schema.Struct({ kind: Schema.tag("unheard"), ...Stamp, id: CorrelationId })

/** A contextual entry's interval elapsed. */
const Look = Schema.Struct({ kind: Schema.tag("look"), ...Stamp, channel: ChannelName, entry: EntryKey })

/** NATS connected or disconnected. */
const Connection = Schema.Struct({ kind: Schema.tag("connection"), ...Stamp, up: Schema.Boolean })

/** What was restored of a part of the bot when it began; in a file that goes on, what was last saved of it. */
const State = Schema.Struct({ kind: Schema.tag("state"), ...Stamp, name: StateName, value: Schema.Unknown })

/** A decision of the live run, without texts; recorded again when delivery amends it. */
const Decided = Schema.Struct({ kind: Schema.tag("decision"), ...Stamp, record: RecordedDecision })

/** One line of a recording. Lines are in the order in which the bot saw the events. */
export const RecordingEntry = Schema.Union([
  Event,
  Began,
  Configured,
  Completion,
  Recalled,
  Charged,
  Turn,
  Sent,
  Unheard,
  Look,
  Connection,
  State,
  Decided
])
export type RecordingEntry = typeof RecordingEntry.Type

export type StateEntry = Extract<RecordingEntry, { readonly kind: "state" }>

/** A line of a recording as text. */
export const RecordingLine = Schema.fromJsonString(RecordingEntry)
