import { Option } from "effect"
import { type Diagnostic, type FieldPath, warning } from "./Diagnostic.ts"
import { jetStreamWarnings } from "./JetStreamLint.ts"
import { stateWarnings } from "./StateLint.ts"
import { llmWarnings } from "./LlmLint.ts"
import type { ResponseProcessing } from "./ResponseSettings.ts"
import type { NatsSettings, Settings } from "./Settings.ts"
import { triggerWarnings } from "./TriggerLint.ts"

/** Words of any chat: an alias that is one of them makes the bot answer everybody. */
const commonWords: ReadonlySet<string> = new Set(
  ("and are but bot bots can chat did does for from get good guys hello hey how lol man mod movie music not now one " +
    "play robot song stop that the they this video was watch what when where who why will with yes you your").split(" ")
)

const letters = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
// A word of these scripts is often two characters.
const dense = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u

const aliasWarnings = ({ bot }: Settings): ReadonlyArray<Diagnostic> =>
  bot.aliases.flatMap((alias, index): ReadonlyArray<Diagnostic> => {
    const path = ["bot", "aliases", index]
    if (letters(alias) < 3 && !dense.test(alias)) {
      return [warning(path, "fewer than 3 letters: the bot would answer many lines that do not mean it")]
    }
    return commonWords.has(alias.toLowerCase())
      ? [warning(path, "a common word: the bot would answer many lines that do not mean it")]
      : []
  })

const natsWarnings = ({ password, servers, tls, token, user }: NatsSettings): ReadonlyArray<Diagnostic> => {
  const path = (field: string, ...rest: FieldPath): FieldPath => ["nats", field, ...rest]
  const inAddress = servers.flatMap((server, index) =>
    server.includes("@")
      ? [warning(path("servers", index), "a user in the address is not used: set nats.user and nats.password")]
      : []
  )
  const credentials = Option.isSome(password) && Option.isNone(user)
    ? [warning(path("password"), "is not used without nats.user")]
    : Option.isSome(token) && Option.isSome(user)
    ? [warning(path("token"), "set either a token or a user")]
    : []
  const halfPair = Option.isSome(tls.cert_file) !== Option.isSome(tls.key_file)
    ? [warning(path("tls"), "cert_file and key_file go together")]
    : []
  return [...inAddress, ...credentials, ...halfPair]
}

const responseWarnings = (
  response: ResponseProcessing,
  path: FieldPath,
  { isGiven, timeout }: { readonly isGiven: (path: FieldPath) => boolean; readonly timeout: number }
): ReadonlyArray<Diagnostic> => {
  const { content_filter: filter, fallback_responses, fallback_responses_enabled, reply_deadline_seconds } = response
  const deadline = [...path, "reply_deadline_seconds"]
  const late = isGiven(deadline) && reply_deadline_seconds > 0 && reply_deadline_seconds < timeout
    ? [warning(deadline, `below llm_api.timeout_seconds (${timeout}): slow answers are cut off before their time`)]
    : []
  const speechless = fallback_responses_enabled && fallback_responses.length === 0
    ? [warning([...path, "fallback_responses"], "is empty, so there is nothing to say when the model fails")]
    : []
  const impossible = filter.enabled && Option.exists(filter.max_word_count, (most) => filter.min_word_count > most)
    ? [
      warning(
        [...path, "content_filter", "min_word_count"],
        `above max_word_count: no reply can pass`
      )
    ]
    : []
  return [...late, ...speechless, ...impossible]
}

/** The longest reply any room allows, all its lines together. */
const longestReply = ({ channels, response_processing }: Settings): number =>
  Math.max(
    ...[response_processing, ...channels.flatMap((channel) => Option.toArray(channel.response_processing))]
      .map(({ max_lines, max_response_length }) => max_lines * max_response_length)
  )

// A token holds about four characters and at least one: more tokens than characters are paid for and cut off.
const tokenWarnings = (settings: Settings): ReadonlyArray<Diagnostic> => {
  const limit = longestReply(settings)
  return Option.exists(settings.llm_api.parameters.max_tokens, (tokens) => tokens > limit)
    ? [
      warning(
        ["llm_api", "parameters", "max_tokens"],
        `far more than the ${limit} characters of max_response_length can hold; only models that think first need that`
      )
    ]
    : []
}

/** A model that thinks first thinks in paragraphs: what ends the answer there ends it before it begins. */
const stopWarnings = ({ llm_api }: Settings): ReadonlyArray<Diagnostic> =>
  Option.getOrElse(llm_api.parameters.stop, (): ReadonlyArray<string> => []).flatMap((text, index) =>
    text.trim() === ""
      ? [warning(
        ["llm_api", "parameters", "stop", index],
        `${
          JSON.stringify(text)
        } stands in the thinking of models that think first: they would end there without an answer`
      )]
      : []
  )

const channelWarnings = (
  { channels, context_window, llm_api }: Settings,
  isGiven: (path: FieldPath) => boolean
): ReadonlyArray<Diagnostic> =>
  channels.flatMap((channel, index) => [
    ...Option.match(channel.triggers, {
      onNone: () => [],
      onSome: (triggers) => triggerWarnings(triggers, ["channels", index, "triggers"], context_window.size)
    }),
    ...Option.match(channel.response_processing, {
      onNone: () => [],
      onSome: (response) =>
        responseWarnings(response, ["channels", index, "response_processing"], {
          isGiven,
          timeout: llm_api.timeout_seconds
        })
    })
  ])

/**
 * What looks wrong although every value is allowed (F9, cross-field warnings). `isGiven` says whether the file
 * itself sets a field: a default is never warned about.
 */
export const lintSettings = (settings: Settings, isGiven: (path: FieldPath) => boolean): ReadonlyArray<Diagnostic> => [
  ...natsWarnings(settings.nats),
  ...jetStreamWarnings(settings),
  ...stateWarnings(settings),
  ...aliasWarnings(settings),
  ...tokenWarnings(settings),
  ...stopWarnings(settings),
  ...llmWarnings(settings, isGiven),
  ...triggerWarnings(settings.triggers, ["triggers"], settings.context_window.size),
  ...responseWarnings(settings.response_processing, ["response_processing"], {
    isGiven,
    timeout: settings.llm_api.timeout_seconds
  }),
  ...channelWarnings(settings, isGiven)
]
