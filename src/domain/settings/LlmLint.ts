import { Option, Redacted } from "effect"
import { keyProblem, trimmedKey } from "../endpoints/ApiKey.ts"
import { resourceSuffix } from "../endpoints/EndpointUrl.ts"
import { reachOf } from "../endpoints/ReplyTime.ts"
import { type Diagnostic, type FieldPath, samePath, warning } from "./Diagnostic.ts"
import type { LlmApi } from "./LlmSettings.ts"
import type { Settings } from "./Settings.ts"

type IsGiven = (path: FieldPath) => boolean
type Server = Pick<LlmApi, "api_key" | "base_url" | "timeout_seconds"> & { readonly path: FieldPath }

const serversOf = ({ llm_api }: Settings): ReadonlyArray<Server> => [
  { ...llm_api, path: ["llm_api"] },
  ...llm_api.fallbacks.map((fallback, index) => ({ ...fallback, path: ["llm_api", "fallbacks", index] }))
]

const serverWarnings = ({ api_key, base_url, path }: Server): ReadonlyArray<Diagnostic> => {
  const key = trimmedKey(Redacted.value(api_key))
  const problem = keyProblem(key)
  const suffix = resourceSuffix(base_url)
  return [
    ...(problem === undefined ? [] : [warning([...path, "api_key"], problem)]),
    ...(/^bearer\s/i.test(key)
      ? [warning([...path, "api_key"], "begins with Bearer, which is put before the key when it is sent: leave it out")]
      : []),
    ...(suffix === undefined
      ? []
      : [warning([...path, "base_url"], `goes up to and with /v1: without ${suffix}, which is added to it`)])
  ]
}

/** The deadlines of the rooms: the general one, and those of rooms that have another. */
const deadlinesOf = ({ channels, response_processing }: Settings) => {
  const general = response_processing.reply_deadline_seconds
  const path = (...from: FieldPath): FieldPath => [...from, "response_processing", "reply_deadline_seconds"]
  return [
    { seconds: general, path: path() },
    ...channels.flatMap((channel, index) =>
      Option.toArray(channel.response_processing).flatMap(({ reply_deadline_seconds: seconds }) =>
        seconds === general ? [] : [{ seconds, path: path("channels", index) }]
      )
    )
  ].filter(({ seconds }) => seconds > 0)
}

const tenths = (ms: number): number => Math.round(ms / 100) / 10

/**
 * What of `timeout_seconds` and `retry_attempts` a reply can never reach, since its deadline comes first (F5). Said at
 * the first of the deciding fields that the file itself sets: a default is never warned about.
 */
const timeWarnings = (settings: Settings, isGiven: IsGiven): ReadonlyArray<Diagnostic> => {
  const servers = serversOf(settings)
  const tries = settings.llm_api.retry_attempts + 1
  const timeouts = servers.map(({ timeout_seconds }) => timeout_seconds * 1000)
  const warnAt = (paths: ReadonlyArray<FieldPath>, message: string): ReadonlyArray<Diagnostic> => {
    const path = paths.find(isGiven)
    return path === undefined ? [] : [warning(path, message)]
  }
  return deadlinesOf(settings).flatMap(({ path: deadline, seconds }) =>
    reachOf(timeouts, tries, seconds * 1000).flatMap((reach, index) => {
      const { path, timeout_seconds } = servers[index] ?? { path: [], timeout_seconds: 0 }
      const timeout = [...path, "timeout_seconds"]
      // Told as a deadline below the timeout.
      if (index === 0 && seconds < timeout_seconds && isGiven(deadline)) return []
      const name = servers.length === 1
        ? "an answer"
        : samePath(path, ["llm_api"])
        ? "the first endpoint"
        : `fallback ${index}`
      return reach.firstMs < timeout_seconds * 1000
        ? warnAt(
          [timeout, deadline, ["llm_api", "fallbacks"]],
          `${name} never gets these ${timeout_seconds} s, at most ${
            tenths(reach.firstMs)
          } s: a reply has ${seconds} s ` +
            `(reply_deadline_seconds)${servers.length === 1 ? "" : ", which all endpoints share"}`
        )
        : reach.tries < tries
        ? warnAt(
          [["llm_api", "retry_attempts"], timeout, deadline],
          `when ${name} takes its ${timeout_seconds} s, only ${reach.tries} of ${tries} tries (retry_attempts + 1) fit ` +
            `into the ${seconds} s of a reply (reply_deadline_seconds)`
        )
        : []
    })
  )
}

/** What looks wrong with the model's servers: keys, addresses, and times that can never be used up. */
export const llmWarnings = (settings: Settings, isGiven: IsGiven): ReadonlyArray<Diagnostic> => [
  ...serversOf(settings).flatMap(serverWarnings),
  ...timeWarnings(settings, isGiven)
]
