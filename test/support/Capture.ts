import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Predicate, Schema } from "effect"

const fixtures = resolve(import.meta.dirname, "../fixtures")

const Line = Schema.fromJsonString(Schema.Struct({
  /** When it travelled, epoch seconds. */
  ts: Schema.Finite,
  subject: Schema.String,
  headers: Schema.NullOr(Schema.Record(Schema.String, Schema.String)),
  payload: Schema.optionalKey(Schema.Unknown),
  /** The body as it is, where it is no JSON. */
  raw: Schema.optionalKey(Schema.String),
  /** The payload gets an unknown field that makes the body this many bytes. */
  padTo: Schema.optionalKey(Schema.Int),
  /** The field that keeps the event from being decoded. */
  invalid: Schema.optionalKey(Schema.String),
  /** For the reader. */
  note: Schema.optionalKey(Schema.String)
}))

/** One message of a capture and where it stands there. */
export interface Captured extends Schema.Schema.Type<typeof Line> {
  /** From 1. */
  readonly line: number
}

/** Reads `test/fixtures/NAME.jsonl`. */
export const loadCapture = (name: string): Effect.Effect<ReadonlyArray<Captured>> =>
  Effect.forEach(
    readFileSync(resolve(fixtures, `${name}.jsonl`), "utf8").trimEnd().split("\n"),
    (text, index) => Effect.map(Schema.decodeEffect(Line)(text), (captured) => ({ ...captured, line: index + 1 }))
  ).pipe(Effect.orDie)

/** What the room or the bridge said, without the commands somebody sent them. */
export const isEvent = ({ subject }: Captured): boolean => /\.(?:events|lifecycle)\./.test(subject)

const eventName = ({ subject }: Captured): string => subject.slice(subject.lastIndexOf(".") + 1)

/** The event types that get a decision, as decisions name them. */
const decided = new Map([["chatmsg", "chatMsg"], ["pm", "pm"], ["changemedia", "changeMedia"]])

/** The type of an event that must get a decision; nothing for any other. */
export const decisionType = (captured: Captured): string | undefined =>
  isEvent(captured) && captured.invalid === undefined ? decided.get(eventName(captured).toLowerCase()) : undefined

const isEnvelope = Schema.is(Schema.Struct({
  event_name: Schema.String,
  payload: Schema.Unknown,
  timestamp: Schema.String
}))

/** The id an event brought with it, if any: its header, else its envelope's field (F1). */
export const sentCorrelationId = ({ headers, payload }: Captured): unknown => {
  const header = headers?.["Correlation-Id"]
  return header !== undefined && /^[\w.:-]{1,128}$/.test(header)
    ? header
    : Predicate.hasProperty(payload, "correlation_id")
    ? payload.correlation_id
    : undefined
}

/** A bridge's event in its plain shape: another subject and no envelope. */
export const bare = (captured: Captured): Captured => {
  const { payload } = captured
  return isEnvelope(payload) && isEvent(captured)
    ? { ...captured, subject: `cytube.events.testchan.${payload.event_name}`, payload: payload.payload }
    : captured
}

const shiftTime = (payload: unknown, ms: number): unknown =>
  Predicate.isObject(payload) && Number.isSafeInteger(payload.time)
    ? { ...payload, time: Number(payload.time) + ms }
    : payload

const shiftPayload = (payload: unknown, ms: number): unknown =>
  isEnvelope(payload)
    ? {
      ...payload,
      payload: shiftTime(payload.payload, ms),
      // To the microsecond and with an offset, as the bridge writes it.
      timestamp: new Date(Date.parse(payload.timestamp) + ms).toISOString().replace("Z", "000+00:00")
    }
    : shiftTime(payload, ms)

/** The capture as if its first event came at `now`: every time moves by one constant (WIRE, captures). */
export const shifted = (capture: ReadonlyArray<Captured>, now: number): ReadonlyArray<Captured> => {
  const first = capture.find((captured) => captured.subject.includes(".events."))
  const ms = first === undefined ? 0 : now - Math.round(first.ts * 1000)
  return capture.map((captured) => ({ ...captured, payload: shiftPayload(captured.payload, ms) }))
}

/** The body as it travels. */
export const bodyOf = ({ padTo, payload, raw }: Captured): string => {
  if (raw !== undefined) return raw
  const body = JSON.stringify(payload)
  if (padTo === undefined || !Predicate.isObject(payload)) return body
  const room = padTo - Buffer.byteLength(JSON.stringify({ ...payload, pad: "" }))
  return JSON.stringify({ ...payload, pad: "x".repeat(room) })
}
