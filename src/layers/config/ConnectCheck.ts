import { Effect, Layer, Logger, Option, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { CorrelationId } from "../../domain/Ids.ts"
import type { Diagnostic, FieldPath } from "../../domain/settings/Diagnostic.ts"
import type { LlmApi, LlmParameters } from "../../domain/settings/LlmSettings.ts"
import { suggest } from "../../domain/settings/Suggestion.ts"
import type { NatsSettings, Settings } from "../../domain/settings/Settings.ts"
import type { LlmRequest } from "../../services/LlmClient.ts"
import type { NatsConnectError } from "../../services/Nats.ts"
import { trimmedUrl } from "../llm/LlmEndpoints.ts"
import { type Endpoint, exchange } from "../llm/LlmExchange.ts"
import * as NatsConnection from "../nats/NatsConnection.ts"

/** How long each of NATS, a server's list of models and a completion may take. */
const patience = "5 seconds"
const tooLate = "no answer within 5 s"

const error = (path: FieldPath, message: string, suggestion?: string): Diagnostic => ({
  severity: "error",
  path,
  message,
  ...(suggestion === undefined ? {} : { suggestion })
})

/** The field an operator has to look at when there is no way to NATS, and why. */
const natsProblem = ({ creds_file, password, token, user }: NatsSettings, failure: NatsConnectError): Diagnostic => {
  switch (failure._tag) {
    case "NatsUnreachable":
      return error(["nats", "servers"], failure.message)
    case "NatsFileUnusable":
      return error(["nats", ...failure.field.split(".")], failure.detail)
    case "NatsRefused": {
      const given = Object.entries({ creds_file, token, password, user }).find(([, secret]) => Option.isSome(secret))
      return error(["nats", given === undefined ? "servers" : given[0]], failure.message)
    }
  }
}

const tryNats = (settings: NatsSettings): Effect.Effect<ReadonlyArray<Diagnostic>> =>
  Layer.build(NatsConnection.layer({ ...settings, connect_attempts: 1 })).pipe(
    Effect.scoped,
    Effect.as([]),
    Effect.catch((failure) => Effect.succeed([natsProblem(settings, failure)])),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.succeed([error(["nats", "servers"], tooLate)])
    })
  )

/** A model that is asked, and the fields that name it. */
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
    endpoint: { url: trimmedUrl(base_url), apiKey: api_key, model, timeoutMs: 0 },
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

const Models = Schema.Struct({ data: Schema.Array(Schema.Struct({ id: Schema.String })) })

/** The models a server lists: none when it lists nothing, which proves nothing. */
const listModels = Effect.fnUntraced(
  function*(http: HttpClient.HttpClient, { endpoint, server }: Asked) {
    const response = yield* HttpClientRequest.get(`${endpoint.url}/models`).pipe(
      HttpClientRequest.bearerToken(Redacted.value(endpoint.apiKey)),
      HttpClient.withScope(http).execute,
      Effect.mapError(({ reason }) => error([...server, "base_url"], `cannot be reached (${reason._tag})`))
    )
    if (response.status === 401 || response.status === 403) {
      return yield* Effect.fail(error([...server, "api_key"], `the server refuses the key with ${response.status}`))
    }
    if (response.status >= 500) {
      return yield* Effect.fail(error([...server, "base_url"], `the server fails with ${response.status}`))
    }
    const listed = yield* Effect.option(HttpClientResponse.schemaBodyJson(Models)(response))
    return Option.match(listed, { onNone: () => [], onSome: ({ data }) => data.map(({ id }) => id) })
  },
  Effect.scoped,
  (listing, _, { server }) =>
    Effect.timeoutOrElse(listing, {
      duration: patience,
      orElse: () => Effect.fail(error([...server, "base_url"], tooLate))
    })
)

/** The configured parameters with one token: what is refused here would be refused in the room. */
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

/** The field to look at when a server that knows the key refuses a completion. */
const refusal = ({ endpoint, model, server }: Asked, status: number, listed: ReadonlyArray<string>): Diagnostic => {
  const unknown = status === 404 || (listed.length > 0 && !listed.includes(endpoint.model))
  if (unknown) return error(model, `the server refuses this model with ${status}`, suggest(endpoint.model, listed))
  return status === 401 || status === 403
    ? error([...server, "api_key"], `the server refuses the key with ${status}`)
    : error(["llm_api", "parameters"], `the server refuses a request with ${status}`)
}

const tryCompletion = (http: HttpClient.HttpClient, api: LlmApi, asked: Asked, listed: ReadonlyArray<string>) =>
  exchange(http, asked.endpoint, requestOf(api, asked.endpoint.model), false, Effect.void).pipe(
    Effect.asVoid,
    // One token is no text, and a server that wants fewer requests knows key and model.
    Effect.catchTag(["LlmEmpty", "LlmRateLimited"], () => Effect.void),
    Effect.catchTag(["LlmRejected", "LlmStreamRefused"], ({ status }) => Effect.fail(refusal(asked, status, listed))),
    Effect.catchTag(
      ["LlmBadAnswer", "LlmBroken", "LlmServerFailed", "LlmUnreachable"],
      ({ message }) => Effect.fail(error([...asked.server, "base_url"], message))
    ),
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(error(asked.model, tooLate)) })
  )

const tryModel = Effect.fnUntraced(function*(api: LlmApi, asked: Asked) {
  const http = yield* HttpClient.HttpClient
  const listed = yield* listModels(http, asked)
  yield* tryCompletion(http, api, asked, listed)
  return []
}, Effect.catch((finding) => Effect.succeed([finding])))

/** Tries what a configuration leads to: NATS, each key and each model, all at once (OPERATIONS, check-config). */
export const tryConnections = (settings: Settings): Effect.Effect<ReadonlyArray<Diagnostic>> =>
  Effect.all([
    tryNats(settings.nats),
    ...askedOf(settings).map((asked) => tryModel(settings.llm_api, asked))
  ], { concurrency: "unbounded" }).pipe(
    Effect.map((findings) => findings.flat()),
    Effect.provide([
      FetchHttpClient.layer,
      // The problems are the result: what the connection logs on its way would stand between them.
      Logger.layer([])
    ]),
    Effect.provideService(HttpClient.TracerPropagationEnabled, false)
  )
