import { Effect } from "effect"
import type { Completion, LlmError, LlmRequest } from "../../services/LlmClient.ts"
import { type Dialect, type Endpoint, exchange, type LlmDialectRefused } from "./LlmExchange.ts"
import type { LlmHttp } from "./LlmHttp.ts"

/** The dialect to try after a refusal: a missing path (404) has no stream at all. */
const afterRefusal = (dialect: Dialect, { status }: LlmDialectRefused): Dialect =>
  dialect === "usage" && status !== 404 ? "stream" : "body"

/** Whether a request in the known dialect asks no more of the server than one in the other. */
const answersIn = (known: Dialect | undefined, dialect: Dialect): boolean => known === "body" || known === dialect

/** Asks each endpoint in a dialect it supports, and remembers which. */
export const makeDialects = (http: LlmHttp["Service"]) => {
  // Endpoints so far that do not support every dialect: a few.
  const dialects = new Map<string, Dialect>()

  const askIn = (
    dialect: Dialect,
    endpoint: Endpoint,
    request: LlmRequest,
    onFirstText: () => void
  ): Effect.Effect<Completion, LlmError> =>
    Effect.catchTag(
      exchange(http, endpoint, request, dialect, onFirstText),
      "LlmDialectRefused",
      (refusal) => {
        const next = afterRefusal(dialect, refusal)
        const remember = Effect.sync(() => {
          if (!answersIn(dialects.get(endpoint.url), next)) dialects.set(endpoint.url, next)
        })
        return Effect.tap(askIn(next, endpoint, request, onFirstText), remember)
      }
    )

  return {
    /** One completion; a refused dialect is not tried again once another one is answered (F5). */
    ask: (endpoint: Endpoint, request: LlmRequest, onFirstText: () => void) =>
      askIn(request.api.stream ? dialects.get(endpoint.url) ?? "usage" : "body", endpoint, request, onFirstText)
  }
}
