import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import type { Completion, LlmError, LlmRequest } from "../../services/LlmClient.ts"
import { type Dialect, type Endpoint, exchange, type LlmDialectRefused } from "./LlmExchange.ts"

/** Which dialect to try after one was refused: a path that is not there (404) has no stream at all. */
const afterRefusal = (dialect: Dialect, { status }: LlmDialectRefused): Dialect =>
  dialect === "usage" && status !== 404 ? "stream" : "body"

/** Whether an endpoint that is asked in the one dialect is asked in no more than the other. */
const answersIn = (known: Dialect | undefined, dialect: Dialect): boolean => known === "body" || known === dialect

/** Makes what asks an endpoint in a dialect it knows, and remembers which that is. */
export const makeDialects = (http: HttpClient.HttpClient) => {
  // Endpoints of the configurations so far that know less than all: a few.
  const known = new Map<string, Dialect>()

  const askIn = (
    dialect: Dialect,
    endpoint: Endpoint,
    request: LlmRequest,
    onFirstText: Effect.Effect<void>
  ): Effect.Effect<Completion, LlmError> =>
    Effect.catchTag(
      exchange(http, endpoint, request, dialect, onFirstText),
      "LlmDialectRefused",
      (refusal) => {
        const next = afterRefusal(dialect, refusal)
        const remember = Effect.sync(() => {
          if (!answersIn(known.get(endpoint.url), next)) known.set(endpoint.url, next)
        })
        return Effect.tap(askIn(next, endpoint, request, onFirstText), remember)
      }
    )

  return {
    /** One completion; a dialect that is refused is asked for no more once another was answered (F5). */
    ask: (endpoint: Endpoint, request: LlmRequest, onFirstText: Effect.Effect<void>) =>
      askIn(request.api.stream ? known.get(endpoint.url) ?? "usage" : "body", endpoint, request, onFirstText)
  }
}
