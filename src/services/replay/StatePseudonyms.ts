import { Option, Schema } from "effect"
import { ChannelSnapshot } from "../../domain/ChannelSnapshot.ts"
import { userKey, Username } from "../../domain/Ids.ts"
import { StoredWindows } from "../../domain/state/WindowsSnapshot.ts"
import type { StateName } from "../state/StateStore.ts"

/** How names are replaced, alone and in texts. */
interface Replacing {
  readonly nameFor: (name: string) => string
  readonly inText: (text: string) => string
}

const storedAs = <A>(value: Schema.Codec<A, unknown>) =>
  Schema.Struct({ version: Schema.Int, savedAt: Schema.Unknown, value })
const decodeChannel = Schema.decodeUnknownOption(storedAs(ChannelSnapshot))
const decodeWindows = Schema.decodeUnknownOption(storedAs(StoredWindows))

/** The names of windows and counts end with the person they belong to, if any. */
const withoutName = (key: string, separator: string, { nameFor }: Replacing): string => {
  const at = key.lastIndexOf(separator)
  const name = key.slice(at + 1)
  return at < 0 || name === "" ? key : `${key.slice(0, at + 1)}${userKey(nameFor(name))}`
}

/** Windows that belong to a person. */
const ofPerson = ["person", "user", "type", "cooldown"].map((kind) => `${kind}\u001f`)

const inWindows = (windows: StoredWindows, replacing: Replacing): StoredWindows =>
  windows.map((window) => ({
    ...window,
    name: ofPerson.some((beginning) => window.name.startsWith(beginning))
      ? withoutName(window.name, "\u001f", replacing)
      : window.name
  }))

/**
 * A channel's state without what nobody who records says now: private conversations of before, and the hashes of events,
 * which betray names.
 */
const inChannel = (channel: ChannelSnapshot, replacing: Replacing): ChannelSnapshot => ({
  ...channel,
  window: {
    lines: channel.window.lines.map(({ key: _betraysNames, ...line }) => ({
      ...line,
      username: Username.make(replacing.nameFor(line.username)),
      text: replacing.inText(line.text)
    })),
    replies: channel.window.replies.map(replacing.inText)
  },
  privateWindows: [],
  seen: [],
  unlucky: channel.unlucky.map(([key, draws]) => [withoutName(key, " ", replacing), draws] as const),
  limits: inWindows(channel.limits, replacing)
})

/** The people who said something in a channel's state. */
export const peopleIn = (value: unknown): ReadonlyArray<string> =>
  Option.match(decodeChannel(value), {
    onNone: () => [],
    onSome: ({ value: { window } }) => window.lines.map(({ username }) => username)
  })

/** A part of the state with other names; nothing of one whose names nobody knows how to find. */
export const anonymousState = (name: StateName, value: unknown, replacing: Replacing): unknown => {
  if (name === "users") {
    return Option.getOrUndefined(Option.map(
      decodeWindows(value),
      (stored) => ({ ...stored, value: inWindows(stored.value, replacing) })
    )) ?? {}
  }
  return Option.getOrUndefined(Option.map(
    decodeChannel(value),
    (stored) => ({ ...stored, value: inChannel(stored.value, replacing) })
  )) ?? {}
}
