import { Effect, Option, Schema } from "effect"
import { CorrelationId } from "../../domain/Ids.ts"
import { endpointUrl } from "../../domain/endpoints/EndpointUrl.ts"
import { type Diagnostic, error, type FieldPath } from "../../domain/settings/Diagnostic.ts"
import type { LlmApi, LlmParameters } from "../../domain/settings/LlmSettings.ts"
import { suggest } from "../../domain/settings/Suggestion.ts"
import type { Settings } from "../../domain/settings/Settings.ts"
import type { LlmRequest } from "../../services/LlmClient.ts"
import { type Endpoint, exchange } from "../llm/LlmExchange.ts"
import { type HttpResponse, LlmHttp } from "../llm/LlmHttp.ts"
import { send } from "../llm/LlmSend.ts"

/** How long each of NATS, a server's list of models and a completion may take. */
export const patience = "5 seconds"

/** What is said of one that takes longer. */
export const tooLate = "no answer within 5 s"

/** A model to try, and the fields that name it. */
interface Asked {
  readonly endpoint: Endpoint
  readonly server: FieldPath
  readonly model: FieldPath
}

const askedOf = ({ channels, llm_api }: Settings): ReadonlyArray<Asked> => {
  const at = (
    server: FieldPath,
    { api_key, base_url }: Pick<LlmApi, "api_key" | "base_url">,
    model: string
  ): Asked => ({
    endpoint: { url: base_url, apiKey: api_key, model, timeoutMs: 0 },
    server,
    model: [...server, "model"]
  })
  return [
    at(["llm_api"], llm_api, llm_api.model),
    ...llm_api.fallbacks.map((fallback, index) => at(["llm_api", "fallbacks", index], fallback, fallback.model)),
    ...channels.flatMap(({ llm_model }, index) =>
      Option.toArray(llm_model).map((model) => ({
        ...at(["llm_api"], llm_api, model),
        model: ["channels", index, "llm_model"]
      }))
    )
  ]
}

const Models = Schema.fromJsonString(Schema.Struct({ data: Schema.Array(Schema.Struct({ id: Schema.String })) }))
/** The longest list of models that is read, UTF-16 units. */
const longestList = 8_000_000

/** The models a server lists; none where it has no list, though this API defines one. */
type Listed = Option.Option<ReadonlyArray<string>>

const readList = Effect.fnUntraced(function*(response: HttpResponse) {
  let body = ""
  yield* response.read((part) => (body += part).length > longestList)
  return (yield* Schema.decodeEffect(Models)(body)).data.map(({ id }) => id)
}, Effect.option)

/** Lists the models: whether the server is up and accepts the key. */
const listModels = Effect.fnUntraced(
  function*(http: LlmHttp["Service"], { endpoint, server }: Asked) {
    const baseUrl = [...server, "base_url"]
    const apiKey = [...server, "api_key"]
    const request = { url: endpointUrl(endpoint.url, "/models"), headers: {} }
    return yield* send(http, request, endpoint.apiKey, (response) => {
      const { status } = response
      if (status === 401 || status === 403) {
        return Effect.fail(error(apiKey, `the server refuses the key with ${status}`))
      }
      return status >= 500 ? Effect.fail(error(baseUrl, `the server fails with ${status}`)) : readList(response)
    }).pipe(
      Effect.catchTags({
        HttpFailed: ({ code }) => Effect.fail(error(baseUrl, `cannot be reached (${code})`)),
        LlmKeyUnusable: ({ detail }) => Effect.fail(error(apiKey, detail)),
        LlmRedirected: ({ message }) => Effect.fail(error(baseUrl, message))
      })
    )
  },
  (listing, _, { server }) =>
    Effect.timeoutOrElse(listing, {
      duration: patience,
      orElse: () => Effect.fail(error([...server, "base_url"], tooLate))
    })
)

/** The configured parameters with one token: what is refused here would also be refused in the room. */
const oneToken = (parameters: LlmParameters): LlmParameters => ({
  ...parameters,
  max_tokens: Option.as(parameters.max_tokens, 1),
  max_completion_tokens: Option.as(parameters.max_completion_tokens, 1)
})

const requestOf = (api: LlmApi, model: string): LlmRequest => ({
  correlationId: CorrelationId.make("check-config"),
  messages: [{ role: "user", content: "Hello" }],
  model,
  api: { ...api, parameters: oneToken(api.parameters) },
  budgetMs: Option.none(),
  enough: () => () => undefined,
  onAttempt: () => Effect.void
})

/** The field to look at when a server accepts the key but refuses a completion. */
const refusal = ({ endpoint, model, server }: Asked, status: number, listed: Listed): Diagnostic => {
  const { pathname } = new URL(endpointUrl(endpoint.url, "/chat/completions"))
  const models = Option.getOrElse(listed, (): ReadonlyArray<string> => [])
  const unlisted = models.length > 0 && !models.includes(endpoint.model)
  if (status === 405 || (status === 404 && (Option.isNone(listed) || models.includes(endpoint.model)))) {
    return error([...server, "base_url"], `the server has no ${pathname} (${status}); it goes up to and with /v1`)
  }
  if (status === 404 || unlisted) {
    return error(model, `the server refuses this model with ${status}`, suggest(endpoint.model, models))
  }
  if (status === 402) return error([...server, "api_key"], "the account of this key has no credit left (402)")
  return status === 401 || status === 403
    ? error([...server, "api_key"], `the server refuses the key with ${status}`)
    : error(["llm_api", "parameters"], `the server refuses a request with ${status}`)
}

const tryCompletion = (http: LlmHttp["Service"], api: LlmApi, asked: Asked, listed: Listed) =>
  exchange(http, asked.endpoint, requestOf(api, asked.endpoint.model), "body", () => undefined).pipe(
    Effect.asVoid,
    // One token may hold no text, and a rate-limited request still proves key and model.
    Effect.catchTag(["LlmEmpty", "LlmRateLimited"], () => Effect.void),
    Effect.mapError((failure) => {
      switch (failure._tag) {
        case "LlmRejected":
        case "LlmDialectRefused":
          return refusal(asked, failure.status, listed)
        case "LlmKeyUnusable":
          return error([...asked.server, "api_key"], failure.detail)
        default:
          return error([...asked.server, "base_url"], failure.message)
      }
    }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(error(asked.model, tooLate)) })
  )

const tryModel = Effect.fnUntraced(function*(api: LlmApi, asked: Asked) {
  const http = yield* LlmHttp
  const listed = yield* listModels(http, asked)
  yield* tryCompletion(http, api, asked, listed)
  return []
}, Effect.catch((diagnostic) => Effect.succeed([diagnostic])))

/** Tries every server, key and model of a configuration, all at once: at most one diagnostic for each model. */
export const tryModels = (
  settings: Settings
): Effect.Effect<ReadonlyArray<Diagnostic>, never, LlmHttp> =>
  Effect.map(
    Effect.forEach(askedOf(settings), (asked) => tryModel(settings.llm_api, asked), { concurrency: "unbounded" }),
    (diagnostics) => diagnostics.flat()
  )
