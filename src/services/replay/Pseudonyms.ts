import { Predicate } from "effect"
import { type UserKey, userKey, Username } from "../../domain/Ids.ts"
import { lineText, roomHtml } from "../../domain/wire/LineText.ts"
import { isEnvelope } from "../../domain/wire/Wire.ts"
import type { CompletionEnd, RecordingEntry } from "./Recording.ts"

/** The fields of an event's payload that hold names of people. */
const nameFields: ReadonlySet<string> = new Set(["name", "username", "user", "from", "to"])

/** The other fields that the wire reads (WIRE, events). All the rest, such as addresses and profiles, is dropped. */
const readFields: ReadonlySet<string> = new Set(
  [
    "rank",
    "msg",
    "meta",
    "shadow",
    "time",
    "type",
    "id",
    "title",
    "seconds",
    "duration",
    "success",
    "muted",
    "action",
    "chat_antiflood",
    "chat_antiflood_params",
    "burst",
    "sustained",
    "cooldown"
  ]
)

/** The fields of the bridge's envelope: they name rooms and events, and stay as they are. */
const envelopeFields: ReadonlySet<string> = new Set(["event_name", "channel", "domain", "timestamp", "correlation_id"])

const word = /[\p{L}\p{M}\p{N}_-]+/gu
/** `_Ana_` and `Ana-Maria` hold a name too. */
const partOfWord = /[^_-]+/g

/** The same name may be written with composed letters or without. */
const keyOf = (name: string): UserKey => userKey(name.normalize("NFC"))

/** Names that belong to no person. */
const nobody: ReadonlySet<UserKey> = new Set([userKey("[server]")])

/** Distinct pseudonyms of a recording; later people share one. */
const mostPeople = 100_000

/**
 * Replaces the names of people, each always by the same pseudonym: in fields that hold names and, once a person is
 * known, in texts where the name is a word. The bot's own names stay.
 */
export const makePseudonyms = () => {
  // Bounded by `mostPeople`.
  const pseudonyms = new Map<UserKey, string>()
  const exempt = new Set<UserKey>(nobody)

  const nameFor = (name: string): string => {
    const key = keyOf(name)
    if (exempt.has(key)) return name
    const pseudonym = pseudonyms.get(key)
    if (pseudonym !== undefined) return pseudonym
    const fresh = `viewer${Math.min(pseudonyms.size + 1, mostPeople)}`
    if (pseudonyms.size < mostPeople) pseudonyms.set(key, fresh)
    return fresh
  }

  const inWord = (name: string): string => {
    const key = keyOf(name)
    if (exempt.has(key)) return name
    return pseudonyms.get(key) ?? name.replace(partOfWord, (part) => pseudonyms.get(keyOf(part)) ?? part)
  }

  const inText = (text: string): string => text.replace(word, inWord)

  const inString = (text: string, field: string): string => {
    if (nameFields.has(field)) return nameFor(text)
    // A line is HTML, in which a name may stand in pieces or in character references: only its text is kept.
    return field === "msg" ? roomHtml(inText(lineText(text))) : inText(text)
  }

  /** A payload of any protocol: names in their fields, text everywhere else. */
  const inPayload = (value: unknown, field = ""): unknown => {
    if (typeof value === "string") return inString(value, field)
    if (Array.isArray(value)) return value.map((inner) => inPayload(inner))
    if (!Predicate.isObject(value)) return value
    const fields = Object.entries(value).filter(([key]) => nameFields.has(key) || readFields.has(key))
    return Object.fromEntries(fields.map(([key, inner]) => [key, inPayload(inner, key)]))
  }

  /** The raw message: the payload alone, or in the bridge's envelope. */
  const inMessage = (value: unknown): unknown => {
    if (!isEnvelope(value)) return inPayload(value)
    const envelope = Object.entries(value).filter(([key]) => envelopeFields.has(key))
    return { ...Object.fromEntries(envelope), payload: inPayload(value.payload) }
  }

  const inSettings = (settings: unknown): unknown => {
    if (!Predicate.hasProperty(settings, "bot") || !Predicate.isObject(settings.bot)) return settings
    const { aliases, ignore_users: ignored, username } = {
      aliases: [],
      ignore_users: [],
      username: "",
      ...settings.bot
    }
    for (const name of [username, ...aliases]) exempt.add(keyOf(String(name)))
    return { ...settings, bot: { ...settings.bot, ignore_users: ignored.map((name) => nameFor(String(name))) } }
  }

  const inEnd = (end: CompletionEnd): CompletionEnd =>
    end._tag === "Answered" ? { ...end, text: inText(end.text) } : end

  return (entry: RecordingEntry): RecordingEntry => {
    switch (entry.kind) {
      case "event": {
        const { identity: _betraysNames, ...event } = entry
        return { ...event, headers: {}, payload: inMessage(entry.payload) }
      }
      case "completion":
        return { ...entry, end: inEnd(entry.end) }
      case "decision": {
        const { username } = entry.record
        return username === undefined
          ? entry
          : { ...entry, record: { ...entry.record, username: Username.make(nameFor(username)) } }
      }
      case "config":
        return { ...entry, settings: inSettings(entry.settings) }
      case "recording":
      case "turn":
      case "sent":
      case "unheard":
      case "look":
      case "connection":
        return entry
    }
  }
}
