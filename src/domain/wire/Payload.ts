import { Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import type { ChatEvent, EventType, Member } from "../ChatEvent.ts"
import { keyOf } from "../EventIdentity.ts"
import { Username } from "../Ids.ts"
import { InvalidEvent } from "./InvalidEvent.ts"
import { lineText, trimmedText } from "./LineText.ts"
import { floodControlOf, isMuted, refusalOf } from "./RoomRules.ts"
import { type SaidLine, usualLine } from "./UsualLine.ts"

const dayMs = 86_400_000

/** A string whose control characters are removed, cut to `limit` UTF-16 units. */
const Plain = (limit: number) =>
  Schema.String.pipe(Schema.decodeTo(
    Schema.String,
    SchemaTransformation.transform({ decode: (text) => trimmedText(text, limit), encode: (text) => text })
  ))

// Far above the 50 characters a name may have, so that a longer one fails the check instead of being cut.
const Name = Plain(1_000).pipe(Schema.decodeTo(Username))
const Rank = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
const Person = Schema.Struct({
  name: Name,
  rank: Schema.optionalKey(Rank),
  meta: Schema.optionalKey(Schema.Unknown)
})
const LineFields = Schema.Struct({
  msg: Schema.String,
  meta: Schema.optionalKey(Schema.Unknown),
  time: Schema.optionalKey(Schema.Unknown)
})
const Line = LineFields.fields

const Shapes = {
  chatMsgPlain: Schema.Struct({ user: Person, ...Line }),
  chatMsgBridge: Schema.Struct({ username: Name, ...Line }),
  pmPlain: Schema.Struct({ from: Person, to: Schema.Struct({ name: Name }), ...Line }),
  pmBridge: Schema.Struct({ username: Name, to: Name, ...Line }),
  changeMedia: Schema.Struct({
    type: Plain(500).check(Schema.isNonEmpty()),
    id: Plain(500),
    title: Plain(200),
    seconds: Schema.optionalKey(Schema.Unknown),
    duration: Schema.optionalKey(Schema.Unknown)
  }),
  userlist: Schema.Array(Schema.Unknown),
  person: Person,
  userLeave: Schema.Struct({ name: Name }),
  login: Schema.Struct({ success: Schema.Boolean, name: Schema.optionalKey(Name) })
} as const

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const decoderOf = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (payload: unknown): Result.Result<A, InvalidEvent> =>
    Result.mapError(decode(payload), (error) => {
      const first = formatter(error.issue).issues[0]
      const field = ["payload", ...(first?.path ?? [])].map(String).join(".")
      return new InvalidEvent({ reason: "field", field, constraint: first?.message ?? "not as expected" })
    })
}

const decode = {
  chatMsgPlain: decoderOf(Shapes.chatMsgPlain),
  chatMsgBridge: decoderOf(Shapes.chatMsgBridge),
  pmPlain: decoderOf(Shapes.pmPlain),
  pmBridge: decoderOf(Shapes.pmBridge),
  changeMedia: decoderOf(Shapes.changeMedia),
  userlist: decoderOf(Shapes.userlist),
  person: decoderOf(Shapes.person),
  userLeave: decoderOf(Shapes.userLeave),
  login: decoderOf(Shapes.login)
}

const has = (payload: unknown, key: string): boolean =>
  typeof payload === "object" && payload !== null && key in payload

const isShadow = (meta: unknown): boolean =>
  typeof meta === "object" && meta !== null && "shadow" in meta && meta.shadow === true

const member = (person: typeof Person.Type): Member => ({
  username: person.name,
  rank: person.rank ?? 0,
  ...(isMuted(person.meta) ? { muted: true } : {})
})

/** One malformed member must not cost the list: it is counted and skipped. */
const membersOf = (people: ReadonlyArray<unknown>) => {
  const members = people.flatMap((person) => {
    const decoded = decode.person(person)
    return Result.isSuccess(decoded) ? [member(decoded.success)] : []
  })
  return { members, unreadable: people.length - members.length }
}

/** The moment a line was said, as it was sent; one a day ahead is no time at all (F1, clock). */
const timeOf = (time: unknown, now: number): Result.Result<number, InvalidEvent> => {
  const invalid = (constraint: string) =>
    Result.fail(new InvalidEvent({ reason: "time", field: "payload.time", constraint }))
  if (typeof time !== "number" || !Number.isSafeInteger(time) || time <= 0) {
    return invalid("Expected epoch milliseconds above 0")
  }
  if (time > now + dayMs) return invalid("Expected a time less than 24 h ahead; is a clock wrong?")
  return Result.succeed(time)
}

const lineOf = (type: "chatMsg" | "pm", { meta, msg, name, rank, time }: SaidLine, now: number) => {
  const said = timeOf(time, now)
  if (Result.isFailure(said)) return Result.fail(said.failure)
  const sentAt = said.success
  const text = lineText(msg)
  return Result.succeed({
    username: name,
    rank,
    text,
    time: Math.min(sentAt, now),
    sentAt,
    key: keyOf(type, name, sentAt, text),
    shadow: isShadow(meta)
  })
}

/** A line whose schema has a person. */
const saidBy = ({ name, rank }: typeof Person.Type, { meta, msg, time }: typeof LineFields.Type): SaidLine => ({
  name,
  rank,
  msg,
  meta,
  time
})

/** A chat line of either shape as its schema reads it. */
export const saidLine = (payload: unknown): Result.Result<SaidLine, InvalidEvent> =>
  has(payload, "user")
    ? Result.map(decode.chatMsgPlain(payload), (line) => saidBy(line.user, line))
    : Result.map(decode.chatMsgBridge(payload), (line) => saidBy({ name: line.username }, line))

const chatMsg = (payload: unknown, now: number): Result.Result<ChatEvent, InvalidEvent> => {
  const usual = usualLine(payload)
  const said = usual === undefined ? saidLine(payload) : Result.succeed(usual)
  if (Result.isFailure(said)) return Result.fail(said.failure)
  const line = lineOf("chatMsg", said.success, now)
  return Result.isFailure(line) ? Result.fail(line.failure) : Result.succeed({ ...line.success, _tag: "ChatMsg" })
}

const pm = (payload: unknown, now: number): Result.Result<ChatEvent, InvalidEvent> => {
  const decoded = has(payload, "from")
    ? Result.map(decode.pmPlain(payload), (line) => ({ line: saidBy(line.from, line), to: line.to.name }))
    : Result.map(decode.pmBridge(payload), (line) => ({ line: saidBy({ name: line.username }, line), to: line.to }))
  return Result.flatMap(
    decoded,
    ({ line, to }) => Result.map(lineOf("pm", line, now), (said) => ({ _tag: "Pm", to, ...said }) as const)
  )
}

// The bridge sends `seconds`; the plain shape has the number as `duration`, which the bridge uses for "03:32".
const secondsOf = (seconds: unknown, duration: unknown): number => {
  const length = [seconds, duration].find((value) => typeof value === "number" && Number.isFinite(value) && value > 0)
  return typeof length === "number" ? length : 0
}

/** Decodes an event's payload, the plain shape or the bridge's, by the event's type (WIRE, events). */
export const decodePayload = (
  type: EventType,
  payload: unknown,
  now: number
): Result.Result<ChatEvent, InvalidEvent> => {
  switch (type) {
    case "chatMsg":
      return chatMsg(payload, now)
    case "pm":
      return pm(payload, now)
    case "changeMedia":
      return Result.map(
        decode.changeMedia(payload),
        ({ duration, id, seconds, title, type }) =>
          ({ _tag: "ChangeMedia", media: { type, id, title, seconds: secondsOf(seconds, duration) } }) as const
      )
    case "userlist":
      return Result.map(decode.userlist(payload), (people) => ({ _tag: "UserList", ...membersOf(people) }) as const)
    case "addUser":
      return Result.map(decode.person(payload), (person) => ({ _tag: "AddUser", member: member(person) }) as const)
    case "setUserRank":
      return Result.map(decode.person(payload), (person) => ({ _tag: "SetUserRank", member: member(person) }) as const)
    case "userLeave":
      return Result.map(decode.userLeave(payload), ({ name }) => ({ _tag: "UserLeave", username: name }) as const)
    case "login":
      return Result.map(
        decode.login(payload),
        ({ name, success }) => ({ _tag: "Login", success, username: name }) as const
      )
    case "cooldown":
    case "noflood":
    case "spamFiltered":
    case "errorMsg":
    case "kick":
      return Result.succeed(refusalOf(type, payload))
    case "channelOpts":
      return Result.succeed(floodControlOf(payload))
    case "setUserMeta":
      return Result.map(
        decode.person(payload),
        ({ meta, name }) => ({ _tag: "SetUserMeta", username: name, muted: isMuted(meta) }) as const
      )
    case "other":
      return Result.succeed({ _tag: "Other" })
  }
}
