import { Predicate } from "effect"

/** A field whose default changed: what a configuration that left it out meant in version 0.1, and what it means today. */
interface ChangedDefault {
  readonly path: ReadonlyArray<string>
  readonly former: unknown
  readonly today: unknown
}

const maxWordCount: ChangedDefault = {
  path: ["content_filter", "max_word_count"],
  former: 50,
  today: null
}

const inResponse = (path: ReadonlyArray<string>): ChangedDefault => ({
  ...maxWordCount,
  path: [...path, ...maxWordCount.path]
})

const stop: ChangedDefault = {
  path: ["llm_api", "parameters", "stop"],
  former: ["\n\n", "User:", "Assistant:"],
  today: null
}

/** Fields that version 0.1 lacked did nothing. */
const absent = {
  bot: { command_prefixes: [] },
  rate_limits: { max_user_share: null, max_private_share: null }
} as const

const withAbsent = (settings: object, name: keyof typeof absent): object => {
  const section: unknown = Reflect.get(settings, name)
  return Predicate.isObject(section) ? { ...settings, [name]: { ...section, ...absent[name] } } : settings
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const replaced = (value: unknown, path: ReadonlyArray<string>, { former, today }: ChangedDefault): unknown => {
  const [name, ...rest] = path
  if (name === undefined) return same(value, today) ? former : value
  return Predicate.isObject(value) && name in value
    ? { ...value, [name]: replaced(Reflect.get(value, name), rest, { path, former, today }) }
    : value
}

const formerChannel = (channel: unknown): unknown =>
  Predicate.isObject(channel) ? withAbsent(channel, "rate_limits") : channel

const inChannels = (settings: object): object =>
  "channels" in settings && Array.isArray(settings.channels)
    ? {
      ...settings,
      channels: settings.channels.map((channel) =>
        formerChannel(replaced(channel, ["response_processing", ...maxWordCount.path], maxWordCount))
      )
    }
    : settings

/**
 * A configuration, in the file's own terms, as version 0.1 would have read it: a field with today's default counts as left
 * out, and what 0.1 did not know does nothing. A recording of 0.1 was made under such a configuration.
 */
export const withFormerDefaults = (settings: unknown): unknown => {
  if (!Predicate.isObject(settings)) return settings
  const changed = [stop, inResponse(["response_processing"])].reduce(
    (all: unknown, one) => replaced(all, one.path, one),
    inChannels(settings)
  )
  if (!Predicate.isObject(changed)) return settings
  return withAbsent(withAbsent(changed, "bot"), "rate_limits")
}
