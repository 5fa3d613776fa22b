import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"
import type { Scope } from "effect"
import { keyProblem, trimmedKey } from "../../domain/endpoints/ApiKey.ts"
import { redirectTarget } from "../../domain/endpoints/EndpointUrl.ts"
import { LlmKeyUnusable, LlmRedirected } from "../../services/LlmClient.ts"

/**
 * How long an idle connection is kept: less than servers keep it (5 s and more), so that none closes a
 * connection just as it is reused.
 */
const keptMs = 4_000

/**
 * `node:http` with keep-alive and without its own timeouts: only ours apply (F5). It does not follow
 * redirects and sends no trace context: the server is a third party.
 */
export const layer = (idleMs = keptMs): Layer.Layer<HttpClient.HttpClient> =>
  NodeHttpClient.layerNodeHttpOptions({ keepAlive: true, timeout: idleMs, maxFreeSockets: 16 }).pipe(
    Layer.provide(Layer.succeed(HttpClient.TracerPropagationEnabled, false))
  )

/** Redirects that preserve method and body; the others would change the request. */
const followed: ReadonlySet<number> = new Set([301, 302, 307, 308])
const mostRedirects = 5

const follow = (
  http: HttpClient.HttpClient.With<HttpClientError.HttpClientError, Scope.Scope>,
  request: HttpClientRequest.HttpClientRequest,
  redirects: number
): Effect.Effect<
  HttpClientResponse.HttpClientResponse,
  HttpClientError.HttpClientError | LlmRedirected,
  Scope.Scope
> =>
  Effect.flatMap(http.execute(request), (response) => {
    const { headers, status } = response
    const target = status >= 300 && status < 400 ? redirectTarget(request.url, headers.location) : undefined
    if (target === undefined) return Effect.succeed(response)
    const mayFollow = followed.has(status) && redirects < mostRedirects && target.origin === new URL(request.url).origin
    return mayFollow
      ? follow(http, HttpClientRequest.setUrl(request, target.href), redirects + 1)
      // Path and query may hold secrets.
      : new LlmRedirected({ to: target.origin.slice(0, 200) })
  })

/** Sends a request with the key, unless no header can carry it; follows redirects within the server only (F5). */
export const send = (
  http: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  apiKey: Redacted.Redacted<string>
): Effect.Effect<
  HttpClientResponse.HttpClientResponse,
  HttpClientError.HttpClientError | LlmKeyUnusable | LlmRedirected,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const problem = keyProblem(Redacted.value(apiKey))
    if (problem !== undefined) return yield* new LlmKeyUnusable({ detail: problem })
    const withKey = HttpClientRequest.bearerToken(request, trimmedKey(Redacted.value(apiKey)))
    return yield* follow(HttpClient.withScope(http), withKey, 0)
  })

/** The system's code of a failure (`ECONNREFUSED`); its message may quote headers, and with them the key. */
export const failureCode = ({ reason }: HttpClientError.HttpClientError): string => {
  const cause = "cause" in reason ? reason.cause : undefined
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{2,50}$/.test(code) ? code : reason._tag
}
