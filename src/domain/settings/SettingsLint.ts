import { Option } from "effect"
import type { FieldPath } from "./ConfigProblem.ts"
import type { ResponseProcessing } from "./ResponseSettings.ts"
import type { NatsSettings, Settings } from "./Settings.ts"
import { type Doubt, triggerDoubts } from "./TriggerLint.ts"

/** Words of any chat: an alias that is one of them makes the bot answer everybody. */
const commonWords: ReadonlySet<string> = new Set(
  ("and are but bot bots can chat did does for from get good guys hello hey how lol man mod movie music not now one " +
    "play robot song stop that the they this video was watch what when where who why will with yes you your").split(" ")
)

const letters = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
// A word of these scripts is often two characters.
const dense = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u

const aliasDoubts = ({ bot }: Settings): ReadonlyArray<Doubt> =>
  bot.aliases.flatMap((alias, index): ReadonlyArray<Doubt> => {
    const path = ["bot", "aliases", index]
    if (letters(alias) < 3 && !dense.test(alias)) {
      return [{ path, message: "fewer than 3 letters: the bot would answer many lines that do not mean it" }]
    }
    return commonWords.has(alias.toLowerCase())
      ? [{ path, message: "a common word: the bot would answer many lines that do not mean it" }]
      : []
  })

const natsDoubts = ({ password, servers, tls, token, user }: NatsSettings): ReadonlyArray<Doubt> => {
  const path = (field: string, ...rest: FieldPath): FieldPath => ["nats", field, ...rest]
  const inAddress = servers.flatMap((server, index) =>
    server.includes("@")
      ? [{ path: path("servers", index), message: "a user in the address is not used: set nats.user and nats.password" }]
      : []
  )
  const credentials = Option.isSome(password) && Option.isNone(user)
    ? [{ path: path("password"), message: "is not used without nats.user" }]
    : Option.isSome(token) && Option.isSome(user)
    ? [{ path: path("token"), message: "set either a token or a user" }]
    : []
  const halfPair = Option.isSome(tls.cert_file) !== Option.isSome(tls.key_file)
    ? [{ path: path("tls"), message: "cert_file and key_file go together" }]
    : []
  return [...inAddress, ...credentials, ...halfPair]
}

const responseDoubts = (
  response: ResponseProcessing,
  path: FieldPath,
  { isGiven, timeout }: { readonly isGiven: (path: FieldPath) => boolean; readonly timeout: number }
): ReadonlyArray<Doubt> => {
  const { content_filter: filter, fallback_responses, fallback_responses_enabled, reply_deadline_seconds } = response
  const deadline = [...path, "reply_deadline_seconds"]
  const late = isGiven(deadline) && reply_deadline_seconds > 0 && reply_deadline_seconds < timeout
    ? [{ path: deadline, message: `below llm_api.timeout_seconds (${timeout}): slow answers are cut off before their time` }]
    : []
  const speechless = fallback_responses_enabled && fallback_responses.length === 0
    ? [{ path: [...path, "fallback_responses"], message: "is empty, so there is nothing to say when the model fails" }]
    : []
  const impossible = filter.enabled && filter.min_word_count > filter.max_word_count
    ? [{
      path: [...path, "content_filter", "min_word_count"],
      message: `above max_word_count (${filter.max_word_count}): no reply can pass`
    }]
    : []
  return [...late, ...speechless, ...impossible]
}

/** The longest line any room allows. */
const longestLine = ({ channels, response_processing }: Settings): number =>
  Math.max(
    response_processing.max_response_length,
    ...channels.flatMap((channel) =>
      Option.toArray(channel.response_processing).map(({ max_response_length }) => max_response_length)
    )
  )

// A token holds about four characters and at least one: more tokens than characters are paid for and cut off.
const tokenDoubts = (settings: Settings): ReadonlyArray<Doubt> => {
  const limit = longestLine(settings)
  return Option.exists(settings.llm_api.parameters.max_tokens, (tokens) => tokens > limit)
    ? [{
      path: ["llm_api", "parameters", "max_tokens"],
      message: `far more than the ${limit} characters of max_response_length can hold; only models that think first need that`
    }]
    : []
}

const channelDoubts = (
  { channels, context_window, llm_api }: Settings,
  isGiven: (path: FieldPath) => boolean
): ReadonlyArray<Doubt> =>
  channels.flatMap((channel, index) => [
    ...Option.match(channel.triggers, {
      onNone: () => [],
      onSome: (triggers) => triggerDoubts(triggers, ["channels", index, "triggers"], context_window.size)
    }),
    ...Option.match(channel.response_processing, {
      onNone: () => [],
      onSome: (response) =>
        responseDoubts(response, ["channels", index, "response_processing"], { isGiven, timeout: llm_api.timeout_seconds })
    })
  ])

/**
 * What looks wrong although every value is allowed (CONFIG, cross-field warnings). `isGiven` says whether the file
 * itself sets a field: nobody is warned of a default.
 */
export const lintSettings = (settings: Settings, isGiven: (path: FieldPath) => boolean): ReadonlyArray<Doubt> => [
  ...natsDoubts(settings.nats),
  ...aliasDoubts(settings),
  ...tokenDoubts(settings),
  ...triggerDoubts(settings.triggers, ["triggers"], settings.context_window.size),
  ...responseDoubts(settings.response_processing, ["response_processing"], {
    isGiven,
    timeout: settings.llm_api.timeout_seconds
  }),
  ...channelDoubts(settings, isGiven)
]
