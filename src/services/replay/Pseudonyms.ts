import { Predicate } from "effect"
import { renameReply } from "../../domain/limits/SentReply.ts"
import { type UserKey, userKey, Username } from "../../domain/Ids.ts"
import { lineText, roomHtml } from "../../domain/wire/LineText.ts"
import { isEnvelope } from "../../domain/wire/Wire.ts"
import { anonymousState, peopleIn } from "./StatePseudonyms.ts"
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

/** The people of a recording that are known so far, each with a pseudonym. */
interface KnownPeople {
  /** A person's pseudonym, now known; the bot's own names and the server's stay. */
  readonly nameFor: (name: string) => string
  /** A text with the names of known people replaced where they are words. */
  readonly inText: (text: string) => string
  /** A name that stays. */
  readonly exempt: (name: string) => void
}

const makeKnownPeople = (): KnownPeople => {
  // Bounded by `mostPeople`.
  const pseudonyms = new Map<UserKey, string>()
  const exempt = new Set<UserKey>(nobody)

  const inWord = (name: string): string => {
    const key = keyOf(name)
    if (exempt.has(key)) return name
    return pseudonyms.get(key) ?? name.replace(partOfWord, (part) => pseudonyms.get(keyOf(part)) ?? part)
  }

  return {
    nameFor: (name) => {
      const key = keyOf(name)
      if (exempt.has(key)) return name
      const pseudonym = pseudonyms.get(key)
      if (pseudonym !== undefined) return pseudonym
      const fresh = `viewer${Math.min(pseudonyms.size + 1, mostPeople)}`
      if (pseudonyms.size < mostPeople) pseudonyms.set(key, fresh)
      return fresh
    },
    inText: (text) => text.replace(word, inWord),
    exempt: (name) => void exempt.add(keyOf(name))
  }
}

const inString = ({ inText, nameFor }: KnownPeople, text: string, field: string): string => {
  if (nameFields.has(field)) return nameFor(text)
  // A line is HTML, in which a name may stand in pieces or in character references: only its text is kept.
  return field === "msg" ? roomHtml(inText(lineText(text))) : inText(text)
}

/** A payload of any protocol: names in their fields, text everywhere else. */
const inPayload = (people: KnownPeople, value: unknown, field = ""): unknown => {
  if (typeof value === "string") return inString(people, value, field)
  if (Array.isArray(value)) return value.map((inner) => inPayload(people, inner))
  if (!Predicate.isObject(value)) return value
  const fields = Object.entries(value).filter(([key]) => nameFields.has(key) || readFields.has(key))
  return Object.fromEntries(fields.map(([key, inner]) => [key, inPayload(people, inner, key)]))
}

/** The raw message: the payload alone, or in the bridge's envelope. */
const inMessage = (people: KnownPeople, value: unknown): unknown => {
  if (!isEnvelope(value)) return inPayload(people, value)
  const envelope = Object.entries(value).filter(([key]) => envelopeFields.has(key))
  return { ...Object.fromEntries(envelope), payload: inPayload(people, value.payload) }
}

/** The names that a configuration holds: the bot's own, and people it ignores. */
const namesIn = (
  settings: unknown
): { readonly own: ReadonlyArray<string>; readonly ignored: ReadonlyArray<string> } => {
  if (!Predicate.hasProperty(settings, "bot") || !Predicate.isObject(settings.bot)) return { own: [], ignored: [] }
  const { aliases, ignore_users: ignored, username } = { aliases: [], ignore_users: [], username: "", ...settings.bot }
  return { own: [username, ...aliases].map(String), ignored: ignored.map(String) }
}

const inSettings = ({ nameFor }: KnownPeople, settings: unknown): unknown =>
  Predicate.hasProperty(settings, "bot") && Predicate.isObject(settings.bot)
    ? { ...settings, bot: { ...settings.bot, ignore_users: namesIn(settings).ignored.map(nameFor) } }
    : settings

const inEnd = ({ inText }: KnownPeople, end: CompletionEnd): CompletionEnd =>
  end._tag === "Answered" ? { ...end, text: inText(end.text) } : end

/** An entry of a recording with the names of known people replaced. */
const renamed = (people: KnownPeople, entry: RecordingEntry): RecordingEntry => {
  switch (entry.kind) {
    case "event": {
      const { identity: _betraysNames, ...event } = entry
      return { ...event, headers: {}, payload: inMessage(people, entry.payload) }
    }
    case "completion":
      return { ...entry, end: inEnd(people, entry.end) }
    case "decision": {
      const { username } = entry.record
      return username === undefined
        ? entry
        : { ...entry, record: { ...entry.record, username: Username.make(people.nameFor(username)) } }
    }
    case "recalled":
      return { ...entry, replies: entry.replies.map((reply) => renameReply(reply, people.nameFor)) }
    case "config":
      return { ...entry, settings: inSettings(people, entry.settings) }
    case "state":
      return { ...entry, value: anonymousState(entry.name, entry.value, people) }
    case "charged":
    case "recording":
    case "turn":
    case "sent":
    case "unheard":
    case "look":
    case "connection":
      return entry
  }
}

/** Everybody whom a payload names is known from now on. */
const meet = (people: KnownPeople, value: unknown): void => {
  if (Array.isArray(value)) {
    for (const inner of value) meet(people, inner)
  } else if (Predicate.isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === "string" && nameFields.has(key)) people.nameFor(inner)
      else if (nameFields.has(key) || readFields.has(key)) meet(people, inner)
    }
  }
}

const meetAll = (people: KnownPeople, entry: RecordingEntry): void => {
  if (entry.kind === "event") meet(people, isEnvelope(entry.payload) ? entry.payload.payload : entry.payload)
  if (entry.kind === "state") { for (const name of peopleIn(entry.value)) people.nameFor(name) }
  if (entry.kind !== "config") return
  const { ignored, own } = namesIn(entry.settings)
  for (const name of own) people.exempt(name)
  for (const name of ignored) people.nameFor(name)
}

/** How long an entry is held back, ms: who is named in it may show up in the room meanwhile. */
export const heldBackMs = 600_000
/** Entries held back at most; beyond that the oldest is written. */
const mostHeld = 20_000

/** Replaces the names of people in a recording. */
export interface Pseudonyms {
  /** Takes the next entry, and gives those that were held back for long enough. */
  readonly take: (entry: RecordingEntry) => ReadonlyArray<RecordingEntry>
  /** Gives all that are still held back: the recording ends. */
  readonly rest: () => ReadonlyArray<RecordingEntry>
}

/**
 * Replaces the names of people, each always by the same pseudonym: in fields that hold names, and in texts where the
 * name is a word. An entry is held back for a while, so that it names nobody who is first seen soon after it.
 */
export const makePseudonyms = (): Pseudonyms => {
  const people = makeKnownPeople()
  // Bounded by `mostHeld`.
  let held: Array<RecordingEntry> = []

  return {
    take: (entry) => {
      meetAll(people, entry)
      held.push(entry)
      const young = held.findIndex(({ mono }) => mono > entry.mono - heldBackMs)
      const count = Math.max(young, held.length - mostHeld)
      return count === 0 ? [] : held.splice(0, count).map((old) => renamed(people, old))
    },
    rest: () => {
      const all = held
      held = []
      return all.map((entry) => renamed(people, entry))
    }
  }
}
