import { Effect, Redacted } from "effect"
import { keyProblem, trimmedKey } from "../../domain/endpoints/ApiKey.ts"
import { redirectTarget } from "../../domain/endpoints/EndpointUrl.ts"
import { LlmKeyUnusable, LlmRedirected } from "../../services/LlmClient.ts"
import type { HttpFailed, HttpRequest, HttpResponse, LlmHttp } from "./LlmHttp.ts"

/** Redirects that preserve method and body; the others would change the request. */
const followed: ReadonlySet<number> = new Set([301, 302, 307, 308])
const mostRedirects = 5

type Use<A, E> = (response: HttpResponse) => Effect.Effect<A, E>

const follow = <A, E>(
  http: LlmHttp["Service"],
  request: HttpRequest,
  use: Use<A, E>,
  redirects: number
): Effect.Effect<A, E | HttpFailed | LlmRedirected> =>
  Effect.acquireUseRelease(
    Effect.sync(() => http.begin(request)),
    ({ response }) =>
      Effect.flatMap(response, (answer): Effect.Effect<A, E | HttpFailed | LlmRedirected> => {
        const { headers, status } = answer
        const target = status >= 300 && status < 400 ? redirectTarget(request.url, headers.location) : undefined
        if (target === undefined) return use(answer)
        const isSameServer = target.origin === new URL(request.url).origin
        const mayFollow = isSameServer && followed.has(status) && redirects < mostRedirects
        return mayFollow
          ? follow(http, { ...request, url: target.href }, use, redirects + 1)
          // Path and query may hold secrets.
          : new LlmRedirected({ to: target.origin.slice(0, 200) })
      }),
    ({ close }) => Effect.sync(close)
  )

/**
 * Sends a request with the key, unless no header can carry it; follows redirects within the server only, and says
 * nothing of traces: the server is a third party (F5). The connection is let go when the response is used.
 */
export const send = <A, E>(
  http: LlmHttp["Service"],
  request: HttpRequest,
  apiKey: Redacted.Redacted<string>,
  use: Use<A, E>
): Effect.Effect<A, E | HttpFailed | LlmKeyUnusable | LlmRedirected> => {
  const key = trimmedKey(Redacted.value(apiKey))
  const problem = keyProblem(key)
  return problem === undefined
    ? follow(http, { ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } }, use, 0)
    : new LlmKeyUnusable({ detail: problem })
}
