import { Option, Schema } from "effect"
import type { ChannelOpts, OtherEvent, Refusal } from "../ChatEvent.ts"

const isMutedMeta = Schema.is(Schema.Struct({ muted: Schema.Literal(true) }))

/** Whether a member's `meta` says that he is muted. */
export const isMuted = (meta: unknown): boolean => isMutedMeta(meta)

const RefusalText = Schema.Struct({
  action: Schema.optionalKey(Schema.String),
  msg: Schema.optionalKey(Schema.String)
})
const decodeRefusal = Schema.decodeUnknownOption(RefusalText)
const isDelay = Schema.is(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 86_400_000 })))

const targetOf = (kind: Refusal["kind"], { action, msg }: typeof RefusalText.Type): Refusal["target"] => {
  if (kind === "errorMsg") return msg?.startsWith("PM ") === true ? "pm" : undefined
  return kind === "noflood" && (action === "chat" || action === "pm") ? action : undefined
}

/** Why the room refused a line; a payload in another form says no less that it did. */
export const refusalOf = (kind: Refusal["kind"], payload: unknown): Refusal => {
  const text = Option.getOrElse(decodeRefusal(payload), (): typeof RefusalText.Type => ({}))
  const target = targetOf(kind, text)
  const muted = kind === "noflood" && target === "chat" && /\bmuted\b/i.test(text.msg ?? "")
  return {
    _tag: "Refusal",
    kind,
    ...(target === undefined ? {} : { target }),
    ...(kind === "cooldown" && isDelay(payload) ? { waitMs: payload } : {}),
    ...(muted ? { muted } : {})
  }
}

const above = (minimum: number) => Schema.Finite.check(Schema.isGreaterThan(minimum))
const decodeOpts = Schema.decodeUnknownOption(Schema.Union([
  Schema.Struct({ chat_antiflood: Schema.Literal(false) }),
  Schema.Struct({
    chat_antiflood: Schema.Literal(true),
    chat_antiflood_params: Schema.Struct({
      burst: above(0),
      sustained: above(0),
      cooldown: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
    })
  })
]))

/** What a room's settings say of its flood control; nothing where they cannot be read. */
export const floodControlOf = (payload: unknown): ChannelOpts | OtherEvent =>
  Option.match(decodeOpts(payload), {
    onNone: () => ({ _tag: "Other" }),
    onSome: (opts) => ({ _tag: "ChannelOpts", flood: opts.chat_antiflood ? opts.chat_antiflood_params : undefined })
  })
